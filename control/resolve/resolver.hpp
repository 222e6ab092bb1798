// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Resolver: who is in which term, and which identity an address has. Start reading here.
///
/// It follows the cluster: told what changed, it looks at that and at what depends on it. Order:
/// terms that policies added or removed, profiles whose list changed, blocks, addresses, and at
/// last the cells and identities that all of these concern.
///
/// Threads: one control thread.
/// Memory:  that of its tables; about a kilobyte a pod.
/// Cost:    proportional to what changed.

#include "control/resolve/address_book.hpp"
#include "control/resolve/block_table.hpp"
#include "control/resolve/identity_table.hpp"
#include "control/resolve/node_numbers.hpp"
#include "control/resolve/profile_table.hpp"
#include "control/resolve/term_lists.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace tierwall::resolve {

/// Domain name -> addresses it was seen to resolve to.
using Names = std::map<std::string, std::vector<base::Address>>;

class Resolver {
public:
    Resolver(Journal& journal, std::uint32_t identities_max);

    Terms& terms() { return terms_; }
    const Terms& terms() const { return terms_; }

    void set_namespace(const std::string& name, const kube::Namespace* value);
    void set_pod(const std::string& path, const kube::Pod* pod) { book_.set_pod(path, pod); }
    void set_node(const std::string& name, const kube::Node* node) { book_.set_node(name, node); }
    void set_names(const Names& names);

    struct Changes {
        std::set<base::Address> addresses;  ///< whose entry or identity changed
        std::map<base::Prefix, BlockId> blocks;
        std::set<base::Prefix> blocks_gone;
        NodeNumbers::Changes nodes;
    };
    /// Takes in everything since the last call. Fails: Limit.
    base::Result<Changes> resolve();
    /// After resolve() and after everybody has read identities_changed().
    void sweep();
    /// The journal has taken everything back.
    void forget_changes();

    /// Names of the namespaces that were set.
    std::vector<std::string> namespaces() const { return profiles_.namespaces(); }
    const AddressBook& book() const { return book_; }
    const BlockTable& blocks() const { return blocks_; }
    IdentityNumber identity(const Cell& cell) const { return identities_.of(cell); }
    const IdentityTable& identities() const { return identities_; }

    /// The terms that an identity with this signature is in, sorted.
    TermList terms_of(const Signature& signature) const;
    /// The identities in a term, sorted.
    std::vector<IdentityNumber> members(TermId term) const;
    /// For choosing the smaller of two terms: about how many members it has.
    std::size_t members_estimate(TermId term) const { return lists_.with(term).size(); }
    bool is_member(IdentityNumber identity, TermId term) const;
    /// The identity's named ports with numbers, of one name and protocol.
    std::vector<TermId> numbered_ports(IdentityNumber identity, TermId named) const;

private:
    void add_terms(const std::vector<TermId>& added);
    void remove_terms(const std::vector<TermId>& removed);
    void follow_blocks(Changes& changes);
    void follow_names();

    Terms terms_;
    TermLists lists_;
    ProfileTable profiles_;
    BlockTable blocks_;
    NodeNumbers node_numbers_;
    IdentityTable identities_;
    AddressBook book_;
    /// What the name sets stand for at the moment.
    Ledger<std::map<TermId, std::vector<base::Prefix>>> name_blocks_;
    Ledger<std::map<int, std::shared_ptr<const Names>>> names_;
    bool names_changed_ = false;
};

}  // namespace tierwall::resolve
