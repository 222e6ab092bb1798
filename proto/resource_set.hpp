// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ResourceSet: a whole snapshot as (type, key) -> bytes, with a content hash and differences.
///
/// The hash is the sum of the 128-bit hashes of all resources, so adding or removing one costs
/// O(1), and the order in which they came does not matter.
///
/// Threads: one at a time; bodies are shared and immutable, so copies are cheap.
/// Memory:  the bodies, once for all copies.
/// Cost:    control path: O(log n) a change.

#include "proto/snapshot.pb.h"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
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
/// Key of an address, or of a block when `length` is not negative.
std::string address_key(const std::string& sixteen_bytes, int mapped_length = -1);

struct Difference;

class ResourceSet {
public:
    using Body = std::shared_ptr<const std::string>;

    void put(Key key, std::string body);
    void put(Key key, Body body);
    bool erase(const Key& key);
    const std::string* find(const Key& key) const;

    std::size_t size() const { return bodies_.size(); }
    const Hash& hash() const { return hash_; }
    const std::map<Key, Body>& all() const { return bodies_; }

    /// What turns `base` into this set.
    Difference since(const ResourceSet& base) const;
    void apply(const Difference& difference);

private:
    std::map<Key, Body> bodies_;
    Hash hash_;
};

struct Difference {
    std::vector<std::pair<Key, ResourceSet::Body>> upserts;
    std::vector<Key> removals;
    bool empty() const { return upserts.empty() && removals.empty(); }
};

}  // namespace tierwall::proto
