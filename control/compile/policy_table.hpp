// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PolicyTable: the policies with their numbers, and with selectors replaced by terms.
///
/// A policy and its rules keep their numbers as long as the policy exists under its path, whatever
/// changes in them: a rule is known by direction and place.
///
/// Threads: one control thread.
/// Memory:  a copy of each policy, and about the same again.
/// Cost:    proportional to the policies that change.

#include "control/policy/policy.hpp"
#include "control/resolve/numbers.hpp"
#include "control/resolve/term.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::compile {

using resolve::TermId;

/// Directions index arrays.
inline constexpr std::size_t kDirections = 2;
constexpr std::size_t index_of(base::Direction direction) {
    return static_cast<std::size_t>(direction);
}

struct PortRange {
    std::uint8_t protocol = 0;
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    friend auto operator<=>(const PortRange&, const PortRange&) = default;
    friend bool operator==(const PortRange&, const PortRange&) = default;
};
/// Sorted; ranges that touch or overlap become one, empty ones vanish.
std::vector<PortRange> merged(std::vector<PortRange> ranges);

struct CompiledRule {
    std::uint32_t number = 0;
    base::Action action = base::Action::Allow;
    bool any_peer = false;
    bool any_port = false;  ///< and any protocol
    std::vector<TermId> peers;
    std::vector<PortRange> ranges;
    std::vector<TermId> named_ports;
};

struct CompiledPolicy {
    std::uint32_t number = 0;
    std::shared_ptr<const policy::Policy> policy;
    TermId subject = resolve::kNoTerm;
    std::array<std::vector<CompiledRule>, kDirections> rules;
    std::array<std::uint32_t, kDirections> isolation_rule{};  ///< 0: does not isolate

    /// Does it make groups for this direction?
    bool affects(base::Direction direction) const {
        const std::size_t i = index_of(direction);
        return policy->tier == base::kTierNetworkPolicy ? isolation_rule[i] != 0
                                                        : !rules[i].empty();
    }
    /// Is this one of the denials that do not exist while the policy is audited?
    bool withholds(const CompiledRule& rule) const {
        const bool denies =
            rule.action == base::Action::Deny || rule.action == base::Action::Reject;
        return policy->audit && denies;
    }
};

class PolicyTable {
public:
    using Pointer = std::shared_ptr<const CompiledPolicy>;

    PolicyTable(resolve::Journal& journal, resolve::Terms& terms);

    /// `policy` null: it is gone. Nothing happens when it equals the one that is there.
    void set(const std::string& path, const policy::Policy* policy);

    /// Requires: a number that is in use.
    const CompiledPolicy& at(std::uint32_t number) const { return *by_number_.at(number); }
    const std::vector<std::uint32_t>& with_subject(TermId term) const {
        return of_subject_.of(term);
    }
    const std::map<std::string, std::uint32_t>& paths() const { return numbers_of_.map(); }

    struct Change {
        Pointer before;  ///< null: new
        Pointer now;     ///< null: gone
    };
    /// By number: what set() changed since the last forget_changes().
    const std::map<std::uint32_t, Change>& changes() const { return changes_; }
    void forget_changes() { changes_.clear(); }

private:
    Pointer compiled(const policy::Policy& policy, const CompiledPolicy* before);
    CompiledRule compiled(const policy::Rule& rule);
    void release(const CompiledPolicy& policy);
    std::uint32_t rule_number(const CompiledPolicy* before, std::size_t direction,
                              std::size_t place);
    void free_rules(const CompiledPolicy& before, const CompiledPolicy* now);

    resolve::Terms& terms_;
    resolve::Ledger<std::map<std::string, std::uint32_t>> numbers_of_;
    resolve::Ledger<std::unordered_map<std::uint32_t, Pointer>> by_number_;
    resolve::Relation<TermId, std::uint32_t> of_subject_;
    resolve::Numbers policy_numbers_;
    resolve::Numbers rule_numbers_;
    std::map<std::uint32_t, Change> changes_;
};

}  // namespace tierwall::compile
