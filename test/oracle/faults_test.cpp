// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/shrink.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iostream>
#include <map>

// A judge that makes one mistake on purpose stands for an implementation that does. The search has
// to tell it from the judge that makes none, and to make the example small.

namespace {

namespace oracle = tierwall::oracle;
using oracle::Fault;

constexpr std::uint64_t kWorldsMax = 6000;
constexpr std::size_t kProbes = 300;

struct Found {
    const char* name;
    bool own_node_may_be_reached;
    oracle::Scenario scenario;
    oracle::Probe probe;
    std::uint64_t decisions;
};

/// What comes of it, whoever is named for it.
struct Outcome {
    bool allow;
    bool would_deny;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome(oracle::World& world, Fault fault, const oracle::Probe& probe) {
    world.fault = fault;
    const oracle::Judgement judgement = oracle::judge(world, probe);
    return {judgement.allow, judgement.audit.has_value()};
}

oracle::World world_of(const oracle::Scenario& scenario, bool own_node_may_be_reached) {
    oracle::World world = oracle::read_world(scenario.cluster, scenario.policies);
    world.options.own_node_may_be_reached = own_node_may_be_reached;
    return world;
}

bool differs(oracle::World world, Fault fault, const oracle::Probe& probe) {
    return outcome(world, Fault::None, probe) != outcome(world, fault, probe);
}

std::map<Fault, const char*> all_faults() {
    std::map<Fault, const char*> all;
    for (const auto& [fault, name] : oracle::kFaults) all.emplace(fault, name);
    all.erase(Fault::None);
    return all;
}

/// Asks the same questions of every judge that has not been found out yet.
void search(std::uint64_t seed, std::map<Fault, const char*>& left, std::map<Fault, Found>& found) {
    oracle::Random random(seed);
    const oracle::Scenario scenario = oracle::generate(random);
    const bool own_node = seed % 3 == 0;
    oracle::World world = world_of(scenario, own_node);
    for (const oracle::Probe& probe : oracle::probes(scenario, random, kProbes)) {
        const Outcome right = outcome(world, Fault::None, probe);
        for (auto each = left.begin(); each != left.end();) {
            const bool same = outcome(world, each->first, probe) == right;
            if (!same) {
                const Found first{each->second, own_node, scenario, probe, seed * kProbes};
                found.emplace(each->first, first);
            }
            each = same ? std::next(each) : left.erase(each);
        }
    }
}

const std::map<Fault, Found>& all_found() {
    static const std::map<Fault, Found> kFound = [] {
        std::map<Fault, const char*> left = all_faults();
        std::map<Fault, Found> found;
        for (std::uint64_t seed = 1; seed <= kWorldsMax && !left.empty(); ++seed) {
            search(seed, left, found);
        }
        for (const auto& [fault, name] : left) BOOST_ERROR(name << " was not found");
        return found;
    }();
    return kFound;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_mistake_of_a_judge_is_found) {
    const auto& found = all_found();
    const auto hardest = std::max_element(found.begin(), found.end(), [](auto& a, auto& b) {
        return a.second.decisions < b.second.decisions;
    });
    BOOST_REQUIRE(hardest != found.end());
    std::cout << "figure: oracle faults: " << found.size() << " of "
              << std::size(oracle::kFaults) - 1 << " found, the last (" << hardest->second.name
              << ") within " << hardest->second.decisions << " decisions\n";
    BOOST_TEST(found.size() == std::size(oracle::kFaults) - 1);
}

BOOST_AUTO_TEST_CASE(every_mistake_is_shown_by_a_small_example) {
    oracle::Size most;
    for (const auto& [fault, found] : all_found()) {
        const Fault which = fault;
        const bool own_node = found.own_node_may_be_reached;
        const oracle::Probe probe = found.probe;
        const auto still_fails = [&](const oracle::Story& story) {
            return differs(world_of(story.back(), own_node), which, probe);
        };
        const oracle::Story small = oracle::shrink({found.scenario}, still_fails);
        const oracle::Size size = oracle::size_of(small);
        // Only this one is about two nodes.
        const std::size_t nodes_max = which == Fault::OneNodeHasIt ? 2 : 1;
        BOOST_TEST(still_fails(small), found.name);
        BOOST_TEST((size.policies <= 3 && size.rules <= 3 && size.peers <= 3 && size.ports <= 2 &&
                    size.pods <= 3 && size.nodes <= nodes_max),
                   found.name << ": " << size.policies << " policies, " << size.rules << " rules, "
                              << size.peers << " peers, " << size.ports << " ports, " << size.pods
                              << " pods, " << size.nodes << " nodes\n"
                              << oracle::manifests_text(small.back()) << oracle::probe_text(probe));
        most.policies = std::max(most.policies, size.policies);
        most.rules = std::max(most.rules, size.rules);
        most.peers = std::max(most.peers, size.peers);
        most.pods = std::max(most.pods, size.pods);
    }
    std::cout << "figure: oracle shrinking: at most " << most.policies << " policies, "
              << most.rules << " rules, " << most.peers << " peers, " << most.pods << " pods\n";
}
