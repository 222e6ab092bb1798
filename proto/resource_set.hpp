// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ResourceSet: a whole snapshot as (type, key) -> bytes, with a content hash and differences.
///
/// The hash is the sum of the 128-bit hashes of all resources, so adding or removing one costs
/// O(1), and the order in which they came does not matter. Resources lie sorted in chunks that
/// copies share until one of them writes: copying a set and changing one resource, and finding the
/// difference of two such copies, cost microseconds whatever the size.
///
/// Threads: one at a time for each set; its copies may be with other threads.
/// Memory:  keys and bodies, once for all copies.
/// Cost:    control path: O(log n) a change, plus the copy of one chunk when it is shared.

#include "proto/snapshot.pb.h"

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::proto {

struct Key {
    v1::ResourceType type = v1::RESOURCE_TYPE_UNSPECIFIED;
    std::string bytes;
    friend auto operator<=>(const Key&, const Key&) = default;
    friend bool operator==(const Key&, const Key&) = default;
};

struct Hash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Hash&, const Hash&) = default;
    std::string bytes() const;  ///< 16 bytes, big endian
    std::string hex() const;
};

/// Big-endian key of one or more numbers.
std::string number_key(std::initializer_list<std::uint32_t> numbers);
/// Key of an address, or of a block when `mapped_length` (4 more bytes) is not negative.
std::string address_key(const std::string& sixteen_bytes, int mapped_length = -1);

struct Difference;

class ResourceSet {
public:
    using Body = std::shared_ptr<const std::string>;

    ResourceSet() = default;
    ResourceSet(const ResourceSet&) = default;
    ResourceSet& operator=(const ResourceSet&) = default;
    ResourceSet(ResourceSet&& other) noexcept;
    ResourceSet& operator=(ResourceSet&& other) noexcept;
    ~ResourceSet() = default;

    /// A body equal to the one that is there changes nothing (and copies stay shared).
    void put(Key key, std::string body);
    void put(Key key, Body body);
    bool erase(const Key& key);
    const std::string* find(const Key& key) const;

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const Hash& hash() const { return hash_; }

    /// Calls fn(const Key&, const std::string& body) for every resource, in order of keys.
    template <typename Fn>
    void for_each(Fn&& fn) const {
        for (const auto& chunk : chunks().list) {
            for (const ItemPointer& item : chunk->items) fn(item->key, *item->body);
        }
    }
    /// The same for the resources of one type.
    template <typename Fn>
    void for_each(v1::ResourceType type, Fn&& fn) const {
        const Key first{type, {}};
        const auto& list = chunks().list;
        for (std::size_t i = chunk_of(first); i < list.size(); ++i) {
            const Chunk& chunk = *list[i];
            if (chunk.items.front()->key.type > type) return;
            for (const ItemPointer& item : chunk.items) {
                if (item->key.type == type) fn(item->key, *item->body);
            }
        }
    }

    /// What turns `base` into this set.
    Difference since(const ResourceSet& base) const;
    void apply(const Difference& difference);

private:
    struct Item {
        Key key;
        Body body;
        Hash hash;
    };
    using ItemPointer = std::shared_ptr<const Item>;
    struct Chunk {
        std::uint64_t owner = 0;
        std::vector<ItemPointer> items;  ///< sorted, never empty
    };
    struct Chunks {
        std::uint64_t owner = 0;
        std::vector<std::shared_ptr<Chunk>> list;  ///< sorted
    };
    /// What was made under this number may be written in place. Copying gives both sides a new
    /// number, so that nothing which a copy can see is ever written.
    class Owner {
    public:
        Owner();
        Owner(const Owner& other);
        Owner(Owner&& other) noexcept;
        Owner& operator=(const Owner& other);
        Owner& operator=(Owner&& other) noexcept;
        ~Owner() = default;
        std::uint64_t number() const { return number_.load(std::memory_order_relaxed); }

    private:
        mutable std::atomic<std::uint64_t> number_;
    };
    class Walk;

    static const Chunks& none();
    const Chunks& chunks() const { return chunks_ ? *chunks_ : none(); }
    Chunks& own_chunks();
    Chunk& own_chunk(std::size_t index);
    /// The chunk where the key is or would be; meaningless in an empty set.
    std::size_t chunk_of(const Key& key) const;
    void insert(std::size_t index, std::size_t place, ItemPointer item);

    Owner owner_;
    std::shared_ptr<Chunks> chunks_;  ///< null: empty
    std::size_t size_ = 0;
    Hash hash_;
};

struct Difference {
    std::vector<std::pair<Key, ResourceSet::Body>> upserts;
    std::vector<Key> removals;
    bool empty() const { return upserts.empty() && removals.empty(); }
};

}  // namespace tierwall::proto
