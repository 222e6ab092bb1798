// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/address_map.hpp"

extern "C" {
#include <rte_hash.h>
}

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>

namespace tierwall::identity {
namespace {

constexpr std::size_t kLookupMax = RTE_HASH_LOOKUP_BULK_MAX;
static_assert(kLookupMax == 64);

/// Generations wrap around; what counts is their distance.
bool newer(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b) > 0;
}

/// What an address was from one generation on. Immutable once a worker can reach it, apart from
/// `older`, which no worker follows any more when reclaim() cuts it.
struct Version {
    std::uint32_t generation = 0;
    AddressMap::Assignment assignment;
    std::uint16_t tenure = 0;
    bool present = false;  ///< false: the address was removed
    bool buried = false;   ///< control thread: the key is out of the hash, the slot is not yet free
    std::atomic<Version*> older{nullptr};
};

using Head = std::atomic<Version*>;

void destroy_chain(Version* version) noexcept {
    while (version != nullptr) {
        Version* older = version->older.load(std::memory_order_relaxed);
        delete version;
        version = older;
    }
}

/// The version that holds in `generation`; null when the address was not there.
const Version* version_at(const Head& head, std::uint32_t generation) noexcept {
    const Version* version = head.load(std::memory_order_acquire);
    while (version != nullptr && newer(version->generation, generation)) {
        version = version->older.load(std::memory_order_acquire);
    }
    return version != nullptr && version->present ? version : nullptr;
}

std::uint32_t bucket_slot(const base::Address& address) noexcept {
    static_assert(kBucketSlots == 1u << 16);
    const std::uint64_t mixed =
        (address.high() * 0x9e3779b97f4a7c15u) ^ (address.low() * 0xc2b2ae3d27d4eb4fu);
    return static_cast<std::uint32_t>((mixed * 0x9e3779b97f4a7c15u) >> 48);
}

rte_hash* create_hash(std::uint32_t entries, int numa_socket) {
    static std::atomic<std::uint64_t> names{0};
    std::array<char, RTE_HASH_NAMESIZE> name{};
    std::snprintf(name.data(), name.size(), "twaddr%llx",
                  static_cast<unsigned long long>(names.fetch_add(1, std::memory_order_relaxed)));
    rte_hash_parameters parameters{};
    parameters.name = name.data();
    // A hash smaller than one bucket is refused.
    parameters.entries = std::max<std::uint32_t>(entries, 16);
    parameters.key_len = sizeof(base::Address);
    parameters.socket_id = numa_socket;
    // Extra buckets let every slot be used, whatever addresses collide.
    parameters.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
    return rte_hash_create(&parameters);
}

}  // namespace

struct AddressMap::State {
    rte_hash* hash = nullptr;
    std::uint32_t positions = 0;    ///< slots of entries, live or waiting
    std::unique_ptr<Head[]> heads;  ///< by position in the hash
    std::size_t live = 0;
    std::size_t used = 0;  ///< positions that are not free, reserved ones included
    std::size_t versions = 0;
    /// Positions with something to free once `generation` is the oldest in use; ascending.
    struct Change {
        std::uint32_t generation;
        std::uint32_t position;
    };
    std::deque<Change> changes;
    std::vector<std::uint32_t> buried;
    std::map<base::Address, std::uint16_t> fixed;  ///< ports from the configuration

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        for (std::uint32_t i = 0; heads != nullptr && i < positions; ++i) destroy_chain(heads[i]);
        rte_hash_free(hash);
    }

    static std::uint32_t slot_of(std::uint32_t position) noexcept {
        return kBucketSlots + position;
    }
    Version* newest(std::uint32_t position) const noexcept {
        return heads[position].load(std::memory_order_relaxed);
    }
    std::optional<std::uint32_t> find(const base::Address& address) const noexcept {
        const int position = rte_hash_lookup(hash, &address);
        if (position < 0) return std::nullopt;
        return static_cast<std::uint32_t>(position);
    }
    void push(std::uint32_t position, std::unique_ptr<Version> version) {
        version->older.store(newest(position), std::memory_order_relaxed);
        changes.push_back({version->generation, position});
        heads[position].store(version.release(), std::memory_order_release);
        ++versions;
    }
    void trim(std::uint32_t position, std::uint32_t oldest_in_use);
    void bury(std::uint32_t position);
};

/// Cuts off what is older than the version that the oldest worker sees. Every worker stops at that
/// one or before, so nothing cut off can be in use.
void AddressMap::State::trim(std::uint32_t position, std::uint32_t oldest_in_use) {
    Version* kept = newest(position);
    while (kept != nullptr && newer(kept->generation, oldest_in_use)) {
        kept = kept->older.load(std::memory_order_relaxed);
    }
    if (kept == nullptr) return;
    Version* cut = kept->older.exchange(nullptr, std::memory_order_relaxed);
    for (Version* each = cut; each != nullptr; each = each->older) --versions;
    destroy_chain(cut);
    const bool gone = !kept->present && kept == newest(position);
    if (gone && !kept->buried) bury(position);
}

