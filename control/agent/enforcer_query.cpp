// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer.hpp"

#include "control/agent/enforcer_state.hpp"
#include "dataplane/worker/inquiry.hpp"

namespace tierwall::agent {
const proto::ResourceSet& Enforcer::resources() const { return state_->resources; }

std::uint64_t Enforcer::epoch() const { return state_->epoch; }

const tier::Ladder& Enforcer::ladder() const { return *state_->tables.ladder; }

std::uint32_t Enforcer::generation() const { return state_->generation; }

std::optional<RuleName> Enforcer::rule(std::uint32_t number) const {
    const Model& model = state_->model;
    const auto rule = model.rules.find(number);
    if (rule == model.rules.end()) return std::nullopt;
    // Checked when it was applied: a rule has a policy, and that a tier.
    const PolicyFacts& policy = model.policies.at(rule->second.policy);
    const TierFacts& tier = model.tiers.at(policy.tier);
    const bool isolation = rule->second.isolation;
    return RuleName{.tier = tier.name,
                    .policy = policy.path,
                    .direction = base::name(rule->second.direction),
                    .index = isolation ? -1 : static_cast<std::int32_t>(rule->second.index),
                    .name = rule->second.name,
                    .action = base::name(rule->second.action),
                    .audit = policy.audit,
                    .failed_closed = rule->second.failed_closed};
}

std::set<std::uint32_t> Enforcer::rules_of(const std::set<std::uint32_t>& policies) const {
    std::set<std::uint32_t> numbers;
    for (const std::uint32_t policy : policies) {
        state_->model.for_each_rule_of(policy, [&](std::uint32_t rule) { numbers.insert(rule); });
    }
    return numbers;
}

bool Enforcer::scope_is_known() const {
    return state_->options.scope == "all" || state_->scope_node.has_value();
}

std::optional<std::string> Enforcer::owner(const base::Address& address) const {
    const auto found = state_->model.addresses.find(address);
    if (found == state_->model.addresses.end()) return std::nullopt;
    return found->second.name;
}

std::uint64_t Enforcer::incarnation(const base::Address& address) const {
    const auto found = state_->model.addresses.find(address);
    return found == state_->model.addresses.end() ? 0 : found->second.incarnation;
}

std::vector<base::Address> Enforcer::addresses_of(const std::string& owner) const {
    const auto found = state_->by_name.find(owner);
    return found == state_->by_name.end() ? std::vector<base::Address>{} : found->second;
}

identity::Entry Enforcer::entry(const base::Address& address) const {
    identity::Entry entry;
    state_->addresses->lookup({&address, 1}, state_->generation, {&entry, 1});
    if (!entry.is_known()) entry.identity = state_->cidrs->find(address);
    return entry;
}

Enforcer::Answer Enforcer::ask(const base::Address& source, const base::Address& destination,
                               std::uint8_t protocol, std::uint16_t destination_port) const {
    const parse::Tuple tuple{source, destination, 0, destination_port, protocol};
    worker::Inquiry inquiry =
        worker::inquiry_about(tuple, {entry(source), entry(destination)}, *state_->shared);
    worker::ask(ladder(), {&inquiry, 1});
    return {inquiry.egress, inquiry.ingress, inquiry.audit, inquiry.allowed()};
}

namespace {

/// The number of the tier in which this one's audited policies stand enforced.
std::uint32_t audit_tier(const Model& model, std::uint32_t number) {
    for (const auto& [other, tier] : model.tiers) {
        if (tier.audits == number) return other;
    }
    return number;
}

/// The policies that select the subject, audited ones too.
std::vector<std::string> selecting(const Model& model, base::Direction direction,
                                   const tier::Trace& trace) {
    const bool audited = trace.audit_group != 0;
    const std::uint16_t group = audited ? trace.audit_group : trace.group;
    std::vector<std::string> paths;
    if (group == 0) return paths;
    const TableKey key{audited ? audit_tier(model, trace.tier) : trace.tier, direction,
                       audited ? trace.audit_table : trace.table};
    for (const std::uint32_t policy : model.tables.at(key)->groups.at(group).policies) {
        paths.push_back(model.policies.at(policy).path);
    }
    return paths;
}

}  // namespace

std::vector<Enforcer::TierView> Enforcer::look(base::Direction direction,
                                               const parse::Tuple& connection) const {
    std::vector<TierView> views;
    const worker::Inquiry inquiry = worker::inquiry_about(
        connection, {entry(connection.source), entry(connection.destination)}, *state_->shared);
    const bool egress = direction == base::Direction::Egress;
    if (inquiry.self || !(egress ? inquiry.source : inquiry.destination).is_subject()) return views;
    const Model& model = state_->model;
    for (const tier::Trace& trace : ladder().trace(direction, question(inquiry, direction))) {
        TierView view{.tier = model.tiers.at(trace.tier).name,
                      .policies = selecting(model, direction, trace),
                      .audited = trace.audit_group != 0,
                      .matched = trace.matched,
                      .action = trace.action,
                      .rule = trace.rule};
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace tierwall::agent
