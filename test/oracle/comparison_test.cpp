// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/comparison.hpp"
#include "test/oracle/shrink.hpp"
#include "test/support/eal.hpp"

#include "control/ctl/objects.hpp"
#include "control/ctl/probe.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iostream>

// The comparison itself, with an oracle that makes a mistake on purpose: the disagreement has to be
// seen, made small, and said in words that tierwallctl reads as the same question.

namespace {

namespace oracle = tierwall::oracle;
namespace ctl = tierwall::ctl;
using oracle::Fault;
using oracle::Json;
using tierwall::support::Eal;

constexpr std::uint64_t kWorldsMax = 400;
constexpr std::size_t kProbes = 300;

struct Seen {
    oracle::Story story;
    oracle::Probe probe;
    std::uint64_t seed = 0;
};

std::optional<Seen> first_disagreement(const oracle::Manner& manner) {
    for (std::uint64_t seed = 1; seed <= kWorldsMax; ++seed) {
        oracle::Random random(seed);
        const oracle::Story story{oracle::generate(random)};
        oracle::Comparison comparison(manner);
        BOOST_REQUIRE(!comparison.tell(story.front()));
        oracle::Tally tally;
        for (const oracle::Probe& probe : oracle::probes(story.front(), random, kProbes)) {
            if (comparison.ask(probe, tally)) return Seen{story, probe, seed};
        }
    }
    return std::nullopt;
}

/// What a person would see who gives the printed text to tierwallctl.
oracle::RealAnswer ask_as_text(const oracle::Scenario& scenario, const oracle::Probe& probe) {
    const auto objects = ctl::read_objects_text(oracle::manifests_text(scenario), "printed.yaml");
    if (!objects.ok()) BOOST_FAIL(objects.error().text());
    const auto probes = ctl::parse_probes(oracle::probe_text(probe), "probes");
    if (!probes.ok()) BOOST_FAIL(probes.error().text());
    BOOST_REQUIRE(probes->size() == 1u);
    BOOST_TEST(objects->cluster.pods.size() == scenario.cluster["pods"].size());
    BOOST_TEST(objects->policies.size() == scenario.policies.size());
    oracle::RealPath real;
    const auto refused =
        real.enforce(oracle::manifests_text(scenario), oracle::names_text(scenario));
    BOOST_REQUIRE_MESSAGE(!refused, refused.value_or(""));
    const ctl::Probe& read = probes->front();
    return real.ask_tiers({oracle::read_ip(read.from), oracle::read_ip(read.to), read.protocol,
                           read.port, read.source_port});
}

/// Bytes 10 and 11 of an address at this place in the packet, and nothing before them, make it
/// mapped.
void make_mapped(std::vector<std::uint8_t>& packet, std::size_t place) {
    std::fill_n(packet.begin() + static_cast<std::ptrdiff_t>(place), 10, std::uint8_t{0});
    packet[place + 10] = packet[place + 11] = 0xff;
}

constexpr std::size_t kSourceAt = 14 + 8;
constexpr std::size_t kDestinationAt = kSourceAt + 16;

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Eal);

BOOST_AUTO_TEST_CASE(a_disagreement_is_seen_made_small_and_printed_for_tierwallctl) {
    for (const Fault fault :
         {Fault::LastPortIsOutside, Fault::ExceptIsIgnored, Fault::NotInNeedsKey,
          Fault::PassIsAccept, Fault::OwnNodeIsStopped, Fault::NamedPortAnyNumber,
          Fault::FinalInBothDirections, Fault::UnknownAcceptMatches, Fault::OldestWins,
          Fault::AuditIsIgnored, Fault::AuditedRulesDoNotAllow, Fault::AuditOfIngressIsMissed}) {
        const oracle::Manner manner{.real = {}, .fault = fault};
        const auto seen = first_disagreement(manner);
        const std::string name = oracle::kFaults[static_cast<std::size_t>(fault)].name;
        BOOST_REQUIRE_MESSAGE(seen, name);
        const oracle::Finding finding = oracle::make_small(seen->story, manner, seen->probe);
        const oracle::Size size = oracle::size_of(finding.story);
        BOOST_TEST((size.steps == 1 && size.policies <= 2 && size.rules <= 2 && size.peers <= 2 &&
                    size.pods <= 3),
                   name << "\n"
                        << oracle::text(finding, manner, seen->probe));
        // The oracle that makes no mistake agrees with what tierwallctl is made to read.
        const oracle::Scenario& last = finding.story.back();
        const oracle::World world = oracle::read_world(last.cluster, last.policies);
        const auto wrong =
            oracle::difference(oracle::judge(world, seen->probe), ask_as_text(last, seen->probe));
        BOOST_TEST(!wrong, name << ": " << wrong.value_or(""));
    }
}

BOOST_AUTO_TEST_CASE(a_disagreement_after_updates_is_told_with_the_steps_it_needs) {
    // An oracle without memory of the last good version: three steps are needed to see it err.
    const Json good = {{"apiVersion", "networking.k8s.io/v1"},
                       {"kind", "NetworkPolicy"},
                       {"metadata", {{"name", "p"}, {"namespace", "a"}}},
                       {"spec", {{"podSelector", Json::object()}, {"ingress", {Json::object()}}}}};
    Json bad = good;
    bad["spec"]["ingress"][0]["from"] = Json::array({Json::object()});
    oracle::Scenario start;
    start.cluster = {{"namespaces", Json::array()},
                     {"nodes", Json::array()},
                     {"dns", Json::array()},
                     {"pods",
                      {{{"namespace", "a"},
                        {"name", "p1"},
                        {"labels", {{"app", "web"}}},
                        {"hostNetwork", false},
                        {"ips", {"10.0.0.1"}},
                        {"ports", Json::array()}}}}};
    oracle::Story story(6, start);
    for (std::size_t i = 1; i < story.size(); ++i) story[i].policies.push_back(good);
    story.back().policies[0] = bad;
    const oracle::Probe probe{oracle::read_ip("203.0.113.1"), oracle::read_ip("10.0.0.1"), 6, 80};
    const auto still_allows = [&](const oracle::Story& told) {
        oracle::RealPath real;
        for (const oracle::Scenario& step : told) {
            if (real.enforce(step)) return false;
        }
        return told.back().cluster["pods"] == start.cluster["pods"] &&
               told.back().policies == Json::array({bad}) && real.ask_tiers(probe).allow;
    };
    BOOST_REQUIRE(still_allows(story));
    const oracle::Story small = oracle::shrink(story, still_allows);
    BOOST_TEST(small.size() == 2u);
}

BOOST_AUTO_TEST_CASE(packets_with_mapped_addresses_are_no_way_around_policy) {
    oracle::RealPath real;
    BOOST_REQUIRE(!real.enforce("", ""));
    const oracle::Probe probe{oracle::read_ip("fd00::1"), oracle::read_ip("fd00::2"), 6, 80};
    const std::vector<std::uint8_t> sound = oracle::packet_of(probe);
    BOOST_TEST(real.ask_packet(sound, 0).allow);
    for (const std::size_t place : {kSourceAt, kDestinationAt}) {
        std::vector<std::uint8_t> packet = sound;
        make_mapped(packet, place);
        const oracle::RealAnswer answer = real.ask_packet(packet, 0);
        BOOST_TEST(!answer.allow);
        BOOST_TEST(!answer.judged);
    }
}
