// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/real_path.hpp"

#include "control/ctl/names.hpp"
#include "control/ctl/objects.hpp"
#include "control/ctl/probe_packet.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace tierwall::oracle {

namespace {

constexpr std::uint16_t kUplink = 0;
constexpr std::uint16_t kPods = 1;

template <typename T>
T must(base::Result<T> result) {
    if (!result.ok()) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::abort();
    }
    return std::move(*result);
}

base::Address to_address(const Ip& ip) {
    return ip.v6 ? base::Address::v6(ip.bytes.data()) : base::Address::v4(ip.bytes.data());
}

ctl::Names names(const Scenario& scenario) {
    std::string lines;
    for (const Json& item : scenario.cluster["dns"]) lines += item.dump() + "\n";
    return must(ctl::parse_names(lines, "dns"));
}

std::string describe(const RealSide& side) {
    std::string out = std::string(side.allow ? "allow " : "deny ") + side.tier;
    if (side.place) out += " " + side.place->first + " " + std::to_string(side.place->second);
    return out;
}

std::string describe(const Side& side) {
    std::string out = std::string(side.allow ? "allow " : "deny ") + side.tier;
    for (const RulePlace& place : side.places) {
        out += " " + place.first + " " + std::to_string(place.second);
    }
    return out;
}

bool accepts(const Side& expected, const RealSide& real) {
    if (expected.allow != real.allow || expected.tier != real.tier) return false;
    if (!real.place) return expected.places.empty();
    return expected.places.contains(*real.place);
}

}  // namespace

RealPath::RealPath(const std::string& scope_node) {
    agent::Enforcer::Options options;
    if (!scope_node.empty()) options.scope = "node:" + scope_node;
    options.addresses_max = 512;
    enforcer_ = must(agent::Enforcer::create(options));
    worker::Pipeline::Config config;
    config.ports.resize(2);
    config.ports[kUplink].side = worker::Side::Uplink;
    config.ports[kPods].side = worker::Side::Pods;
    config.flows_max = 64;
    pipeline_ = must(worker::Pipeline::create(config, enforcer_->addresses()));
}

RealPath::~RealPath() = default;

std::optional<std::string> RealPath::enforce(const Scenario& scenario) {
    const auto objects = ctl::read_objects_text(manifests(scenario).dump(), "scenario");
    if (!objects.ok()) return objects.error().text();
    compile::Input input;
    input.cluster = &objects->cluster;
    input.policies = objects->policies;
    input.names = names(scenario);
    const auto output = compiler_.compile(input);
    if (!output.ok()) return output.error().text();
    std::vector<base::Error> problems;
    const base::Status status = enforcer_->apply(output->resources, ++epoch_, problems);
    if (!status.ok()) {
        return problems.empty() ? status.error().text() : problems.front().text();
    }
    enforcer_->reclaim();
    return std::nullopt;
}

RealAnswer RealPath::ask_tiers(const Probe& probe) const {
    const auto asked = enforcer_->ask(to_address(probe.source), to_address(probe.destination),
                                      static_cast<std::uint8_t>(probe.protocol),
                                      static_cast<std::uint16_t>(probe.port));
    RealAnswer real = answer(asked.egress, asked.ingress);
    real.allow = asked.allowed;
    return real;
}

RealAnswer RealPath::ask_packets(const Probe& probe) {
    const base::Address source = to_address(probe.source);
    const auto bytes = ctl::probe_packet({source, to_address(probe.destination),
                                          static_cast<std::uint8_t>(probe.protocol), 40000,
                                          static_cast<std::uint16_t>(probe.port), std::nullopt});
    const auto length = static_cast<std::uint32_t>(bytes.size());
    const std::uint16_t port = enforcer_->entry(source).is_subject() ? kPods : kUplink;
    const std::array<worker::Frame, 1> frames{{{bytes.data(), length, length, port}}};
    std::array<parse::Headers, 1> headers;
    std::array<worker::Outcome, 1> outcomes;
    pipeline_->judge(frames, {enforcer_->published().load(), 1000}, headers, outcomes);
    pipeline_->forget_flows();
    const worker::Outcome& outcome = outcomes.front();
    RealAnswer real = answer(outcome.egress, outcome.ingress);
    real.judged = outcome.judged;
    real.reason = base::name(outcome.verdict.reason);
    real.allow = outcome.verdict.action == base::Action::Allow;
    return real;
}

RealSide RealPath::side(const base::Decision& decision) const {
    RealSide out{decision.action == base::Action::Allow, base::tier_name(decision.tier), {}};
    if (decision.rule == base::kNoRule) return out;
    const auto rule = enforcer_->rule(decision.rule);
    out.place = rule ? RulePlace{rule->policy, rule->index} : RulePlace{"unknown rule", -2};
    return out;
}

RealAnswer RealPath::answer(const base::Decision& egress, const base::Decision& ingress) const {
    RealAnswer out;
    out.egress = side(egress);
    out.ingress = side(ingress);
    return out;
}

std::optional<std::string> difference(const Judgement& expected, const RealAnswer& real) {
    if (!real.judged) return "policy was not asked: " + real.reason;
    const bool same = expected.allow == real.allow && accepts(expected.egress, real.egress) &&
                      accepts(expected.ingress, real.ingress);
    if (same) return std::nullopt;
    return "expected " + std::string(expected.allow ? "allow" : "deny") + " (egress " +
           describe(expected.egress) + "; ingress " + describe(expected.ingress) + "), got " +
           (real.allow ? "allow" : "deny") + " (egress " + describe(real.egress) + "; ingress " +
           describe(real.ingress) + ")";
}

}  // namespace tierwall::oracle
