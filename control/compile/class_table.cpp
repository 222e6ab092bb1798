// SPDX-License-Identifier: Apache-2.0
#include "control/compile/class_table.hpp"

#include "control/resolve/hash.hpp"

#include <algorithm>
#include <set>
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

/// Old numbers for sets that were there before, the lowest free ones for the others.
std::vector<std::uint32_t> numbered(const std::vector<std::vector<PeerTerm>>& sets,
                                    const ClassNumbers& before) {
    std::vector<std::uint32_t> numbers(sets.size(), 0);
    std::set<std::uint32_t> used;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const auto old = before.find(sets[i]);
        if (old == before.end()) continue;
        numbers[i] = old->second;
        used.insert(old->second);
    }
    std::uint32_t next = 1;
    for (std::uint32_t& number : numbers) {
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

Classes classify(const resolve::Resolver& resolver, std::span<const PeerTerm> terms,
                 const ClassNumbers& before) {
    const Sorting sorting = sorted_by_terms(resolver, terms);
    std::vector<std::vector<PeerTerm>> sets;
    for (const Indices& indices : sorting.sets) {
        std::vector<PeerTerm>& set = sets.emplace_back();
        for (const std::uint32_t index : indices) set.push_back(terms[index]);
    }
    const std::vector<std::uint32_t> numbers = numbered(sets, before);
    Classes classes;
    classes.of_term.resize(terms.size());
    for (std::size_t i = 0; i < sets.size(); ++i) {
        for (const std::uint32_t index : sorting.sets[i]) {
            classes.of_term[index].push_back(numbers[i]);
        }
        classes.numbers.emplace(std::move(sets[i]), numbers[i]);
    }
    for (auto& list : classes.of_term) std::sort(list.begin(), list.end());
    classes.of_identity.reserve(sorting.set_of.size());
    for (const auto& [identity, set] : sorting.set_of) {
        classes.of_identity.emplace_back(identity, numbers[set]);
    }
    return classes;
}

}  // namespace tierwall::compile
