// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer.hpp"

#include "control/agent/enforcer_state.hpp"

namespace tierwall::agent {
namespace {

/// Own-node admission compares numbers: the peer is a node, and the pod runs on it.
bool is_own_node(const identity::Entry& subject, const identity::Entry& peer) {
    return peer.is_node() && peer.node == subject.node && peer.node != identity::kNoNode;
}

struct Judgement {
    const tier::Ladder& ladder;
    std::uint8_t protocol;
    std::uint16_t destination_port;

    tier::Question question(const identity::Entry& subject, const identity::Entry& peer) const {
        return {.subject = subject.identity,
                .peer = peer.identity,
                .destination_port = destination_port,
                .protocol = protocol,
                .own_node = is_own_node(subject, peer)};
    }
    base::Decision decide(base::Direction direction, const identity::Entry& subject,
                          const identity::Entry& peer) const {
        if (!subject.is_subject()) {
            return {base::Action::Allow, 0, base::kTierNotSubject, base::kNoRule};
        }
        const tier::Question asked = question(subject, peer);
        base::Decision decision;
        ladder.decide(direction, {&asked, 1}, {&decision, 1});
        return decision;
    }
};

}  // namespace

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
                    .action = base::name(rule->second.action)};
}

std::optional<std::string> Enforcer::owner(const base::Address& address) const {
    const auto found = state_->model.addresses.find(address);
    if (found == state_->model.addresses.end()) return std::nullopt;
    return found->second.name;
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
    if (source == destination) {
        const base::Decision self{base::Action::Allow, 0, base::kTierSelf, base::kNoRule};
        return {.egress = self, .ingress = self, .allowed = true};
    }
    const identity::Entry from = entry(source);
    const identity::Entry to = entry(destination);
    const Judgement judgement{ladder(), protocol, destination_port};
    Answer answer;
    answer.egress = judgement.decide(base::Direction::Egress, from, to);
    answer.ingress = judgement.decide(base::Direction::Ingress, to, from);
    answer.allowed =
        answer.egress.action == base::Action::Allow && answer.ingress.action == base::Action::Allow;
    return answer;
}

std::vector<Enforcer::TierView> Enforcer::look(base::Direction direction,
                                               const parse::Tuple& connection) const {
    const auto& [source, destination, source_port, destination_port, protocol] = connection;
    std::vector<TierView> views;
    const bool egress = direction == base::Direction::Egress;
    const identity::Entry subject = entry(egress ? source : destination);
    const identity::Entry peer = entry(egress ? destination : source);
    if (source == destination || !subject.is_subject()) return views;
    const Judgement judgement{ladder(), protocol, destination_port};
    const Model& model = state_->model;
    for (const tier::Trace& trace : ladder().trace(direction, judgement.question(subject, peer))) {
        TierView view{.tier = model.tiers.at(trace.tier).name,
                      .policies = {},
                      .matched = trace.matched,
                      .action = trace.action,
                      .rule = trace.rule};
        if (trace.group != 0) {
            const TableFacts& table = *model.tables.at({trace.tier, direction, trace.table});
            for (const std::uint32_t policy : table.groups.at(trace.group).policies) {
                view.policies.push_back(model.policies.at(policy).path);
            }
        }
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace tierwall::agent
