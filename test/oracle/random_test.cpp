// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/real_path.hpp"
#include "test/oracle/shrink.hpp"
#include "test/support/eal.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>

// ORACLE_SECONDS: how long in all (default 80). ORACLE_SEED: the first seed (default 1).

namespace {

namespace oracle = tierwall::oracle;
using tierwall::oracle::Json;
using tierwall::support::Eal;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProbes = 400;
constexpr std::size_t kProbesOfStep = 120;
constexpr int kSteps = 15;
constexpr int kReportsMax = 3;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Clock::time_point deadline(int percent) {
    const auto all_ms = setting("ORACLE_SECONDS", 80) * 1000;
    return Clock::now() +
           std::chrono::milliseconds(all_ms * static_cast<std::uint64_t>(percent) / 100);
}

struct Tally {
    std::uint64_t seeds = 0;
    std::uint64_t snapshots = 0;
    std::uint64_t decisions = 0;
    std::uint64_t allowed = 0;
    int disagreements = 0;

    void print(const char* what) const {
        std::cout << "figure: oracle " << what << ": " << seeds << " seeds, " << snapshots
                  << " snapshots, " << decisions << " decisions (" << allowed << " allowed), "
                  << disagreements << " disagreements\n";
    }
};

/// Addresses that no packet may carry, or that are not a matter of policy alone.
bool is_special(const oracle::Ip& ip) {
    if (ip.v6) {
        const bool mapped = oracle::contains(oracle::read_block("::/96"), ip) ||
                            oracle::contains(oracle::read_block("::ffff:0:0/96"), ip);
        return mapped || ip.bytes[0] == 0xff || (ip.bytes[0] == 0xfe && ip.bytes[1] >= 0x80);
    }
    return ip.bytes[0] == 0 || ip.bytes[0] == 127 || ip.bytes[0] >= 224 ||
           (ip.bytes[0] == 169 && ip.bytes[1] == 254);
}

Json as_json(const oracle::Probe& probe) {
    return {{"from", oracle::text(probe.source)},
            {"to", oracle::text(probe.destination)},
            {"protocol", probe.protocol},
            {"port", probe.port}};
}

/// Compares both engines with the oracle.
std::optional<std::string> compare(oracle::RealPath& real, const oracle::World& world,
                                   const oracle::Probe& probe, Tally& tally) {
    const oracle::Judgement expected = oracle::judge(world, probe);
    ++tally.decisions;
    tally.allowed += expected.allow ? 1 : 0;
    if (auto wrong = oracle::difference(expected, real.ask_tiers(probe))) return "tiers: " + *wrong;
    if (is_special(probe.source) || is_special(probe.destination)) return std::nullopt;
    ++tally.decisions;
    tally.allowed += expected.allow ? 1 : 0;
    if (auto wrong = oracle::difference(expected, real.ask_packets(probe))) {
        return "packets: " + *wrong;
    }
    return std::nullopt;
}

oracle::World world_of(const oracle::Scenario& scenario, const std::string& scope) {
    oracle::World world = oracle::read_world(scenario.cluster, scenario.policies);
    world.scope_node = scope;
    return world;
}

void report(std::uint64_t seed, const oracle::Scenario& scenario, const oracle::Probe& probe,
            const std::string& scope) {
    std::string last;
    const auto still_fails = [&](const oracle::Scenario& smaller) {
        Tally ignored;
        oracle::RealPath real(scope);
        if (real.enforce(smaller)) return false;
        const auto wrong = compare(real, world_of(smaller, scope), probe, ignored);
        if (wrong) last = *wrong;
        return wrong.has_value();
    };
    if (!still_fails(scenario)) {
        BOOST_ERROR("seed " << seed << ": only after updates, not from an empty state");
        return;
    }
    const oracle::Scenario small = oracle::shrink(scenario, still_fails);
    still_fails(small);
    const Json kept{{"cluster", small.cluster}, {"policies", small.policies}};
    BOOST_TEST(last.empty(), "seed " << seed << " scope \"" << scope << "\" probe "
                                     << as_json(probe).dump() << "\n"
                                     << last << "\n"
                                     << kept.dump(1));
}

/// Every fifth cluster is seen from one of its nodes.
std::string scope_of(const oracle::Scenario& scenario, std::uint64_t seed) {
    const Json& nodes = scenario.cluster["nodes"];
    return seed % 5 == 0 && !nodes.empty() ? nodes[0]["name"].get<std::string>() : "";
}

void check(oracle::RealPath& real, const oracle::Scenario& scenario, const std::string& scope,
           oracle::Random& random, std::size_t count, std::uint64_t seed, Tally& tally) {
    const oracle::World world = world_of(scenario, scope);
    for (const oracle::Probe& probe : oracle::probes(scenario, random, count)) {
        const auto wrong = compare(real, world, probe, tally);
        if (!wrong) continue;
        if (++tally.disagreements > kReportsMax) continue;
        std::cout << "seed " << seed << ": " << as_json(probe).dump() << " " << *wrong << "\n";
        report(seed, scenario, probe, scope);
        return;
    }
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Eal);

BOOST_AUTO_TEST_CASE(random_clusters_are_judged_as_the_text_of_the_api_says) {
    Tally tally;
    const auto end = deadline(60);
    for (std::uint64_t seed = setting("ORACLE_SEED", 1); Clock::now() < end; ++seed) {
        oracle::Random random(seed);
        const oracle::Scenario scenario = oracle::generate(random);
        const std::string scope = scope_of(scenario, seed);
        oracle::RealPath real(scope);
        const auto refused = real.enforce(scenario);
        BOOST_REQUIRE_MESSAGE(!refused, "seed " << seed << ": " << refused.value_or(""));
        ++tally.seeds;
        ++tally.snapshots;
        check(real, scenario, scope, random, kProbes, seed, tally);
        if (tally.disagreements >= kReportsMax) break;
    }
    tally.print("from empty");
    BOOST_TEST(tally.disagreements == 0);
    BOOST_TEST(tally.allowed > tally.decisions / 10);
    BOOST_TEST(tally.allowed < tally.decisions - tally.decisions / 10);
}

BOOST_AUTO_TEST_CASE(after_any_row_of_updates_everything_is_judged_as_from_an_empty_state) {
    Tally tally;
    const auto end = deadline(40);
    for (std::uint64_t seed = 1'000'000 + setting("ORACLE_SEED", 1); Clock::now() < end; ++seed) {
        oracle::Random random(seed);
        oracle::Scenario scenario = oracle::generate(random);
        const std::string scope = scope_of(scenario, seed);
        oracle::RealPath real(scope);
        ++tally.seeds;
        for (int step = 0; step <= kSteps; ++step) {
            const std::string what = step == 0 ? "start" : oracle::mutate(scenario, random);
            const auto refused = real.enforce(scenario);
            BOOST_REQUIRE_MESSAGE(!refused, "seed " << seed << " step " << step << " (" << what
                                                    << "): " << refused.value_or(""));
            ++tally.snapshots;
            const int before = tally.disagreements;
            check(real, scenario, scope, random, kProbesOfStep, seed, tally);
            BOOST_TEST(tally.disagreements == before,
                       "seed " << seed << " step " << step << ": " << what);
        }
        if (tally.disagreements >= kReportsMax) break;
    }
    tally.print("updates");
    BOOST_TEST(tally.disagreements == 0);
}
