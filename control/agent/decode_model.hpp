// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Model: a whole snapshot as plain structs, and Edit, which changes it and can take that back.
///
/// An Edit applies a difference in place, remembering what was there before. So a change costs
/// what it changes, a refused one leaves no trace, and whoever builds tables sees what is new.
///
/// Threads: one control thread.
/// Memory:  the decoded resources, and while an Edit lives what it replaced.
/// Cost:    O(log n) a change; check() looks at everything a change may have broken.

#include "control/agent/decode.hpp"

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::agent {

/// All contexts together: rte_acl needs a while for each, whatever is in it.
inline constexpr std::size_t kTablesMax = 8192;

struct AddressHash {
    std::size_t operator()(const base::Address& address) const noexcept {
        const std::uint64_t mixed =
            (address.high() * 0x9e3779b97f4a7c15u) ^ (address.low() * 0xc2b2ae3d27d4eb4fu);
        return static_cast<std::size_t>(mixed ^ (mixed >> 29));
    }
};

struct Model {
    std::map<std::uint32_t, TierFacts> tiers;
    std::map<std::uint32_t, NodeFacts> nodes;
    std::unordered_map<base::Address, AddressFacts, AddressHash> addresses;
    std::map<base::Prefix, PrefixFacts> prefixes;
    std::map<base::Prefix, ServiceFacts> services;
    std::unordered_map<std::uint32_t, PolicyFacts> policies;
    std::unordered_map<std::uint32_t, RuleFacts> rules;
    std::set<std::pair<std::uint32_t, std::uint32_t>> policy_rules;  ///< policy, rule
    std::map<TableKey, std::shared_ptr<const TableFacts>> tables;
    std::map<TableKey, std::shared_ptr<const MembershipFacts>> memberships;

    /// Calls fn(number) for each rule of a policy.
    template <typename Fn>
    void for_each_rule_of(std::uint32_t policy, Fn&& fn) const {
        const auto first = policy_rules.lower_bound({policy, 0});
        for (auto at = first; at != policy_rules.end() && at->first == policy; ++at) fn(at->second);
    }
};

template <typename Map>
class Journal {
public:
    using Key = typename Map::key_type;
    using Value = typename Map::mapped_type;
    struct Change {
        Key key;
        std::optional<Value> before;
    };

    explicit Journal(Map& map) : map_(map) {}

    void put(const Key& key, Value value) {
        const auto at = map_.find(key);
        if (at == map_.end()) {
            changes_.push_back({key, std::nullopt});
            map_.emplace(key, std::move(value));
        } else {
            changes_.push_back({key, std::exchange(at->second, std::move(value))});
        }
    }
    void erase(const Key& key) {
        const auto at = map_.find(key);
        if (at == map_.end()) return;
        changes_.push_back({key, std::move(at->second)});
        map_.erase(at);
    }
    void undo() {
        for (; !changes_.empty(); changes_.pop_back()) {
            Change& change = changes_.back();
            map_.erase(change.key);
            if (change.before.has_value()) map_.emplace(change.key, std::move(*change.before));
        }
    }

    const std::vector<Change>& changes() const { return changes_; }
    std::vector<Key> keys() const {
        std::vector<Key> out;
        for (const Change& change : changes_) out.push_back(change.key);
        return out;
    }
    bool empty() const { return changes_.empty(); }
    /// Something that was there is gone or different.
    bool took_away() const {
        for (const Change& change : changes_) {
            if (change.before.has_value()) return true;
        }
        return false;
    }
    /// What is there after the change; null when it was removed.
    const Value* now(const Change& change) const {
        const auto at = map_.find(change.key);
        return at == map_.end() ? nullptr : &at->second;
    }

private:
    Map& map_;
    std::vector<Change> changes_;
};

/// Collects up to a limit of problems.
class Problems {
public:
    Problems(std::vector<base::Error>& list, std::size_t problems_max)
        : list_(list), problems_max_(problems_max) {}
    void add(base::Error error) {
        if (!full()) list_.push_back(std::move(error));
    }
    bool full() const { return list_.size() >= problems_max_; }
    bool none() const { return list_.empty(); }

private:
    std::vector<base::Error>& list_;
    std::size_t problems_max_;
};

class Edit {
public:
    explicit Edit(Model& target);

    /// Decodes and applies. On problems call undo().
    void apply(const proto::Difference& difference, Problems& problems);
    /// Do all references hold that this edit may have broken? Requires: no problems so far.
    void check(Problems& problems) const;
    void undo();

    /// Something that tables are made of has changed.
    bool tables_touched() const {
        return !tiers.empty() || !tables.empty() || !memberships.empty();
    }

    Model& model;
    Journal<decltype(Model::tiers)> tiers;
    Journal<decltype(Model::nodes)> nodes;
    Journal<decltype(Model::addresses)> addresses;
    Journal<decltype(Model::prefixes)> prefixes;
    Journal<decltype(Model::services)> services;
    Journal<decltype(Model::policies)> policies;
    Journal<decltype(Model::rules)> rules;
    Journal<decltype(Model::tables)> tables;
    Journal<decltype(Model::memberships)> memberships;

private:
    base::Status put(const proto::Key& key, const std::string& body);
    void erase(const proto::Key& key);
    void put_rule(RuleFacts fact);
    void erase_rule(std::uint32_t number);
    void index_rule(std::uint32_t number);
    void forget_rule(std::uint32_t number);
};

}  // namespace tierwall::agent
