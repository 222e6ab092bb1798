// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ProfileTable: everything about a pod or node that policies can select it by, apart from its
/// addresses; pods that are alike share one profile.
///
/// Selectors are compared with profiles, not with pods: the replicas of a deployment are judged
/// once. A profile's *list* holds the terms that it is in.
///
/// Threads: one control thread.
/// Memory:  each distinct combination of namespace, labels and ports once.
/// Cost:    O(labels) to find a profile; signing one takes a few microseconds.

#include "control/kube/cluster.hpp"
#include "control/resolve/pod_set_index.hpp"
#include "control/resolve/term_lists.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::resolve {

/// What an address belongs to.
enum class Kind : std::uint8_t { External, Pod, Node };

using ProfileId = std::uint32_t;
inline constexpr ProfileId kNoProfile = 0;

struct Traits {
    Kind kind = Kind::Pod;
    std::string namespace_name;
    kube::Labels labels;
    std::vector<kube::ContainerPort> ports;  ///< named ones only, sorted
    std::vector<kube::Labels> others;        ///< of (further) nodes that have the address, sorted
    friend bool operator==(const Traits&, const Traits&) = default;
};
Traits traits_of(const kube::Pod& pod);
Traits traits_of(const kube::Node& node);

class ProfileTable {
public:
    ProfileTable(Journal& journal, Terms& terms, TermLists& lists);

    ProfileId acquire(const Traits& traits);
    void release(ProfileId id);
    const Traits& traits(ProfileId id) const { return *entries_.at(id).traits; }
    ListId list(ProfileId id) const { return id == kNoProfile ? kEmptyList : entries_.at(id).list; }

    /// `labels` null: there is no such namespace any more.
    void set_namespace(const std::string& name, const kube::Labels* labels);
    std::vector<std::string> namespaces() const;
    void add_term(TermId id);
    void remove_term(TermId id);

    /// Signs the profiles that the calls above concern; answers those whose list is another now.
    std::set<ProfileId> sign();
    /// Forgets the profiles that nobody uses.
    void sweep();
    void forget_changes();

private:
    using Pointer = std::shared_ptr<const Traits>;
    struct PointerHash {
        std::size_t operator()(const Pointer& traits) const;
    };
    struct PointerEqual {
        bool operator()(const Pointer& a, const Pointer& b) const { return *a == *b; }
    };
    struct Entry {
        Pointer traits;
        ListId list = kEmptyList;
        std::shared_ptr<const TermList> numbered_ports;  ///< terms that exist for profiles' sake
        std::uint32_t users = 0;
    };
    const kube::Labels& namespace_labels(const std::string& name) const;
    bool concerns(const Term& term, const Traits& traits) const;
    void mark_concerned(TermId id);
    TermList terms_of(const Traits& traits, TermList& numbered_ports);
    void release_ports(const Entry& entry);

    Terms& terms_;
    TermLists& lists_;
    PodSetIndex pod_sets_;
    Ledger<std::map<TermId, bool>> node_sets_;
    Ledger<std::unordered_map<std::string, std::shared_ptr<const kube::Labels>>> namespaces_;
    Ledger<std::unordered_map<ProfileId, Entry>> entries_;
    Ledger<std::unordered_map<Pointer, ProfileId, PointerHash, PointerEqual>> ids_;
    Relation<std::string, ProfileId> of_namespace_;
    Relation<int, ProfileId> of_kind_;
    Relation<ListId, ProfileId> of_list_;
    ProfileId last_ = kNoProfile;
    std::set<ProfileId> unsigned_;
    std::vector<ProfileId> unused_;
    mutable std::unordered_map<std::string, kube::Labels> default_labels_;
};

}  // namespace tierwall::resolve
