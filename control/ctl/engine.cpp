// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/engine.hpp"

#include "control/ctl/link_message.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <array>

namespace tierwall::ctl {

namespace {

constexpr std::uint16_t kUplink = 0;
constexpr std::uint16_t kPods = 1;
constexpr std::uint64_t kEpoch = 1;
constexpr std::uint64_t kNow_ms = 1000;
constexpr std::uint32_t kFlowsMax = 64;

std::size_t count(const proto::ResourceSet& resources, v1::ResourceType type) {
    std::size_t found = 0;
    resources.for_each(type, [&](const proto::Key&, const std::string&) { ++found; });
    return found;
}

std::size_t bytes(const proto::ResourceSet& resources) {
    std::size_t total = 0;
    resources.for_each([&](const proto::Key& key, const std::string& body) {
        total += key.bytes.size() + body.size();
    });
    return total;
}

/// Policy decides about most of these; see Trust::rogue.
bool may_be_guarded(const PacketFields& packet) {
    if (packet.protocol == base::kIpIcmp) return packet.icmp_type.has_value();
    if (packet.protocol != base::kIpUdp) return false;
    constexpr std::array<std::uint16_t, 4> kDhcpPorts{67, 68, 546, 547};
    return std::any_of(kDhcpPorts.begin(), kDhcpPorts.end(), [&](std::uint16_t port) {
        return packet.source_port == port || packet.destination_port == port;
    });
}

bool is_rogue(base::Reason reason) {
    return reason == base::Reason::RogueDhcp || reason == base::Reason::RogueRedirect ||
           reason == base::Reason::RogueRouterAdvert;
}

base::Error first(const std::vector<base::Error>& problems, const base::Error& otherwise) {
    return problems.empty() ? otherwise : problems.front();
}

}  // namespace

std::size_t megabytes_for(const proto::ResourceSet& resources) {
    // A row takes about ten bytes of a snapshot and up to a few kilobytes of tables.
    return 192 + bytes(resources) / 2048;
}

base::Result<std::unique_ptr<Engine>> Engine::create(Kind kind, const std::string& scope,
                                                     const proto::ResourceSet& resources,
                                                     bool own_node_egress) {
    std::unique_ptr<Engine> engine(new Engine());
    agent::Enforcer::Options options;
    options.scope = scope;
    options.own_node_egress = own_node_egress;
    options.addresses_max =
        static_cast<std::uint32_t>(64 + 2 * count(resources, v1::RESOURCE_TYPE_ADDRESS));
    TW_TRY(enforcer, agent::Enforcer::create(options));
    engine->enforcer_ = std::move(enforcer);
    std::vector<base::Error> problems;
    const base::Status applied = engine->enforcer_->apply(resources, kEpoch, problems);
    if (!applied.ok()) return first(problems, applied.error());
    engine->kind_ = kind;
    worker::Pipeline::Config config;
    config.ports.resize(2);
    config.ports[kUplink].side = worker::Side::Uplink;
    config.ports[kPods].side = worker::Side::Pods;
    config.flows_max = kFlowsMax;
    TW_TRY(pipeline, worker::Pipeline::create(config, engine->enforcer_->addresses()));
    engine->pipeline_ = std::move(pipeline);
    return engine;
}

Engine::Reply Engine::ask(const PacketFields& packet) {
    // No table knows of what never leaves the link, nor of what no pod may send.
    if (kind_ == Kind::Packets || is_link_message(packet)) return ask_packets(packet);
    if (may_be_guarded(packet)) {
        const Reply reply = ask_packets(packet);
        if (is_rogue(reply.reason)) return reply;
    }
    return ask_tiers(packet);
}

Engine::Reply Engine::ask_tiers(const PacketFields& packet) const {
    const auto answer =
        enforcer_->ask(packet.source, packet.destination, packet.protocol, packet.destination_port);
    Reply reply{answer.allowed ? base::Action::Allow : base::Action::Deny,
                answer.allowed ? base::Reason::Policy : base::Reason::PolicyDeny,
                true,
                answer.egress,
                answer.ingress,
                answer.audit};
    const bool rejects = answer.egress.action == base::Action::Reject ||
                         (answer.egress.action == base::Action::Allow &&
                          answer.ingress.action == base::Action::Reject);
    if (rejects) reply.action = base::Action::Reject;
    return reply;
}

Engine::Reply Engine::ask_packets(const PacketFields& packet) {
    const std::vector<std::uint8_t> bytes_of_frame = probe_packet(packet);
    const auto length = static_cast<std::uint32_t>(bytes_of_frame.size());
    const std::array<worker::Frame, 1> frames{
        {{bytes_of_frame.data(), length, length, port_of(packet.source)}}};
    std::array<parse::Headers, 1> headers;
    std::array<worker::Outcome, 1> outcomes;
    pipeline_->judge(frames, {enforcer_->published().load(), kNow_ms}, headers, outcomes);
    pipeline_->forget_flows();
    const worker::Outcome& outcome = outcomes.front();
    const bool audited = outcome.judged && outcome.verdict.action == base::Action::Allow;
    return {outcome.verdict.action, outcome.verdict.reason,
            outcome.judged,         outcome.egress,
            outcome.ingress,        audited ? outcome.audit : base::Decision{}};
}

/// A pod that this dataplane protects is behind it, everybody else comes from outside.
std::uint16_t Engine::port_of(const base::Address& source) const {
    return enforcer_->entry(source).is_subject() ? kPods : kUplink;
}

}  // namespace tierwall::ctl