/// Takes a key out of the hash. A worker may be reading its position just now, so neither the
/// position nor the last version may be used again before release().
void AddressMap::State::bury(std::uint32_t position) {
    void* key = nullptr;
    if (rte_hash_get_key_with_position(hash, static_cast<std::int32_t>(position), &key) != 0)
        return;
    base::Address address;
    std::memcpy(&address, key, sizeof address);
    if (rte_hash_del_key(hash, &address) < 0) return;
    newest(position)->buried = true;
    buried.push_back(position);
}

AddressMap::AddressMap(std::unique_ptr<State> state, std::uint32_t addresses_max)
    : state_(std::move(state)),
      addresses_max_(addresses_max),
      changed_(new std::atomic<std::uint32_t>[kBucketSlots + state_->positions]()),
      bindings_(new std::atomic<Binding>[kBucketSlots + state_->positions]),
      owned_since_(new std::atomic<std::uint32_t>[state_->positions]()) {}

AddressMap::~AddressMap() = default;

base::Result<std::unique_ptr<AddressMap>> AddressMap::create(const Options& options) {
    constexpr std::uint32_t kAddressesMax = 1u << 27;
    if (options.addresses_max == 0 || options.addresses_max > kAddressesMax) {
        return base::Error{base::Errc::Limit, "addresses_max", "expected 1 to 134217728"};
    }
    auto state = std::make_unique<State>();
    // As many again for addresses that are gone for new generations but not for all workers: a
    // whole cluster may be exchanged in one step.
    state->positions = std::max(options.addresses_max * 2, 16u);
    state->hash = create_hash(state->positions, options.numa_socket);
    if (state->hash == nullptr) {
        return base::Error{base::Errc::Limit, "addresses_max", "out of memory"};
    }
    state->heads.reset(new Head[state->positions]());
    return std::unique_ptr<AddressMap>(new AddressMap(std::move(state), options.addresses_max));
}

void AddressMap::lookup(std::span<const base::Address> addresses, std::uint32_t generation,
                        std::span<Entry> entries) const noexcept {
    assert(addresses.size() == entries.size() && addresses.size() <= kLookupMax);
    if (addresses.empty()) return;
    std::array<const void*, kLookupMax> keys;
    std::array<std::int32_t, kLookupMax> positions;
    for (std::size_t i = 0; i < addresses.size(); ++i) keys[i] = &addresses[i];
    rte_hash_lookup_bulk(state_->hash, keys.data(), static_cast<std::uint32_t>(addresses.size()),
                         positions.data());
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (positions[i] >= 0) __builtin_prefetch(&state_->heads[std::size_t(positions[i])]);
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (positions[i] < 0) continue;
        __builtin_prefetch(
            state_->heads[std::size_t(positions[i])].load(std::memory_order_acquire));
    }
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const Version* version = nullptr;
        if (positions[i] >= 0) {
            version = version_at(state_->heads[std::size_t(positions[i])], generation);
        }
        if (version == nullptr) {
            entries[i] = Entry{.slot = bucket_slot(addresses[i])};
            continue;
        }
        entries[i] = Entry{.identity = version->assignment.identity,
                           .node = version->assignment.node,
                           .slot = State::slot_of(static_cast<std::uint32_t>(positions[i])),
                           .tenure = version->tenure,
                           .flags = version->assignment.flags};
    }
}

bool AddressMap::claim(const Entry& entry, std::uint16_t port) noexcept {
    if (!entry.is_known()) return false;
    Binding holder{entry.tenure, kUnbound};
    const bool claimed = bindings_[entry.slot].compare_exchange_strong(
        holder, {entry.tenure, port}, std::memory_order_acq_rel, std::memory_order_acquire);
    return claimed || (holder.tenure == entry.tenure && holder.port == port);
}

base::Result<std::uint32_t> AddressMap::set(const base::Address& address,
                                            const Assignment& assignment,
                                            std::uint32_t generation) {
    if (size() >= addresses_max_ && !newest(address)) {
        return base::Error{base::Errc::Limit, base::text(address),
                           "more than " + std::to_string(addresses_max_) + " addresses"};
    }
    TW_TRY(reserved, reserve(address));
    return write(address, assignment, generation);
}

base::Status AddressMap::reserve(const base::Address& address) {
    if (state_->find(address).has_value()) return base::Done{};
    const int added = room() == 0 ? -1 : rte_hash_add_key(state_->hash, &address);
    if (added < 0) {
        return base::Error{base::Errc::Limit, base::text(address),
                           "removed addresses still occupy all slots"};
    }
    ++state_->used;
    return base::Done{};
}

