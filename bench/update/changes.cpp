// SPDX-License-Identifier: Apache-2.0
#include "bench/update/measures.hpp"
#include "bench/update/openings.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kFlows = 1u << 18;
constexpr double kEnforcedMax_s = 20;
constexpr double kSeenMax_s = 5;
constexpr std::size_t kSurveyed = 1024;

/// Latencies of one kind of change, and what went wrong with some.
struct Latencies {
    std::vector<std::vector<double>> runs_ms;
    std::vector<double> all_ms;
    std::vector<double> compile_ms;
    std::size_t never = 0;     ///< not enforced in time
    std::size_t unusable = 0;  ///< something else decided the packet

    void start_run() { runs_ms.emplace_back(); }
    void add(double ms, double of_compiler_ms) {
        runs_ms.back().push_back(ms);
        all_ms.push_back(ms);
        compile_ms.push_back(of_compiler_ms);
    }
    std::vector<double> quantiles(double part) const {
        std::vector<double> out;
        for (const auto& run : runs_ms) {
            if (!run.empty()) out.push_back(quantile(run, part));
        }
        return out;
    }
    Figures::Json details(const char* target) const {
        return {{"target", target},
                {"latency_ms", distribution(all_ms)},
                {"compile_ms", distribution(compile_ms)},
                {"never_enforced", never},
                {"unusable", unusable}};
    }
};

/// Makes a change and waits for the probe's verdict. Fails only when nothing works any more.
base::Status time_change(Rig& rig, const std::function<void()>& change, Seen wanted,
                         Latencies& latencies) {
    const std::uint64_t start = now_ns();
    change();
    TW_TRY(published, rig.publish());
    const std::uint64_t seen = rig.wait_seen(0, wanted, kEnforcedMax_s);
    if (seen == 0) {
        ++latencies.never;
    } else {
        latencies.add(static_cast<double>(seen - start) * 1e-6, rig.compile_ms());
    }
    return rig.wait_acked();
}

/// Is the only probe denied, as it should be before the change?
bool starts_denied(Rig& rig, const ShownFrame& frame) {
    rig.show_probes({&frame, 1});
    return rig.wait_seen(0, Seen::Denied, kSeenMax_s) != 0 &&
           rig.board().probe[0].seen.load() == Seen::Denied;
}

/// An application with a connection that its pods may make.
struct Talker {
    const Space* space = nullptr;
    const App* app = nullptr;
    Connection connection;
};

std::vector<Talker> talkers(Rig& rig, const Generated& generated, std::uint64_t seed) {
    std::map<base::Address, const kube::Pod*> pods;
    for (const auto& [_, pod] : rig.objects().cluster.pods) pods[pod.addresses.front()] = &pod;
    Traffic traffic(generated, seed);
    auto proposals = traffic.pick(kSurveyed, [&](const Connection& each) {
        return each.source.is_v4() && pods.contains(each.source);
    });
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        proposals[i].source_port = static_cast<std::uint16_t>(2000 + i);
    }
    const std::vector<bool> allowed = rig.survey(proposals);
    std::map<std::string, const Space*> spaces;
    for (const Space& space : generated.population.spaces) spaces[space.name] = &space;
    std::vector<Talker> found;
    for (std::size_t i = 0; i < proposals.size(); ++i) {
        if (!allowed[i]) continue;
        const kube::Pod& pod = *pods.at(proposals[i].source);
        const Space* space = spaces.at(pod.namespace_name);
        for (const App& app : space->apps) {
            if (app.name == pod.labels.at("app")) found.push_back({space, &app, proposals[i]});
        }
    }
    return found;
}

base::Status measure_pod_add(Loaded& loaded, Figures& figures, std::uint64_t seed) {
    if (!figures.wants("pod_add_p99_ms")) return base::Done{};
    Rig& rig = *loaded.rig;
    const Generated generated{loaded.population, {}};
    const std::vector<Talker> choices = talkers(rig, generated, seed);
    if (choices.empty()) return base::Error{base::Errc::NotFound, "pods", "none may talk"};
    Random random(seed);
    Latencies latencies;
    auto number = static_cast<std::uint32_t>(rig.objects().cluster.pods.size());
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("pod_add: run " + std::to_string(run + 1));
        latencies.start_run();
        for (int i = 0; i < (figures.quick() ? 100 : 300); ++i) {
            const Talker& talker = random.pick(choices);
            const kube::Pod pod =
                replica(generated.population, *talker.space, *talker.app, ++number);
            Connection connection = talker.connection;
            connection.source = pod.addresses.front();
            if (!starts_denied(rig, frame_of(connection, kPodsPort))) {
                ++latencies.unusable;
                continue;
            }
            const kube::Decoded object = decoded(pod);
            TW_TRY(added, time_change(
                              rig, [&] { rig.put(object); }, Seen::Allowed, latencies));
            rig.hide_probes();
            rig.store().remove(Rig::kSource, object.key);
            TW_TRY(published, rig.publish());
            TW_TRY(acked, rig.wait_acked());
        }
    }
    figures.put("pod_add_p99_ms", latencies.quantiles(0.99), latencies.details("<= 5"));
    return base::Done{};
}

