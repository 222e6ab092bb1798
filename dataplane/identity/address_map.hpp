// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// AddressMap: which identity an address of a pod or node has, updated in place while workers read.
///
/// A *generation* is the number of one published state; it grows by one with each. Every entry
/// keeps the versions that some worker may still ask for, so a worker that holds generation N sees
/// all addresses exactly as they were in N, even while N+1 is being written. That makes a change
/// of addresses and tables one atomic step without anybody waiting.
///
/// Each address has a *slot*. `changed(slot)` is the generation that last changed anything that
/// decides the address's flows: its entry, or its subject's tables (the control thread touches it
/// then). An address without an entry has the slot of a hash bucket, so that adding it later is
/// noticed too. A flow judged at generation G is current while changed(slot) <= G at both ends.
///
/// The time from an address's coming to its going is a *tenure*. The port that an address is
/// accepted from belongs to the tenure: a worker that still sees the owner before can neither read
/// nor claim the port of the next one, nor the other way round.
///
/// Threads: lookups by any worker; everything else by one control thread.
/// Memory:  all allocated by create(): about 155 bytes an address, because there is room for as
///          many removed ones that workers may still see. Versions are small heap nodes of the
///          control thread, freed by reclaim().
/// Cost:    bulk lookup about 25-50 ns an address when cold; changed() is one load.

#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace tierwall::identity {

/// Identity of an address that no entry and no CIDR block knows.
inline constexpr std::uint32_t kWorld = 0;
/// Node number of an address that belongs to no node.
inline constexpr std::uint32_t kNoNode = 0;
/// bound_port() of an address that no port has claimed yet.
inline constexpr std::uint16_t kUnbound = 0xffff;
/// Addresses without an entry share this many change slots.
inline constexpr std::uint32_t kBucketSlots = 65536;
/// Groups of slots for changed_nearby(): 4 KB.
inline constexpr std::uint32_t kChangeGroups = 1024;

enum EntryFlag : std::uint8_t {
    kEntryPod = 1,
    kEntryNode = 2,
    kEntrySubject = 4,     ///< a pod within this dataplane's scope
    kEntryLocalNode = 16,  ///< a node within this dataplane's scope
    kEntryKnown = 8,    ///< the map has an entry (pod or node); absent for addresses known by CIDR
    kEntryPlaced = 32,  ///< the scope is one node, and the address this node's or its pods'
    kEntryShared = 64,  ///< SharedAddresses knows more about whose it is
};

struct Entry {
    std::uint32_t identity = kWorld;
    std::uint32_t node = kNoNode;  ///< the node a pod runs on, or the node's own number
    std::uint32_t slot = 0;
    std::uint16_t tenure = 0;  ///< tells the owners of a slot apart that workers may still see
    std::uint8_t flags = 0;

    bool is_pod() const noexcept { return (flags & kEntryPod) != 0; }
    bool is_node() const noexcept { return (flags & kEntryNode) != 0; }
    bool is_subject() const noexcept { return (flags & kEntrySubject) != 0; }
    /// Lives behind this dataplane's pods ports, as far as its scope tells.
    bool is_local() const noexcept { return (flags & (kEntrySubject | kEntryLocalNode)) != 0; }
    /// Lives there for certain; where the scope is everybody, local pods may be anywhere.
    bool is_placed() const noexcept { return (flags & kEntryPlaced) != 0; }
    bool is_known() const noexcept { return (flags & kEntryKnown) != 0; }
    bool is_shared() const noexcept { return (flags & kEntryShared) != 0; }
};
static_assert(sizeof(Entry) == 16);

class AddressMap {
public:
    struct Options {
        std::uint32_t addresses_max = 1u << 19;
        int numa_socket = -1;
    };
    /// Requires: rte_eal_init done. Fails: Limit when the memory cannot be had.
    static base::Result<std::unique_ptr<AddressMap>> create(const Options& options);
    ~AddressMap();
    AddressMap(const AddressMap&) = delete;
    AddressMap& operator=(const AddressMap&) = delete;

    // Workers.

