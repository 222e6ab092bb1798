// SPDX-License-Identifier: Apache-2.0
#include "bench/update/measures.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kFlows = 1u << 18;
constexpr double kEnforcedMax_s = 120;
constexpr std::uint32_t kRound_us = 50;
constexpr std::uint32_t kSeldom_us = 1000;

double ms_between(std::uint64_t from_ns, std::uint64_t to_ns) {
    return static_cast<double>(to_ns - from_ns) * 1e-6;
}

/// Nobody isolates the cluster's own DNS: allowed as soon as anything is enforced.
Connection always_allowed(const Generated& generated) {
    const auto pod_of = [&](std::size_t space) {
        const std::string inside = generated.population.spaces[space].name + "/";
        return generated.objects.cluster.pods.lower_bound(inside)->second;
    };
    return {.source = pod_of(Population::kMonitoring).addresses.front(),
            .destination = pod_of(Population::kSystem).addresses.front(),
            .protocol = 17,
            .destination_port = 53,
            .source_port = 9};
}

}  // namespace

base::Result<Loaded> load_cluster(const Setting& setting, std::uint32_t flows) {
    Loaded loaded;
    kube::Contents contents;
    Connection probe;
    Figures::Json size;
    {
        Generated generated = generate(setting.shape);
        probe = always_allowed(generated);
        size["pods"] = generated.objects.cluster.pods.size();
        size["namespaces"] = generated.objects.cluster.namespaces.size();
        size["nodes"] = generated.objects.cluster.nodes.size();
        size["policies"] = generated.objects.network_policies.size() +
                           generated.objects.cluster_network_policies.size();
        size["rules"] = rules(generated.objects);
        for (kube::Decoded& object : decoded(generated.objects)) {
            contents.push_back(std::make_shared<const kube::Decoded>(std::move(object)));
        }
        loaded.population = std::move(generated.population);
    }
    TW_TRY(rig, Rig::start(flows, setting.verbose));
    forget_peak();
    const ShownFrame frame = frame_of(probe, kPodsPort);
    // Seldom enough for the worker to sleep in between, as it does without traffic.
    rig->board().probe_round_us.store(kSeldom_us);
    rig->show_probes({&frame, 1});
    if (rig->wait_seen(0, Seen::Denied, 10) == 0) {
        return base::Error{base::Errc::Internal, "probe", "passes though nothing is enforced"};
    }

    const std::array<double, 2> cpu_before{cpu_s(::getpid()), cpu_s(rig->dataplane())};
    const std::uint64_t start = now_ns();
    rig->store().replace(Rig::kSource, std::move(contents));
    const std::uint64_t stored = now_ns();
    TW_TRY(published, rig->publish());
    const std::uint64_t sent = now_ns();
    const std::uint64_t enforced = rig->wait_seen(0, Seen::Allowed, kEnforcedMax_s);
    if (enforced == 0) return base::Error{base::Errc::Internal, "probe", "never passes"};
    TW_TRY(acked, rig->wait_acked());

    const double cpu_here = cpu_s(::getpid()) - cpu_before[0];
    const double cpu_there = cpu_s(rig->dataplane()) - cpu_before[1];
    loaded.seconds = ms_between(start, enforced) * 1e-3;
    const double here_mb = peak_mb(::getpid());
    const double there_mb = peak_mb(rig->dataplane());
    loaded.peak_mb = here_mb + there_mb;
    loaded.figures = {{"cluster", size},
                      {"store_ms", ms_between(start, stored)},
                      {"compile_ms", rig->compile_ms()},
                      {"publish_ms", ms_between(stored, sent) - rig->compile_ms()},
                      {"dataplane_ms", ms_between(sent, enforced)},
                      {"sync_cpu_s", cpu_here},
                      {"dataplane_cpu_s", cpu_there},
                      {"sync_mb", here_mb},
                      {"dataplane_mb", there_mb}};
    loaded.rig = std::move(rig);
    loaded.rig->hide_probes();
    loaded.rig->board().probe_round_us.store(kRound_us);
    return loaded;
}

base::Status measure_full_compile(const Setting& setting, Figures& figures) {
    if (!figures.wants("full_compile_s") && !figures.wants("full_compile_mb")) {
        return base::Done{};
    }
    std::vector<double> seconds;
    std::vector<double> megabytes;
    Figures::Json details = Figures::Json::array();
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("full_compile: run " + std::to_string(run + 1) + " of " +
                    std::to_string(figures.runs()));
        TW_TRY(loaded, load_cluster(setting, kFlows));
        seconds.push_back(loaded.seconds);
        megabytes.push_back(loaded.peak_mb);
        details.push_back(std::move(loaded.figures));
    }
    figures.put("full_compile_s", seconds, {{"target", "<= 5"}, {"runs", details}});
    figures.put("full_compile_mb", megabytes, {{"target", "<= 1500"}});
    return base::Done{};
}

}  // namespace tierwall::bench
