// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/replayer.hpp"

#include "control/ctl/probe.hpp"
#include "control/dialect/translate.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace tierwall::ctl {

namespace {

constexpr std::uint16_t kReplayUplink = 0;
constexpr std::uint16_t kReplayPodPorts = 64;  ///< pods beyond share ports with earlier ones
constexpr const char* kClusterSource = "cluster";
constexpr const char* kPolicySource = "policies";
constexpr std::uint8_t kEchoReply4 = 0;
constexpr std::uint8_t kEchoReply6 = 129;

worker::Pipeline::Config pipeline_config(const FlowCase& flow_case) {
    worker::Pipeline::Config config;
    config.ports.resize(1 + kReplayPodPorts);
    for (worker::PortFacts& port : config.ports) port.side = worker::Side::Pods;
    config.ports[kReplayUplink].side = worker::Side::Uplink;
    config.flows_max = static_cast<std::uint32_t>(64 + flow_case.steps.size());
    config.pickup_s = flow_case.pickup_s;
    return config;
}

std::size_t addresses_of_objects(const kube::Contents& contents) {
    std::size_t count = 0;
    for (const auto& decoded : contents) {
        if (const auto* pod = std::get_if<kube::Pod>(&decoded->object)) {
            count += pod->addresses.size();
        } else if (const auto* node = std::get_if<kube::Node>(&decoded->object)) {
            count += node->addresses.size();
        }
    }
    return count;
}

/// Room for all addresses of the story at once.
std::uint32_t addresses_needed(const FlowCase& flow_case) {
    std::size_t count = addresses_of_objects(flow_case.cluster);
    for (const CaseStep& step : flow_case.steps) count += addresses_of_objects(step.objects);
    return static_cast<std::uint32_t>(64 + 2 * count);
}

base::Error at_step(const CaseStep& step, base::Error error) {
    error.what = step.field + ": " + error.text();
    error.where.clear();
    return error;
}

}  // namespace

base::Result<std::unique_ptr<Replayer>> Replayer::create(const FlowCase& flow_case) {
    std::unique_ptr<Replayer> replayer(new Replayer(flow_case));
    TW_TRY(started, replayer->start(flow_case));
    return replayer;
}

base::Status Replayer::start(const FlowCase& flow_case) {
    agent::Enforcer::Options options;
    options.addresses_max = addresses_needed(flow_case);
    TW_TRY(enforcer, agent::Enforcer::create(options));
    enforcer_ = std::move(enforcer);
    TW_TRY(pipeline, worker::Pipeline::create(pipeline_config(flow_case), enforcer_->addresses()));
    pipeline_ = std::move(pipeline);
    store_.replace(kClusterSource, flow_case.cluster);
    store_.replace(kPolicySource, flow_case.policies);
    TW_TRY(published, publish());
    // The dataplane starts when the story does, not with its first packet.
    pipeline_->judge({}, {enforcer_->published().load(), now_ms_}, {}, {});
    return base::Done{};
}

base::Result<std::size_t> Replayer::publish() {
    const std::vector<std::string> reasons = store_.blocked();
    if (!reasons.empty()) return base::Error{base::Errc::Invalid, "", reasons.front()};
    std::vector<kube::Problem> problems;
    const auto policies = dialect::translate(store_.objects(), problems);
    compile::Input input;
    input.cluster = &store_.objects().cluster;
    input.policies = policies;
    TW_TRY(output, compiler_.compile(input));
    const proto::Difference difference = output.resources.since(carried_);
    carried_.apply(difference);
    if (!(carried_.hash() == output.resources.hash())) {
        return base::Error{base::Errc::Internal, "", "the difference leads elsewhere"};
    }
    std::vector<base::Error> refused;
    const base::Status applied = enforcer_->apply(carried_, ++epoch_, refused);
    if (!applied.ok()) return refused.empty() ? applied.error() : refused.front();
    enforcer_->reclaim();
    return difference.upserts.size() + difference.removals.size();
}

base::Result<PacketFields> Replayer::addressed(const CasePacket& packet) const {
    Probe probe;
    probe.from = packet.from;
    probe.to = packet.to;
    probe.family = family_;
    TW_TRY(ends, resolve(store_.objects().cluster, probe));
    PacketFields fields = packet.fields;
    fields.source = ends.source;
    fields.destination = ends.destination;
    if (packet.is_icmp_reply) fields.icmp_type = ends.source.is_v4() ? kEchoReply4 : kEchoReply6;
    return fields;
}

base::Result<PacketFields> Replayer::packet_of(const CaseStep& step) const {
    TW_TRY(fields, addressed(step.packet));
    if (!step.quoted) return fields;
    TW_TRY(quoted, addressed(*step.quoted));
    fields.protocol = fields.source.is_v4() ? base::kIpIcmp : base::kIpIcmpv6;
    fields.quoted = ip_packet(quoted);
    return fields;
}

base::Result<Replayer::Seen> Replayer::send(const CaseStep& step) {
    TW_TRY(fields, packet_of(step));
    const std::vector<std::uint8_t> bytes = probe_packet(fields);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::uint16_t port = port_of(fields.source);
    if (step.via == "uplink") port = kReplayUplink;
    if (!step.via.empty() && step.via != "uplink") port = port_of_pod(step.via);
    const std::array<worker::Frame, 1> frames{{{bytes.data(), length, length, port}}};
    std::array<parse::Headers, 1> headers;
    std::array<worker::Outcome, 1> outcomes;
    pipeline_->judge(frames, {enforcer_->published().load(), now_ms_}, headers, outcomes);
    const base::Verdict& verdict = outcomes.front().verdict;
    Seen seen;
    seen.action = verdict.action;
    seen.reason = verdict.reason;
    seen.tier = base::tier_name(verdict.tier);
    const auto rule = verdict.rule == base::kNoRule ? std::nullopt : enforcer_->rule(verdict.rule);
    if (rule) {
        seen.policy = rule->policy;
        seen.rule = rule->index;
    }
    return seen;
}

std::uint16_t Replayer::port_of_pod(const std::string& pod) {
    const auto next = static_cast<std::uint16_t>(1 + ports_.size() % kReplayPodPorts);
    return ports_.emplace(pod, next).first->second;
}

std::uint16_t Replayer::port_of(const base::Address& source) {
    const auto owner = enforcer_->owner(source);
    return owner && enforcer_->entry(source).is_subject() ? port_of_pod(*owner) : kReplayUplink;
}

/// A worker without packets comes by now and then: what is over ends at its time.
void Replayer::advance(std::uint32_t seconds) {
    for (std::uint32_t i = 0; i < seconds; ++i) {
        now_ms_ += 1000;
        pipeline_->expire(now_ms_);
    }
}

base::Result<Replayer::Seen> Replayer::play(const CaseStep& step) {
    if (step.is_judged()) {
        auto seen = send(step);
        if (!seen.ok()) return at_step(step, seen.error());
        return seen;
    }
    Seen nothing;
    if (step.kind == CaseStep::Kind::Advance) {
        advance(step.seconds);
        return nothing;
    }
    const bool cluster = step.kind == CaseStep::Kind::SetCluster;
    store_.replace(cluster ? kClusterSource : kPolicySource, step.objects);
    const auto published = publish();
    if (!published.ok()) return at_step(step, published.error());
    nothing.changed = *published;
    return nothing;
}

}  // namespace tierwall::ctl
