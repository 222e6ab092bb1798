// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/resolver.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace tierwall::resolve {
namespace {

std::string canonical(std::string_view name) {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    std::string out(name);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool name_matches(const std::string& pattern, const std::string& name) {
    if (!pattern.starts_with("*.")) return pattern == name;
    const std::string_view suffix = std::string_view(pattern).substr(1);  // ".example.com"
    return name.size() > suffix.size() && name.ends_with(suffix);
}

std::vector<base::Prefix> blocks_of(const policy::NameSet& set, const Names& names) {
    std::vector<base::Prefix> blocks;
    for (const std::string& written : set.names) {
        const std::string pattern = canonical(written);
        for (const auto& [name, addresses] : names) {
            if (!name_matches(pattern, name)) continue;
            for (const base::Address& address : addresses) {
                blocks.push_back(base::host_prefix(address));
            }
        }
    }
    std::sort(blocks.begin(), blocks.end());
    blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
    return blocks;
}

constexpr int kNames = 0;

}  // namespace

Resolver::Resolver(Journal& journal, std::uint32_t identities_max)
    : terms_(journal),
      lists_(journal),
      profiles_(journal, terms_, lists_),
      blocks_(journal, lists_),
      node_numbers_(journal),
      identities_(journal, identities_max),
      book_(journal, profiles_, node_numbers_),
      name_blocks_(journal),
      names_(journal) {
    names_.put(kNames, std::make_shared<const Names>());
}

void Resolver::set_namespace(const std::string& name, const kube::Namespace* value) {
    profiles_.set_namespace(name, value != nullptr ? &value->labels : nullptr);
}

void Resolver::set_names(const Names& names) {
    Names now;
    for (const auto& [name, addresses] : names) {
        auto& all = now[canonical(name)];
        all.insert(all.end(), addresses.begin(), addresses.end());
    }
    if (now == *names_.at(kNames)) return;
    names_.put(kNames, std::make_shared<const Names>(std::move(now)));
    names_changed_ = true;
}

void Resolver::add_terms(const std::vector<TermId>& added) {
    for (const TermId id : added) {
        const Term& term = terms_.at(id);
        if (const auto* networks = std::get_if<policy::NetworkSet>(&term)) {
            blocks_.add(id, networks->cidrs, networks->except);
        } else if (const auto* names = std::get_if<policy::NameSet>(&term)) {
            const auto blocks = blocks_of(*names, *names_.at(kNames));
            blocks_.add(id, blocks, {});
            name_blocks_.put(id, blocks);
        } else {
            profiles_.add_term(id);
        }
    }
}

void Resolver::remove_terms(const std::vector<TermId>& removed) {
    for (const TermId id : removed) {
        const Term& term = terms_.at(id);
        if (const auto* networks = std::get_if<policy::NetworkSet>(&term)) {
            blocks_.remove(id, networks->cidrs, networks->except);
        } else if (std::holds_alternative<policy::NameSet>(term)) {
            blocks_.remove(id, name_blocks_.at(id), {});
            name_blocks_.erase(id);
        } else {
            profiles_.remove_term(id);
        }
    }
}

void Resolver::follow_names() {
    if (!std::exchange(names_changed_, false)) return;
    const auto before = name_blocks_.map();
    for (const auto& [id, old_blocks] : before) {
        const auto& set = std::get<policy::NameSet>(terms_.at(id));
        auto blocks = blocks_of(set, *names_.at(kNames));
        if (blocks == old_blocks) continue;
        blocks_.remove(id, old_blocks, {});
        blocks_.add(id, blocks, {});
        name_blocks_.put(id, std::move(blocks));
    }
}

void Resolver::follow_blocks(Changes& changes) {
    const BlockTable::Changes blocks = blocks_.take_changes();
    for (const auto& [prefix, id] : blocks.vanished) {
        identities_.leave({Kind::External, kNoProfile, id});
        changes.blocks_gone.insert(prefix);
        book_.block_changed(prefix);
    }
    for (const auto& [prefix, id] : blocks.appeared) {
        identities_.join({Kind::External, kNoProfile, id});
        changes.blocks.emplace(prefix, id);
        changes.blocks_gone.erase(prefix);
        book_.block_changed(prefix);
    }
    for (const BlockId id : blocks.rezoned) identities_.mark_block(id);
}

base::Result<Resolver::Changes> Resolver::resolve() {
    Changes changes;
    const Terms::Changes terms = terms_.changes();
    follow_names();
    add_terms(terms.added);
    remove_terms(terms.removed);
    book_.share();
    for (const ProfileId profile : profiles_.sign()) identities_.mark_profile(profile);
    follow_blocks(changes);
    changes.addresses = book_.settle(identities_, blocks_);
    TW_TRY(renumbered, identities_.assign(profiles_, blocks_));
    for (const Cell& cell : renumbered) {
        const auto& addresses = book_.in(cell);
        changes.addresses.insert(addresses.begin(), addresses.end());
        if (cell.kind == Kind::External && cell.block != kNoBlock) {
            changes.blocks.emplace(blocks_.prefix(cell.block), cell.block);
        }
    }
    changes.nodes = node_numbers_.take_changes();
    return changes;
}

void Resolver::sweep() {
    identities_.forget_changes();
    profiles_.sweep();
    lists_.sweep();
    terms_.sweep();
}

void Resolver::forget_changes() {
    terms_.forget_changes();
    lists_.forget_changes();
    profiles_.forget_changes();
    blocks_.forget_changes();
    node_numbers_.forget_changes();
    identities_.forget_changes();
    book_.forget_changes();
    names_changed_ = false;
}

TermList Resolver::terms_of(const Signature& signature) const {
    const TermList& labels = lists_.at(signature.labels);
    const TermList& zone = lists_.at(signature.zone);
    TermList terms;
    terms.reserve(labels.size() + zone.size());
    std::merge(labels.begin(), labels.end(), zone.begin(), zone.end(), std::back_inserter(terms));
    return terms;
}

std::vector<IdentityNumber> Resolver::members(TermId term) const {
    std::vector<IdentityNumber> members;
    for (const ListId list : lists_.with(term)) {
        const auto& identities = identities_.with(list);
        members.insert(members.end(), identities.begin(), identities.end());
    }
    std::sort(members.begin(), members.end());
    return members;
}

bool Resolver::is_member(IdentityNumber identity, TermId term) const {
    const Signature* signature = identities_.find(identity);
    if (signature == nullptr) return false;
    const TermList& labels = lists_.at(signature->labels);
    const TermList& zone = lists_.at(signature->zone);
    return std::binary_search(labels.begin(), labels.end(), term) ||
           std::binary_search(zone.begin(), zone.end(), term);
}

std::vector<TermId> Resolver::numbered_ports(IdentityNumber identity, TermId named) const {
    std::vector<TermId> found;
    const auto& wanted = std::get<NamedPort>(terms_.at(named));
    const Signature* signature = identities_.find(identity);
    if (signature == nullptr) return found;
    for (const TermId term : lists_.at(signature->labels)) {
        const auto* port = std::get_if<NamedPort>(&terms_.at(term));
        if (port != nullptr && port->number != 0 && port->name == wanted.name &&
            port->protocol == wanted.protocol) {
            found.push_back(term);
        }
    }
    return found;
}

}  // namespace tierwall::resolve
