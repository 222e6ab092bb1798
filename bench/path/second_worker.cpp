// SPDX-License-Identifier: Apache-2.0
#include "bench/path/core.hpp"
#include "bench/path/measures.hpp"
#include "bench/path/stand.hpp"

#include <rte_lcore.h>

#include <algorithm>
#include <barrier>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kTwoWorkersRules = 10'000;
constexpr std::size_t kTwoWorkersFlows = 1u << 16;

/// As if one worker had moved all packets at the speed that both have together.
Slice together(const Slice& a, const Slice& b) {
    const double mpps = a.mpps() + b.mpps();
    const std::uint64_t packets = a.packets + b.packets;
    return {packets, static_cast<double>(packets) / mpps / 1e6, std::max(a.wall_s, b.wall_s)};
}

/// Runs `run(worker)` for workers 0 (here) and 1 (in a thread on another core), beginning at once.
template <typename Run>
Slice run_both(Run&& run) {
    std::barrier begin(2);
    Slice second;
    std::thread other([&] {
        sit_on_core(1);
        const bool registered = rte_thread_register() == 0;
        begin.arrive_and_wait();
        second = run(std::uint16_t{1});
        if (registered) rte_thread_unregister();
    });
    begin.arrive_and_wait();
    const Slice first = run(std::uint16_t{0});
    other.join();
    return together(first, second);
}

/// Open connections, dealt to one worker or two.
struct Crew {
    std::unique_ptr<Bed> bed;
    std::unique_ptr<Firewall> firewall;
    std::unique_ptr<FlowSet> set;

    static base::Result<Crew> make(Enforced& enforced, std::span<const Connection> connections,
                                   std::uint16_t workers) {
        Crew crew;
        TW_TRY(bed, Bed::create(workers));
        crew.bed = std::move(bed);
        TW_TRY(firewall,
               Firewall::create(*crew.bed, enforced.enforcer(), kTwoWorkersFlows * 3 / 2));
        crew.firewall = std::move(firewall);
        TW_TRY(set, FlowSet::create(enforced, connections, kTwoWorkersFlows, workers));
        crew.set = std::move(set);
        TW_TRY(opened, crew.set->establish(*crew.bed, *crew.firewall));
        return crew;
    }
};

}  // namespace

base::Status measure_second_worker(Results& results) {
    if (!results.wants("second_worker_ratio") && !results.wants("curves")) return base::Done{};
    if (cores() < 2) {
        return base::Error{base::Errc::Limit, "second_worker_ratio", "needs two cores"};
    }
    results.say("second worker: making a cluster with 10,000 rules");
    TW_TRY(enforced, Enforced::create(shape_of_rules(kTwoWorkersRules)));
    const std::vector<Connection> connections = enforced->allowed(kTwoWorkersFlows, 17);
    TW_TRY(one, Crew::make(*enforced, connections, 1));
    TW_TRY(two, Crew::make(*enforced, connections, 2));
    one.set->show(*one.bed);
    two.set->show(*two.bed);
    std::vector<Contender> contenders{
        {"one worker", [&](double seconds) { return one.firewall->run(0, seconds); }},
        {"two workers",
         [&](double seconds) {
             return run_both(
                 [&](std::uint16_t worker) { return two.firewall->run(worker, seconds); });
         }},
        {"base, one", [&](double seconds) { return one.bed->run_base(0, seconds); }},
        {"base, two", [&](double seconds) {
             return run_both(
                 [&](std::uint16_t worker) { return two.bed->run_base(worker, seconds); });
         }}};
    results.compare("second worker", contenders);
    Results::Json figures = conditions(*enforced, kTwoWorkersFlows);
    for (const Contender& each : contenders) figures[each.name] = json_of(each);
    figures["base_ratio"] = json_of(speed_ratio(contenders[3], contenders[2]));
    figures["shares"] = {two.set->of_worker(0), two.set->of_worker(1)};
    if (results.wants("second_worker_ratio")) {
        results.put("second_worker_ratio", speed_ratio(contenders[1], contenders[0]),
                    std::move(figures));
    }
    if (!results.wants("curves")) return base::Done{};
    results.note("by_workers", {{"base", {point(1, contenders[2]), point(2, contenders[3])}},
                                {"Tierwall", {point(1, contenders[0]), point(2, contenders[1])}}});
    return base::Done{};
}

}  // namespace tierwall::bench
