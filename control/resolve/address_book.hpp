// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// AddressBook: which pod or node has an address, and in which cell it is.
///
/// Only live pods own pod addresses: those of host-networked ones are addresses of their node,
/// whether or not it lists them. Of several live pods that claim one address the newest has it; a
/// pod goes before a node, and nobody's own node is a pod. What several nodes have (one that came
/// back under another name, several behind one gateway) is the own node of the pods of each. Node
/// selectors find an address by the labels of each node that has it, those of a pod by the labels
/// of nodes that list it.
///
/// Threads: one control thread.
/// Memory:  about 500 bytes an address.
/// Cost:    O(log addresses) a change.

#include "control/resolve/identity_table.hpp"
#include "control/resolve/node_numbers.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::resolve {

class AddressBook {
public:
    AddressBook(Journal& journal, ProfileTable& profiles, NodeNumbers& nodes);

    /// `pod` null: it is gone. Cheap when nothing changed.
    void set_pod(const std::string& path, const kube::Pod* pod);
    void set_node(const std::string& name, const kube::Node* node);
    /// Addresses in this block may be in another cell now.
    void block_changed(const base::Prefix& prefix);

    struct Entry {
        Cell cell;
        std::uint32_t node = 0;  ///< a pod's; else the newest that has the address
        /// All that have it, where no pod has it and `node` alone does not say so.
        std::vector<std::uint32_t> nodes;
        bool one_of_several = false;  ///< the pod has another of this family
        std::string owner;            ///< "namespace/pod" or the node's name
        /// lasting_hash() of the pod's uid: one that is made again under its old name and address
        /// is another pod. 0: not known, or a node.
        std::uint64_t incarnation = 0;
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    /// Gives addresses with several owners a profile with what all of them can be selected by.
    /// After the calls above, before profiles are signed.
    void share();
    /// Finds the owner and the cell of every address that the calls above concern; answers those
    /// whose entry is another now (or gone).
    std::set<base::Address> settle(IdentityTable& identities, const BlockTable& blocks);
    void forget_changes() { touched_.clear(); }

    const Entry* find(const base::Address& address) const { return entries_.find(address); }
    const std::vector<base::Address>& in(const Cell& cell) const { return of_cell_.of(cell); }
    const std::map<base::Address, kube::Problem>& warnings() const { return warnings_.map(); }
    /// A warning about host-networked pods whose nodes are not known.
    std::optional<kube::Problem> unknown_nodes() const;
    const auto& pods() const { return pods_.map(); }
    const auto& nodes() const { return nodes_.map(); }
    const auto& hosts() const { return hosts_.map(); }  ///< host-networked pods

private:
    struct Owner {
        ProfileId profile = kNoProfile;
        std::vector<base::Address> addresses;
        std::string node;
        std::string uid;
        std::string created;
    };
    struct Host {
        std::string node;
        std::vector<base::Address> addresses;
        friend bool operator==(const Host&, const Host&) = default;
    };
    void set_host(const std::string& path, const kube::Pod* pod);
    bool same(const Owner& owner, const kube::Pod& pod) const;
    bool same(const Owner& owner, const kube::Node& node) const;
    /// Of those who claim the address; null without any.
    const std::string* newest_pod(const base::Address& address) const;
    const std::string& newest_node(const std::vector<std::string>& names) const;
    /// Names of all nodes whose address it is, sorted.
    std::vector<std::string> nodes_of(const base::Address& address) const;
    ProfileId shared_profile(const base::Address& address);
    Entry entry_for(const base::Address& address, const BlockTable& blocks) const;
    void warn_if_shared(const base::Address& address);
    void replace(const base::Address& address, const Entry* before, const Entry* now,
                 IdentityTable& identities);

    ProfileTable& profiles_;
    NodeNumbers& node_numbers_;
    Ledger<std::unordered_map<std::string, Owner>> pods_;
    Ledger<std::unordered_map<std::string, Owner>> nodes_;
    Relation<base::Address, std::string, AddressHash> pods_at_;
    Relation<base::Address, std::string, AddressHash> nodes_at_;
    Ledger<std::unordered_map<std::string, Host>> hosts_;  ///< host-networked pods
    Relation<base::Address, std::string, AddressHash> hosts_at_;
    Relation<std::string, std::string> hosts_on_;
    Ledger<std::map<base::Address, ProfileId>> shared_;  ///< by several
    Ledger<std::map<base::Address, bool>> nowhere_;      ///< of hosts_ whose nodes are not known
    Ledger<std::map<base::Address, Entry>> entries_;
    Relation<Cell, base::Address, CellHash> of_cell_;
    Ledger<std::map<base::Address, kube::Problem>> warnings_;
    std::set<base::Address> touched_;
};

}  // namespace tierwall::resolve
