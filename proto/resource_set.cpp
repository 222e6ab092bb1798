// SPDX-License-Identifier: Apache-2.0
#include "proto/resource_set.hpp"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include <algorithm>
#include <cassert>

namespace tierwall::proto {
namespace {

/// Large enough that the list of chunks stays short, small enough that copying one is cheap.
constexpr std::size_t kChunkItemsMax = 128;

void append_number(std::string& out, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
    }
}

void append_number(std::string& out, std::uint64_t number) {
    append_number(out, static_cast<std::uint32_t>(number >> 32));
    append_number(out, static_cast<std::uint32_t>(number));
}

Hash hash_of(const Key& key, const std::string& body) {
    std::string head;
    head.reserve(8 + key.bytes.size());
    append_number(head, static_cast<std::uint32_t>(key.type));
    append_number(head, static_cast<std::uint32_t>(key.bytes.size()));
    head += key.bytes;
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, head.data(), head.size());
    XXH3_128bits_update(&state, body.data(), body.size());
    const XXH128_hash_t digest = XXH3_128bits_digest(&state);
    return {digest.low64, digest.high64};
}

Hash plus(const Hash& a, const Hash& b) {
    Hash sum{a.low + b.low, a.high + b.high};
    if (sum.low < a.low) ++sum.high;
    return sum;
}

Hash minus(const Hash& a, const Hash& b) {
    Hash difference{a.low - b.low, a.high - b.high};
    if (a.low < b.low) --difference.high;
    return difference;
}

std::uint64_t fresh_owner() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// First place in the chunk whose key is not below `key`.
template <typename Items>
std::size_t place_of(const Items& items, const Key& key) {
    // Mostly resources come in order.
    if (items.back()->key < key) return items.size();
    const auto at = std::lower_bound(items.begin(), items.end(), key,
                                     [](const auto& item, const Key& k) { return item->key < k; });
    return static_cast<std::size_t>(at - items.begin());
}

}  // namespace

std::string Hash::bytes() const {
    std::string out;
    append_number(out, high);
    append_number(out, low);
    return out;
}

std::string Hash::hex() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char byte : bytes()) {
        const auto value = static_cast<unsigned char>(byte);
        out.push_back(kDigits[value >> 4]);
        out.push_back(kDigits[value & 15]);
    }
    return out;
}

std::string number_key(std::initializer_list<std::uint32_t> numbers) {
    std::string out;
    for (const std::uint32_t number : numbers) append_number(out, number);
    return out;
}

std::string address_key(const std::string& sixteen_bytes, int mapped_length) {
    std::string out = sixteen_bytes;
    if (mapped_length >= 0) append_number(out, static_cast<std::uint32_t>(mapped_length));
    return out;
}

ResourceSet::Owner::Owner() : number_(fresh_owner()) {}
ResourceSet::Owner::Owner(const Owner& other) : number_(fresh_owner()) {
    other.number_.store(fresh_owner(), std::memory_order_relaxed);
}
ResourceSet::Owner::Owner(Owner&& other) noexcept
    : number_(other.number_.exchange(fresh_owner(), std::memory_order_relaxed)) {}
ResourceSet::Owner& ResourceSet::Owner::operator=(const Owner& other) {
    if (this == &other) return *this;
    number_.store(fresh_owner(), std::memory_order_relaxed);
    other.number_.store(fresh_owner(), std::memory_order_relaxed);
    return *this;
}
ResourceSet::Owner& ResourceSet::Owner::operator=(Owner&& other) noexcept {
    if (this == &other) return *this;
    number_.store(other.number_.exchange(fresh_owner(), std::memory_order_relaxed),
                  std::memory_order_relaxed);
    return *this;
}

ResourceSet::ResourceSet(ResourceSet&& other) noexcept
    : owner_(std::move(other.owner_)),
      chunks_(std::move(other.chunks_)),
      size_(std::exchange(other.size_, 0)),
      hash_(std::exchange(other.hash_, {})) {}

ResourceSet& ResourceSet::operator=(ResourceSet&& other) noexcept {
    if (this == &other) return *this;
    owner_ = std::move(other.owner_);
    chunks_ = std::move(other.chunks_);
    other.chunks_.reset();
    size_ = std::exchange(other.size_, 0);
    hash_ = std::exchange(other.hash_, {});
    return *this;
}

const ResourceSet::Chunks& ResourceSet::none() {
    static const Chunks kNone;
    return kNone;
}

ResourceSet::Chunks& ResourceSet::own_chunks() {
    if (!chunks_) {
        chunks_ = std::make_shared<Chunks>();
        chunks_->owner = owner_.number();
    } else if (chunks_->owner != owner_.number()) {
        chunks_ = std::make_shared<Chunks>(Chunks{owner_.number(), chunks_->list});
    }
    return *chunks_;
}

ResourceSet::Chunk& ResourceSet::own_chunk(std::size_t index) {
    std::shared_ptr<Chunk>& chunk = own_chunks().list[index];
    if (chunk->owner != owner_.number()) {
        chunk = std::make_shared<Chunk>(Chunk{owner_.number(), chunk->items});
    }
    return *chunk;
}

std::size_t ResourceSet::chunk_of(const Key& key) const {
    const auto& list = chunks().list;
    // Mostly resources come in order.
    if (!list.empty() && list.back()->items.front()->key < key) return list.size() - 1;
    const auto after = std::upper_bound(
        list.begin(), list.end(), key,
        [](const Key& k, const auto& chunk) { return k < chunk->items.front()->key; });
    return after == list.begin() ? 0 : static_cast<std::size_t>(after - list.begin()) - 1;
}

