// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/real_path.hpp"

#include "control/ctl/names.hpp"
#include "control/ctl/probe_packet.hpp"
#include "control/dialect/translate.hpp"
#include "control/document/parse.hpp"
#include "control/kube/decode.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace tierwall::oracle {

/// The input of the last successful compilation.
struct RealPath::Past {
    kube::Cluster cluster;
    std::vector<policy::Policy> policies;
};

namespace {

constexpr std::uint16_t kUplink = 0;
constexpr std::uint16_t kPods = 1;
constexpr std::uint64_t kNow_ms = 1000;

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

base::Result<kube::Contents> decode(const std::string& text) {
    TW_TRY(documents, document::parse(text, "scenario"));
    std::vector<kube::Decoded> decoded;
    for (const document::Value& root : documents.roots()) kube::decode(root, "scenario", decoded);
    kube::Contents contents;
    for (kube::Decoded& object : decoded) {
        contents.push_back(std::make_shared<const kube::Decoded>(std::move(object)));
    }
    return contents;
}

template <typename T>
std::vector<std::string> changed(const std::map<std::string, T>& before,
                                 const std::map<std::string, T>& now) {
    std::vector<std::string> names;
    for (const auto& [name, value] : now) {
        const auto found = before.find(name);
        if (found == before.end() || !(found->second == value)) names.push_back(name);
    }
    for (const auto& [name, value] : before) {
        if (!now.contains(name)) names.push_back(name);
    }
    return names;
}

std::map<std::string, policy::Policy> by_path(const std::vector<policy::Policy>& policies) {
    std::map<std::string, policy::Policy> out;
    for (const policy::Policy& policy : policies) out.emplace(policy.path(), policy);
    return out;
}

std::string describe(const std::string& tier, bool allow, const std::set<RulePlace>& places) {
    std::string out = std::string(allow ? "allow " : "deny ") + tier;
    for (const RulePlace& place : places) {
        out += " " + place.policy + " " + std::to_string(place.index);
        if (!place.name.empty()) out += " \"" + place.name + "\"";
    }
    return out;
}

std::string describe(const RealSide& side) {
    return describe(side.tier, side.allow,
                    side.place ? std::set<RulePlace>{*side.place} : std::set<RulePlace>{});
}

std::string describe(const Side& side) { return describe(side.tier, side.allow, side.places); }

/// Of a Judgement or a RealAnswer.
template <typename Answer>
std::string describe_all(const Answer& answer) {
    std::string out = std::string(answer.allow ? "allow" : "deny") + " (egress " +
                      describe(answer.egress) + "; ingress " + describe(answer.ingress);
    if (answer.audit) {
        out += std::string("; audited ") + (answer.audit->egress ? "egress " : "ingress ") +
               describe(answer.audit->side);
    }
    return out + ")";
}

bool accepts(const Side& expected, const RealSide& real) {
    if (expected.allow != real.allow || expected.tier != real.tier) return false;
    if (!real.place) return expected.places.empty();
    return expected.places.contains(*real.place);
}

bool accepts(const std::optional<Denial>& expected, const std::optional<RealDenial>& real) {
    if (!expected || !real) return !expected && !real;
    return expected->egress == real->egress && accepts(expected->side, real->side);
}

}  // namespace

RealPath::RealPath() : RealPath(Manner()) {}

RealPath::RealPath(const Manner& manner) : tells_changes_(manner.tells_changes) {
    agent::Enforcer::Options options;
    if (!manner.scope_node.empty()) options.scope = "node:" + manner.scope_node;
    options.own_node_egress = manner.own_node_egress;
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
    return enforce(manifests(scenario).dump(), names_text(scenario));
}

std::optional<std::string> RealPath::enforce(const std::string& manifests,
                                             const std::string& names) {
    auto contents = decode(manifests);
    if (!contents.ok()) return contents.error().text();
    store_.replace("scenario", std::move(*contents));
    const std::vector<std::string> blocked = store_.blocked();
    if (!blocked.empty()) return blocked.front();
    std::vector<kube::Problem> problems;
    Past now{store_.objects().cluster, dialect::translate(store_.objects(), problems)};
    compile::Input input;
    input.cluster = &now.cluster;
    input.policies = now.policies;
    input.names = must(ctl::parse_names(names, "names"));
    compile::Changes changes;
    if (tells_changes_ && past_ != nullptr) {
        changes = {changed(by_path(past_->policies), by_path(now.policies)),
                   changed(past_->cluster.namespaces, now.cluster.namespaces),
                   changed(past_->cluster.nodes, now.cluster.nodes),
                   changed(past_->cluster.pods, now.cluster.pods)};
        input.changes = &changes;
    }
    const auto output = compiler_.compile(input);
    if (!output.ok()) return output.error().text();
    past_ = std::make_unique<Past>(std::move(now));
    return load(output->resources);
}

