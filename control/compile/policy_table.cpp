// SPDX-License-Identifier: Apache-2.0
#include "control/compile/policy_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tierwall::compile {
namespace {

constexpr std::uint32_t kNumberLast = 0xfffffffe;

std::uint32_t taken(resolve::Numbers& numbers) {
    const auto number = numbers.take();
    assert(number.has_value());
    return *number;
}

}  // namespace

std::vector<PortRange> merged(std::vector<PortRange> ranges) {
    std::erase_if(ranges, [](const PortRange& range) { return range.last < range.first; });
    std::sort(ranges.begin(), ranges.end());
    std::vector<PortRange> out;
    for (const PortRange& range : ranges) {
        const bool touches = !out.empty() && out.back().protocol == range.protocol &&
                             range.first <= std::uint32_t{out.back().last} + 1;
        if (touches) {
            out.back().last = std::max(out.back().last, range.last);
        } else {
            out.push_back(range);
        }
    }
    return out;
}

PolicyTable::PolicyTable(resolve::Journal& journal, resolve::Terms& terms)
    : terms_(terms),
      numbers_of_(journal),
      by_number_(journal),
      of_subject_(journal),
      policy_numbers_(journal, 1, kNumberLast),
      rule_numbers_(journal, 1, kNumberLast) {}

std::uint32_t PolicyTable::rule_number(const CompiledPolicy* before, std::size_t direction,
                                       std::size_t place) {
    if (before != nullptr && place < before->rules[direction].size()) {
        return before->rules[direction][place].number;
    }
    return taken(rule_numbers_);
}

CompiledRule PolicyTable::compiled(const policy::Rule& rule) {
    CompiledRule out;
    out.action = rule.action;
    out.any_peer = rule.any_peer;
    out.any_port = rule.ports.empty();
    if (!rule.any_peer) {
        for (const policy::Peer& peer : rule.peers) {
            const auto as_term = [](const auto& set) { return resolve::Term(set); };
            out.peers.push_back(terms_.acquire(std::visit(as_term, peer)));
        }
    }
    std::vector<PortRange> ranges;
    for (const policy::Port& port : rule.ports) {
        if (port.name.empty()) {
            ranges.push_back({port.protocol, port.first, port.last});
        } else {
            out.named_ports.push_back(
                terms_.acquire(resolve::NamedPort{port.name, port.protocol, 0}));
        }
    }
    out.ranges = merged(std::move(ranges));
    return out;
}

PolicyTable::Pointer PolicyTable::compiled(const policy::Policy& policy,
                                           const CompiledPolicy* before) {
    auto out = std::make_shared<CompiledPolicy>();
    out->number = before != nullptr ? before->number : taken(policy_numbers_);
    out->policy = std::make_shared<const policy::Policy>(policy);
    out->subject = terms_.acquire(policy.subject);
    const std::array<const std::vector<policy::Rule>*, kDirections> rules{&policy.egress,
                                                                          &policy.ingress};
    const std::array<bool, kDirections> isolates{policy.isolates_egress, policy.isolates_ingress};
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
        for (const policy::Rule& rule : *rules[direction]) {
            auto& list = out->rules[direction];
            const std::uint32_t number = rule_number(before, direction, list.size());
            list.push_back(compiled(rule));
            list.back().number = number;
        }
        if (policy.tier == base::kTierNetworkPolicy && isolates[direction]) {
            const bool known = before != nullptr && before->isolation_rule[direction] != 0;
            out->isolation_rule[direction] =
                known ? before->isolation_rule[direction] : taken(rule_numbers_);
        }
    }
    return out;
}

void PolicyTable::release(const CompiledPolicy& policy) {
    terms_.release(policy.subject);
    for (const auto& rules : policy.rules) {
        for (const CompiledRule& rule : rules) {
            for (const TermId term : rule.peers) terms_.release(term);
            for (const TermId term : rule.named_ports) terms_.release(term);
        }
    }
}

void PolicyTable::free_rules(const CompiledPolicy& before, const CompiledPolicy* now) {
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
        const auto& rules = before.rules[direction];
        const std::size_t kept = now != nullptr ? now->rules[direction].size() : 0;
        for (std::size_t i = kept; i < rules.size(); ++i) rule_numbers_.free(rules[i].number);
        const std::uint32_t isolation = before.isolation_rule[direction];
        const bool isolates = now != nullptr && now->isolation_rule[direction] != 0;
        if (isolation != 0 && !isolates) rule_numbers_.free(isolation);
    }
}

void PolicyTable::set(const std::string& path, const policy::Policy* policy) {
    const std::uint32_t* number = numbers_of_.find(path);
    const Pointer before = number != nullptr ? by_number_.at(*number) : nullptr;
    if (before == nullptr && policy == nullptr) return;
    if (before != nullptr && policy != nullptr && *before->policy == *policy) return;
    Pointer now;
    if (policy != nullptr) {
        now = compiled(*policy, before.get());
        numbers_of_.put(path, now->number);
        by_number_.put(now->number, now);
    }
    const std::uint32_t own = now != nullptr ? now->number : before->number;
    if (before != nullptr) {
        of_subject_.remove(before->subject, own);
        release(*before);
        free_rules(*before, now.get());
    }
    if (now != nullptr) {
        of_subject_.add(now->subject, own);
    } else {
        numbers_of_.erase(path);
        by_number_.erase(own);
        policy_numbers_.free(own);
    }
    changes_[own] = {before, now};
}

}  // namespace tierwall::compile