const std::string* ResourceSet::find(const Key& key) const {
    if (size_ == 0) return nullptr;
    const auto& items = chunks().list[chunk_of(key)]->items;
    const std::size_t place = place_of(items, key);
    if (place == items.size() || items[place]->key != key) return nullptr;
    return items[place]->body.get();
}

void ResourceSet::put(Key key, std::string body) {
    if (const std::string* now = find(key); now != nullptr && *now == body) return;
    put(std::move(key), std::make_shared<const std::string>(std::move(body)));
}

void ResourceSet::put(Key key, Body body) {
    assert(body != nullptr);
    Item item{std::move(key), std::move(body), {}};
    std::size_t index = 0;
    std::size_t place = 0;
    if (size_ != 0) {
        index = chunk_of(item.key);
        const auto& items = chunks().list[index]->items;
        place = place_of(items, item.key);
        if (place < items.size() && items[place]->key == item.key) {
            const Item& old = *items[place];
            if (old.body == item.body || *old.body == *item.body) return;
            item.hash = hash_of(item.key, *item.body);
            hash_ = plus(minus(hash_, old.hash), item.hash);
            own_chunk(index).items[place] = std::make_shared<const Item>(std::move(item));
            return;
        }
    }
    item.hash = hash_of(item.key, *item.body);
    hash_ = plus(hash_, item.hash);
    ++size_;
    insert(index, place, std::make_shared<const Item>(std::move(item)));
}

void ResourceSet::insert(std::size_t index, std::size_t place, ItemPointer item) {
    auto& list = own_chunks().list;
    const auto new_chunk = [this] { return std::make_shared<Chunk>(Chunk{owner_.number(), {}}); };
    const auto at = [&list](std::size_t i) {
        return list.begin() + static_cast<std::ptrdiff_t>(i);
    };
    if (list.empty()) list.push_back(new_chunk());
    if (list[index]->items.size() >= kChunkItemsMax) {
        // Resources that come in order leave full chunks behind; elsewhere a chunk is halved.
        const bool append = index + 1 == list.size() && place == kChunkItemsMax;
        const std::size_t keep = append ? kChunkItemsMax : kChunkItemsMax / 2;
        auto upper = new_chunk();
        auto& items = own_chunk(index).items;
        const auto middle = items.begin() + static_cast<std::ptrdiff_t>(keep);
        upper->items.assign(middle, items.end());
        items.erase(middle, items.end());
        list.insert(at(index + 1), std::move(upper));
        if (place > keep || append) {
            ++index;
            place -= keep;
        }
    }
    auto& items = own_chunk(index).items;
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(place), std::move(item));
}

bool ResourceSet::erase(const Key& key) {
    if (size_ == 0) return false;
    const std::size_t index = chunk_of(key);
    const auto& items = chunks().list[index]->items;
    const std::size_t place = place_of(items, key);
    if (place == items.size() || items[place]->key != key) return false;
    hash_ = minus(hash_, items[place]->hash);
    --size_;
    if (items.size() == 1) {
        auto& list = own_chunks().list;
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
    } else {
        auto& own = own_chunk(index).items;
        own.erase(own.begin() + static_cast<std::ptrdiff_t>(place));
    }
    return true;
}

/// Goes through a set's items in order, and can step over a whole chunk.
class ResourceSet::Walk {
public:
    explicit Walk(const Chunks& chunks) : list_(chunks.list) {}
    bool done() const { return chunk_ == list_.size(); }
    const ItemPointer& item() const { return list_[chunk_]->items[place_]; }
    /// Null at the end, and anywhere but at the first item of a chunk.
    const Chunk* chunk_start() const {
        return place_ == 0 && !done() ? list_[chunk_].get() : nullptr;
    }
    void skip_chunk() {
        ++chunk_;
        place_ = 0;
    }
    void next() {
        if (++place_ == list_[chunk_]->items.size()) skip_chunk();
    }

private:
    const std::vector<std::shared_ptr<Chunk>>& list_;
    std::size_t chunk_ = 0;
    std::size_t place_ = 0;
};

Difference ResourceSet::since(const ResourceSet& base) const {
    Difference difference;
    Walk here(chunks());
    Walk there(base.chunks());
    while (!here.done() || !there.done()) {
        // Before anything in them is looked at: nearly all chunks are shared.
        if (here.chunk_start() != nullptr && here.chunk_start() == there.chunk_start()) {
            here.skip_chunk();
            there.skip_chunk();
        } else if (there.done() || (!here.done() && here.item()->key < there.item()->key)) {
            difference.upserts.emplace_back(here.item()->key, here.item()->body);
            here.next();
        } else if (here.done() || there.item()->key < here.item()->key) {
            difference.removals.push_back(there.item()->key);
            there.next();
        } else {
            if (here.item() != there.item() && *here.item()->body != *there.item()->body) {
                difference.upserts.emplace_back(here.item()->key, here.item()->body);
            }
            here.next();
            there.next();
        }
    }
    return difference;
}

void ResourceSet::apply(const Difference& difference) {
    for (const Key& key : difference.removals) erase(key);
    for (const auto& [key, body] : difference.upserts) put(key, body);
}

}  // namespace tierwall::proto