base::Status measure_policy_change(Loaded& loaded, Figures& figures, std::uint64_t seed) {
    if (!figures.wants("policy_change_p50_ms") && !figures.wants("policy_change_p99_ms")) {
        return base::Done{};
    }
    Rig& rig = *loaded.rig;
    Openings openings(rig.objects(), seed);
    if (openings.choices() == 0) return base::Error{base::Errc::NotFound, "policies", "none"};
    Latencies latencies;
    std::vector<std::vector<double>> of_way(kWays);
    std::uint32_t number = 0;
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("policy_change: run " + std::to_string(run + 1));
        latencies.start_run();
        for (int i = 0; i < (figures.quick() ? 60 : 150); ++i, ++number) {
            const Opening opening = openings.make(static_cast<Way>(number % kWays), number);
            if (!starts_denied(rig, opening.frame)) {
                ++latencies.unusable;
                continue;
            }
            const std::size_t before = latencies.all_ms.size();
            TW_TRY(opened,
                   time_change(
                       rig, [&] { openings.open(rig, opening); }, Seen::Allowed, latencies));
            TW_TRY(closed,
                   time_change(
                       rig, [&] { openings.close(rig, opening); }, Seen::Denied, latencies));
            auto& own = of_way[number % kWays];
            own.insert(own.end(), latencies.all_ms.begin() + static_cast<std::ptrdiff_t>(before),
                       latencies.all_ms.end());
        }
    }
    Figures::Json details = latencies.details("p50 <= 20, p99 <= 100");
    const char* names[] = {"new_block", "known_peer", "new_selector", "new_policy"};
    for (std::size_t way = 0; way < kWays; ++way) {
        details["by_way"][names[way]] = distribution(of_way[way]);
    }
    figures.put("policy_change_p50_ms", latencies.quantiles(0.5), details);
    figures.put("policy_change_p99_ms", latencies.quantiles(0.99), details);
    return base::Done{};
}

constexpr std::uint16_t kZonePort = 7778;

/// Puts the pods of namespaces with `bench-zone: b` under one more policy.
kube::ClusterNetworkPolicy zone_policy() {
    kube::ClusterNetworkPolicy policy;
    policy.name = "a-zone";
    policy.tier = "Admin";
    policy.priority = 0;
    policy.subject.emplace().namespaces.emplace().match_labels = {{"bench-zone", "b"}};
    kube::ClusterPolicyRule rule;
    rule.action = "Accept";
    rule.peers.emplace().emplace_back().namespaces.emplace().match_labels = {
        {"kubernetes.io/metadata.name", "ingress"}};
    rule.protocols.emplace().emplace_back().tcp.emplace().destination_port.emplace().number =
        kZonePort;
    policy.ingress.push_back(std::move(rule));
    return policy;
}

/// Namespaces with about a hundred pods.
std::vector<std::string> hundreds(const kube::Objects& objects) {
    std::map<std::string, std::size_t> pods;
    for (const auto& [_, pod] : objects.cluster.pods) ++pods[pod.namespace_name];
    std::vector<std::string> names;
    for (const auto& [name, count] : pods) {
        const bool tenant = name.starts_with("team-");
        if (tenant && count >= 80 && count <= 125) names.push_back(name);
    }
    return names;
}

base::Status measure_relabel(Loaded& loaded, Figures& figures, std::uint64_t seed) {
    if (!figures.wants("namespace_relabel_p99_ms")) return base::Done{};
    Rig& rig = *loaded.rig;
    const std::vector<std::string> names = hundreds(rig.objects());
    if (names.empty()) return base::Error{base::Errc::NotFound, "namespaces", "none of 100 pods"};
    rig.put(decoded(zone_policy()));
    TW_TRY(published, rig.publish());
    TW_TRY(acked, rig.wait_acked());
    const base::Address source =
        rig.objects().cluster.pods.lower_bound("ingress/")->second.addresses.front();
    Random random(seed);
    Latencies latencies;
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("namespace_relabel: run " + std::to_string(run + 1));
        latencies.start_run();
        for (int i = 0; i < (figures.quick() ? 20 : 50); ++i) {
            const kube::Namespace before = rig.objects().cluster.namespaces.at(random.pick(names));
            kube::Namespace after = before;
            after.labels["bench-zone"] = "b";
            after.labels["team"] = random.pick(loaded.population.teams);
            const auto pod = rig.objects().cluster.pods.lower_bound(before.name + "/");
            const Connection connection{
                .source = source,
                .destination = pod->second.addresses.front(),
                .destination_port = kZonePort,
                .source_port = static_cast<std::uint16_t>(1024 + random.below(60'000))};
            if (!starts_denied(rig, frame_of(connection, kPodsPort))) {
                ++latencies.unusable;
                continue;
            }
            TW_TRY(there, time_change(
                              rig, [&] { rig.put(decoded(after)); }, Seen::Allowed, latencies));
            TW_TRY(back, time_change(
                             rig, [&] { rig.put(decoded(before)); }, Seen::Denied, latencies));
        }
    }
    figures.put("namespace_relabel_p99_ms", latencies.quantiles(0.99), latencies.details("<= 200"));
    return base::Done{};
}

}  // namespace

base::Status measure_changes(const Setting& setting, Figures& figures) {
    bool any = false;
    for (const char* key : {"pod_add_p99_ms", "policy_change_p50_ms", "policy_change_p99_ms",
                            "namespace_relabel_p99_ms"}) {
        any = any || figures.wants(key);
    }
    if (!any) return base::Done{};
    figures.say("changes: a cluster is loaded");
    TW_TRY(loaded, load_cluster(setting, kFlows));
    TW_TRY(policies, measure_policy_change(loaded, figures, setting.shape.seed));
    TW_TRY(pods, measure_pod_add(loaded, figures, setting.shape.seed));
    TW_TRY(relabelled, measure_relabel(loaded, figures, setting.shape.seed));
    return base::Done{};
}

}  // namespace tierwall::bench