std::optional<std::string> RealPath::load(const proto::ResourceSet& resources) {
    carried_.apply(resources.since(carried_));
    if (!(carried_.hash() == resources.hash())) return "the difference leads elsewhere";
    std::vector<base::Error> problems;
    const base::Status status = enforcer_->apply(carried_, ++epoch_, problems);
    if (!status.ok()) return problems.empty() ? status.error().text() : problems.front().text();
    enforcer_->reclaim();
    return std::nullopt;
}

RealAnswer RealPath::ask_tiers(const Probe& probe) const {
    const auto asked = enforcer_->ask(to_address(probe.source), to_address(probe.destination),
                                      static_cast<std::uint8_t>(probe.protocol),
                                      static_cast<std::uint16_t>(probe.port));
    RealAnswer real = answer(asked.egress, asked.ingress, asked.audit);
    real.allow = asked.allowed;
    return real;
}

RealAnswer RealPath::ask_packets(const Probe& probe) {
    const bool from_pods = enforcer_->entry(to_address(probe.source)).is_subject();
    return ask_packet(packet_of(probe), from_pods ? kPods : kUplink);
}

RealAnswer RealPath::ask_packet(const std::vector<std::uint8_t>& bytes, std::uint16_t port) {
    const auto length = static_cast<std::uint32_t>(bytes.size());
    const std::array<worker::Frame, 1> frames{{{bytes.data(), length, length, port}}};
    std::array<parse::Headers, 1> headers;
    std::array<worker::Outcome, 1> outcomes;
    pipeline_->judge(frames, {enforcer_->published().load(), kNow_ms}, headers, outcomes);
    pipeline_->forget_flows();
    const worker::Outcome& outcome = outcomes.front();
    RealAnswer real = answer(outcome.egress, outcome.ingress, outcome.audit);
    real.judged = outcome.judged;
    real.reason = base::name(outcome.verdict.reason);
    real.allow = outcome.verdict.action == base::Action::Allow;
    return real;
}

RealSide RealPath::side(const base::Decision& decision) const {
    RealSide out{decision.action == base::Action::Allow, base::tier_name(decision.tier), {}};
    if (decision.rule == base::kNoRule) return out;
    const auto rule = enforcer_->rule(decision.rule);
    out.place =
        rule ? RulePlace{rule->policy, rule->index, rule->name} : RulePlace{"unknown rule", -2, ""};
    return out;
}

RealAnswer RealPath::answer(const base::Decision& egress, const base::Decision& ingress,
                            const base::Decision& audit) const {
    RealAnswer out;
    out.egress = side(egress);
    out.ingress = side(ingress);
    if (audit.action == base::Action::Allow) return out;
    const auto rule = enforcer_->rule(audit.rule);
    out.audit = RealDenial{rule && rule->direction == "egress", side(audit)};
    return out;
}

std::vector<std::uint8_t> packet_of(const Probe& probe) {
    return ctl::probe_packet({to_address(probe.source), to_address(probe.destination),
                              static_cast<std::uint8_t>(probe.protocol),
                              static_cast<std::uint16_t>(probe.source_port),
                              static_cast<std::uint16_t>(probe.port), std::nullopt});
}

std::optional<std::string> difference(const Judgement& expected, const RealAnswer& real) {
    if (!real.judged) return "policy was not asked: " + real.reason;
    const bool same = expected.allow == real.allow && accepts(expected.egress, real.egress) &&
                      accepts(expected.ingress, real.ingress) &&
                      accepts(expected.audit, real.audit);
    if (same) return std::nullopt;
    return "expected " + describe_all(expected) + ", got " + describe_all(real);
}

}  // namespace tierwall::oracle
