// SPDX-License-Identifier: Apache-2.0
#include "control/compile/class_table.hpp"

#include "control/resolve/hash.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <unordered_map>

namespace tierwall::compile {
namespace {

using Indices = std::vector<std::uint32_t>;

/// Identities grouped by the set of terms that they are in, in order of first appearance.
struct Sorting {
    std::vector<Indices> sets;
    std::vector<std::pair<IdentityNumber, std::uint32_t>> set_of;
};

Sorting sorted_by_terms(const resolve::Resolver& resolver, std::span<const PeerTerm> terms) {
    std::vector<std::pair<IdentityNumber, std::uint32_t>> pairs;
    for (std::uint32_t i = 0; i < terms.size(); ++i) {
        for (const IdentityNumber identity : members(resolver, terms[i])) {
            pairs.emplace_back(identity, i);
        }
    }
    std::sort(pairs.begin(), pairs.end());
    Sorting sorting;
    std::unordered_map<Indices, std::uint32_t, resolve::RangeHash> known;
    Indices set;
    for (std::size_t i = 0; i < pairs.size();) {
        const IdentityNumber identity = pairs[i].first;
        set.clear();
        for (; i < pairs.size() && pairs[i].first == identity; ++i) set.push_back(pairs[i].second);
        const auto next = static_cast<std::uint32_t>(sorting.sets.size());
        const auto [entry, fresh] = known.try_emplace(set, next);
        if (fresh) sorting.sets.push_back(set);
        sorting.set_of.emplace_back(identity, entry->second);
    }
    return sorting;
}

/// The terms of all lists, each with the names of the lists that it is in.
std::map<PeerTerm, std::vector<ListName>> lists_by_term(const PeerLists& lists) {
    std::map<PeerTerm, std::vector<ListName>> names;
    for (const auto& [terms, name] : lists) {
        for (const PeerTerm& term : terms) names[term].push_back(name);
    }
    return names;
}

/// For each set of terms the lists that they make up, sorted.
std::vector<std::vector<ListName>> list_sets(const Sorting& sorting,
                                             std::span<const std::vector<ListName>> names) {
    std::vector<std::vector<ListName>> out;
    out.reserve(sorting.sets.size());
    for (const Indices& terms : sorting.sets) {
        std::vector<ListName>& set = out.emplace_back();
        for (const std::uint32_t term : terms) {
            set.insert(set.end(), names[term].begin(), names[term].end());
        }
        std::sort(set.begin(), set.end());
        set.erase(std::unique(set.begin(), set.end()), set.end());
    }
    return out;
}

/// Old numbers for sets that were there before, the lowest free ones for the others.
ClassNumbers numbered(const std::vector<std::vector<ListName>>& sets, const ClassNumbers& before) {
    ClassNumbers numbers;
    std::set<std::uint32_t> used;
    for (const auto& set : sets) {
        const auto old = before.find(set);
        const std::uint32_t number = old == before.end() ? 0 : old->second;
        if (numbers.emplace(set, number).second && number != 0) used.insert(number);
    }
    std::uint32_t next = 1;
    // In order of appearance, so that neighbouring identities get neighbouring numbers.
    for (const auto& set : sets) {
        std::uint32_t& number = numbers.at(set);
        if (number != 0) continue;
        while (used.contains(next)) ++next;
        number = next++;
    }
    return numbers;
}

}  // namespace

std::vector<IdentityNumber> members(const resolve::Resolver& resolver, const PeerTerm& term) {
    if (term.port == resolve::kNoTerm) return resolver.members(term.peer);
    if (term.peer == resolve::kNoTerm) return resolver.members(term.port);
    const bool fewer_peers =
        resolver.members_estimate(term.peer) < resolver.members_estimate(term.port);
    const TermId listed = fewer_peers ? term.peer : term.port;
    const TermId checked = fewer_peers ? term.port : term.peer;
    std::vector<IdentityNumber> both = resolver.members(listed);
    std::erase_if(both, [&resolver, checked](IdentityNumber identity) {
        return !resolver.is_member(identity, checked);
    });
    return both;
}

Classes classify(const resolve::Resolver& resolver, const PeerLists& lists,
                 const ClassNumbers& before) {
    std::vector<PeerTerm> terms;
    std::vector<std::vector<ListName>> names;
    for (auto& [term, of_term] : lists_by_term(lists)) {
        terms.push_back(term);
        names.push_back(of_term);
    }
    const Sorting sorting = sorted_by_terms(resolver, terms);
    const auto sets = list_sets(sorting, names);
    Classes classes;
    classes.numbers = numbered(sets, before);
    for (const auto& [set, number] : classes.numbers) {
        for (const ListName& name : set) classes.of_list[name].push_back(number);
    }
    for (auto& [_, list] : classes.of_list) std::sort(list.begin(), list.end());
    std::vector<std::uint32_t> number_of;
    for (const auto& set : sets) number_of.push_back(classes.numbers.at(set));
    classes.of_identity.reserve(sorting.set_of.size());
    for (const auto& [identity, set] : sorting.set_of) {
        classes.of_identity.emplace_back(identity, number_of[set]);
    }
    return classes;
}

}  // namespace tierwall::compile
