// SPDX-License-Identifier: Apache-2.0
#include "control/agent/rule_tally.hpp"

#include "proto/snapshot.pb.h"

namespace tierwall::agent {

namespace {

/// What makes a rule the same one under another number.
std::string name_of(const RuleName& rule) {
    return rule.tier + " " + rule.policy + " " + rule.direction + " " + std::to_string(rule.index) +
           " " + rule.action;
}

void add_number(const proto::Key& key, RuleTally::Leaving& out) {
    std::uint32_t number = 0;
    for (const char byte : key.bytes) number = number << 8 | static_cast<unsigned char>(byte);
    if (key.type == v1::RESOURCE_TYPE_RULE) out.numbers.insert(number);
    if (key.type == v1::RESOURCE_TYPE_POLICY) out.policies.insert(number);
}

}  // namespace

RuleHits counted(const worker::Dataplane& dataplane, std::uint32_t rule) {
    RuleHits sum;
    for (std::uint32_t number = 0; number < dataplane.workers(); ++number) {
        const worker::Pipeline& pipeline = dataplane.pipeline(number);
        sum.decided += pipeline.rule_hits(rule);
        sum.would_deny += pipeline.rule_would_deny(rule);
    }
    return sum;
}

RuleTally::Leaving RuleTally::leaving(const proto::Difference& change, const Enforcer& enforcer,
                                      const Counted& counted) const {
    Leaving out;
    for (const auto& [key, body] : change.upserts) add_number(key, out);
    for (const proto::Key& key : change.removals) add_number(key, out);
    out.numbers.merge(enforcer.rules_of(out.policies));
    for (const std::uint32_t number : out.numbers) {
        if (const auto rule = enforcer.rule(number)) {
            out.hits[name_of(*rule)] = of(number, counted(number));
        }
    }
    return out;
}

void RuleTally::follow(const Leaving& leaving, const Enforcer& enforcer, const Counted& counted) {
    std::set<std::uint32_t> numbers = leaving.numbers;
    numbers.merge(enforcer.rules_of(leaving.policies));
    for (const std::uint32_t number : numbers) {
        const auto rule = enforcer.rule(number);
        if (!rule) {
            offsets_.erase(number);
            continue;
        }
        const auto before = leaving.hits.find(name_of(*rule));
        const Offset offset{counted(number),
                            before != leaving.hits.end() ? before->second : RuleHits{}};
        if (offset.counted == offset.carried) {
            offsets_.erase(number);
        } else {
            offsets_[number] = offset;
        }
    }
}

RuleHits RuleTally::of(std::uint32_t number, const RuleHits& counted) const {
    const auto found = offsets_.find(number);
    if (found == offsets_.end()) return counted;
    const Offset& offset = found->second;
    return {counted.decided - offset.counted.decided + offset.carried.decided,
            counted.would_deny - offset.counted.would_deny + offset.carried.would_deny};
}

}  // namespace tierwall::agent