std::uint32_t AddressMap::write(const base::Address& address, const Assignment& assignment,
                                std::uint32_t generation) {
    const std::optional<std::uint32_t> position = state_->find(address);
    assert(position.has_value());
    const std::uint32_t slot = State::slot_of(*position);
    auto next = std::make_unique<Version>();
    next->generation = generation;
    next->assignment = assignment;
    next->assignment.flags |= kEntryKnown;
    next->present = true;
    next->tenure = bindings_[slot].load(std::memory_order_relaxed).tenure;
    const Version* current = state_->newest(*position);
    if (current != nullptr && current->present) {
        if (current->assignment == next->assignment) return slot;
    } else {
        ++state_->live;
        // The claim of whoever had this address before must not bind its next owner.
        ++next->tenure;
        const auto fixed = state_->fixed.find(address);
        const std::uint16_t port = fixed != state_->fixed.end() ? fixed->second : kUnbound;
        bindings_[slot].store({next->tenure, port}, std::memory_order_release);
        owned_since_[*position].store(generation, std::memory_order_release);
        bump(bucket_slot(address), generation);
    }
    state_->push(*position, std::move(next));
    bump(slot, generation);
    return slot;
}

void AddressMap::remove(const base::Address& address, std::uint32_t generation) {
    const std::optional<std::uint32_t> position = state_->find(address);
    if (!position.has_value()) return;
    const Version* current = state_->newest(*position);
    if (current != nullptr && !current->present) return;
    const bool was_live = current != nullptr;
    auto next = std::make_unique<Version>();
    next->generation = generation;
    state_->push(*position, std::move(next));
    if (!was_live) return;
    --state_->live;
    bump(State::slot_of(*position), generation);
    bump(bucket_slot(address), generation);
}

void AddressMap::bump(std::uint32_t slot, std::uint32_t generation) noexcept {
    changed_[slot].store(generation, std::memory_order_release);
    std::atomic<std::uint32_t>& group = group_changed_[slot % kChangeGroups];
    const std::uint32_t before = group.load(std::memory_order_relaxed);
    if (before == 0 || newer(generation, before)) {
        group.store(generation, std::memory_order_release);
    }
}

void AddressMap::touch(std::uint32_t slot, std::uint32_t generation) noexcept {
    bump(slot, generation);
}

void AddressMap::touch_unknown(std::uint32_t generation) noexcept {
    for (std::uint32_t slot = 0; slot < kBucketSlots; ++slot) bump(slot, generation);
}

void AddressMap::bind(const base::Address& address, std::uint16_t port, std::uint32_t generation) {
    if (port == kUnbound) {
        state_->fixed.erase(address);
    } else {
        state_->fixed[address] = port;
    }
    const std::optional<std::uint32_t> position = state_->find(address);
    if (!position.has_value()) return;
    const std::uint32_t slot = State::slot_of(*position);
    const std::uint16_t tenure = bindings_[slot].load(std::memory_order_relaxed).tenure;
    const Binding before = bindings_[slot].exchange({tenure, port}, std::memory_order_acq_rel);
    if (before.port != kUnbound && before.port != port) bump(slot, generation);
}

void AddressMap::reclaim(std::uint32_t oldest_in_use) {
    std::deque<State::Change>& changes = state_->changes;
    while (!changes.empty() && !newer(changes.front().generation, oldest_in_use)) {
        const std::uint32_t position = changes.front().position;
        changes.pop_front();
        state_->trim(position, oldest_in_use);
    }
}

void AddressMap::release() {
    for (const std::uint32_t position : state_->buried) {
        Version* last = state_->heads[position].exchange(nullptr, std::memory_order_relaxed);
        for (Version* each = last; each != nullptr; each = each->older) --state_->versions;
        destroy_chain(last);
        rte_hash_free_key_with_position(state_->hash, static_cast<std::int32_t>(position));
        --state_->used;
    }
    state_->buried.clear();
}

std::size_t AddressMap::unreleased() const noexcept { return state_->buried.size(); }

std::optional<AddressMap::Assignment> AddressMap::newest(const base::Address& address) const {
    const std::optional<std::uint32_t> position = state_->find(address);
    if (!position.has_value()) return std::nullopt;
    const Version* version = state_->newest(*position);
    if (version == nullptr || !version->present) return std::nullopt;
    return version->assignment;
}

std::size_t AddressMap::size() const noexcept { return state_->live; }

std::size_t AddressMap::room() const noexcept { return state_->positions - state_->used; }

std::size_t AddressMap::versions_waiting() const noexcept {
    return state_->versions - state_->live;
}

}  // namespace tierwall::identity