    /// entries[i] for addresses[i] as of `generation`; an address without an entry gets flags 0,
    /// identity kWorld and its bucket's slot. Requires: at most 64 addresses, equal sizes.
    void lookup(std::span<const base::Address> addresses, std::uint32_t generation,
                std::span<Entry> entries) const noexcept;
    std::uint32_t changed(std::uint32_t slot) const noexcept {
        return changed_[slot].load(std::memory_order_acquire);
    }
    /// When anything last changed of all the slots that share this one's group: changed(slot) is no
    /// later. The groups are few enough to stay in the nearest cache, where the slots of a large
    /// cluster are not.
    std::uint32_t changed_nearby(std::uint32_t slot) const noexcept {
        return group_changed_[slot % kChangeGroups].load(std::memory_order_acquire);
    }
    /// The generation in which the tenure of a slot's latest owner began. Not for buckets.
    std::uint32_t owned_since(std::uint32_t slot) const noexcept {
        return owned_since_[slot - kBucketSlots].load(std::memory_order_acquire);
    }
    /// The port an entry's address is accepted from; kUnbound before the first claim, and when the
    /// address has another owner by now.
    std::uint16_t bound_port(const Entry& entry) const noexcept {
        const Binding binding = bindings_[entry.slot].load(std::memory_order_acquire);
        return binding.tenure == entry.tenure ? binding.port : kUnbound;
    }
    /// Claims the address for `port`; false when another port has it, or another owner the
    /// address. An address without an entry cannot be claimed.
    bool claim(const Entry& entry, std::uint16_t port) noexcept;

    // Control thread. All changes take effect for workers that hold `generation` or a later one.

    struct Assignment {
        std::uint32_t identity = kWorld;
        std::uint32_t node = kNoNode;
        std::uint8_t flags = 0;
        friend bool operator==(const Assignment&, const Assignment&) noexcept = default;
    };
    /// Adds or changes an address; answers its slot. Fails: Limit when addresses_max is reached,
    /// or reserve() fails.
    base::Result<std::uint32_t> set(const base::Address& address, const Assignment& assignment,
                                    std::uint32_t generation);
    /// Takes a slot for an address, without anybody seeing it. Fails: Limit when there is none.
    base::Status reserve(const base::Address& address);
    /// What set() does, for an address that has its slot: it cannot fail, so a change of many
    /// addresses is either whole or, when a reservation fails, nothing. Requires: reserve(), and
    /// at most addresses_max addresses in the end.
    std::uint32_t write(const base::Address& address, const Assignment& assignment,
                        std::uint32_t generation);
    /// Also gives back what was only reserved.
    void remove(const base::Address& address, std::uint32_t generation);
    /// Flows of this address are judged again from `generation` on.
    void touch(std::uint32_t slot, std::uint32_t generation) noexcept;
    /// The same for every address without an entry (the CIDR table changed).
    void touch_unknown(std::uint32_t generation) noexcept;
    /// Fixes the port of an address (configuration), or releases it (kUnbound), at once. It holds
    /// for every entry the address has later, too; a claim ends with its entry. When the address
    /// was accepted from another port before, its flows are judged again, and from `generation` on
    /// that is done with: a flow remembers where its packets came from.
    void bind(const base::Address& address, std::uint16_t port, std::uint32_t generation);
    /// Frees versions that no worker can ask for any more and takes addresses that are gone out of
    /// the hash. Their slots wait for release(). Requires: every worker holds `oldest_in_use` or a
    /// later generation.
    void reclaim(std::uint32_t oldest_in_use);
    /// Makes the slots that reclaim() took out usable again. Requires: every worker has been
    /// quiescent or offline since that reclaim().
    void release();
    std::size_t unreleased() const noexcept;  ///< slots that wait for release()

    /// The newest assignment of an address, published or not. Control thread.
    std::optional<Assignment> newest(const base::Address& address) const;
    std::size_t size() const noexcept;
    /// How many addresses set() can still add before slots of removed ones come back.
    std::size_t room() const noexcept;
    std::uint32_t addresses_max() const noexcept { return addresses_max_; }
    std::size_t versions_waiting() const noexcept;  ///< for status: not yet reclaimed

private:
    struct State;
    /// Where the owner of a slot is accepted from. One word, so that a claim is one step.
    struct Binding {
        std::uint16_t tenure = 0;
        std::uint16_t port = kUnbound;
    };
    static_assert(std::atomic<Binding>::is_always_lock_free);

    AddressMap(std::unique_ptr<State> state, std::uint32_t addresses_max);
    void bump(std::uint32_t slot, std::uint32_t generation) noexcept;

    std::unique_ptr<State> state_;
    std::uint32_t addresses_max_ = 0;
    std::unique_ptr<std::atomic<std::uint32_t>[]> changed_;
    alignas(64) std::array<std::atomic<std::uint32_t>, kChangeGroups> group_changed_{};
    std::unique_ptr<std::atomic<Binding>[]> bindings_;
    std::unique_ptr<std::atomic<std::uint32_t>[]> owned_since_;  ///< by position
};

}  // namespace tierwall::identity
