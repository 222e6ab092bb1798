// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/comparison.hpp"
#include "test/support/eal.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>

// ORACLE_DECISIONS: how many of each engine, over the whole program (default 400,000).
// ORACLE_SECONDS:   and not longer than this (default: no limit).
// ORACLE_SEED:      the first seed (default 1); a seed that was printed is the first one tried.
// ORACLE_PROGRESS:  say every so many seconds how far it is (default: never).

namespace {

namespace oracle = tierwall::oracle;
using tierwall::oracle::Json;
using tierwall::support::Eal;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProbes = 500;
constexpr std::size_t kProbesOfStep = 150;
constexpr int kSteps = 20;
constexpr int kReportsMax = 3;
/// Told apart, so that updates do not start from clusters that were asked already.
constexpr std::uint64_t kSeedOfUpdates = 1ull << 40;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t first_seed() { return setting("ORACLE_SEED", 1); }

const Clock::time_point kStart = Clock::now();

/// Over all tests of the program.
oracle::Tally total;

/// Says what they did once, at the end.
struct Report {
    ~Report() {
        if (total.decisions() == 0) return;
        std::cout << "figure: oracle: " << total.text() << ", seed " << first_seed() << ", "
                  << total.worlds << " worlds\n";
    }
};

/// How long a test goes on.
class Budget {
public:
    explicit Budget(int percent)
        : wanted_(setting("ORACLE_DECISIONS", 400'000) * static_cast<std::uint64_t>(percent) / 100),
          end_(Clock::now() + std::chrono::milliseconds(setting("ORACLE_SECONDS", 1'000'000) *
                                                        static_cast<std::uint64_t>(10 * percent))),
          next_word_(Clock::now() + pace()) {}

    bool is_left(const oracle::Tally& tally) {
        say(tally);
        if (tally.disagreements >= kReportsMax || Clock::now() >= end_) return false;
        return std::min(tally.tiers, tally.packets) < wanted_;
    }

private:
    static std::chrono::seconds pace() {
        return std::chrono::seconds(setting("ORACLE_PROGRESS", 1'000'000));
    }
    void say(const oracle::Tally& tally) {
        if (Clock::now() < next_word_) return;
        next_word_ = Clock::now() + pace();
        std::cout << "progress: " << tally.text() << " of " << wanted_ << " an engine, "
                  << tally.worlds << " worlds, "
                  << std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - kStart).count()
                  << " s" << std::endl;
    }

    std::uint64_t wanted_;
    Clock::time_point end_;
    Clock::time_point next_word_;
};

/// Every fifth cluster is seen from one of its nodes, and in every third a pod's own node may be
/// reached.
oracle::Manner manner_of(const oracle::Scenario& scenario, std::uint64_t seed) {
    oracle::Manner manner;
    const Json& nodes = scenario.cluster["nodes"];
    if (seed % 5 == 0 && !nodes.empty()) manner.real.scope_node = nodes[0]["name"];
    manner.real.tells_changes = seed % 2 == 0;
    manner.real.own_node_egress = seed % 3 == 0;
    return manner;
}

void report(std::uint64_t seed, const oracle::Story& story, const oracle::Manner& manner,
            const oracle::Probe& probe) {
    if (!oracle::retell(story, manner, probe)) {
        BOOST_ERROR("seed " << seed << ": differs, but not when told again");
        return;
    }
    const oracle::Finding finding = oracle::make_small(story, manner, probe);
    BOOST_ERROR("seed " << seed << ", kept in " << oracle::keep(finding, manner, probe, seed)
                        << "\n"
                        << oracle::text(finding, manner, probe));
}

/// Asks about the last step of the story.
void check(oracle::Comparison& comparison, const oracle::Story& story, oracle::Random& random,
           std::size_t count, oracle::Tally& tally, std::uint64_t seed) {
    for (const oracle::Probe& probe : oracle::probes(story.back(), random, count)) {
        const auto wrong = comparison.ask(probe, tally);
        if (!wrong) continue;
        ++tally.disagreements;
        std::cout << "seed " << seed << ": " << oracle::probe_text(probe) << " " << *wrong << "\n";
        report(seed, story, manner_of(story.front(), seed), probe);
        return;
    }
}

void finish(const char* what, const oracle::Tally& tally) {
    std::cout << "figure: oracle " << what << ": " << tally.text() << ", " << tally.allowed
              << " allowed, " << tally.worlds << " worlds\n";
    total += tally;
    BOOST_TEST(tally.disagreements == 0);
    BOOST_TEST(tally.allowed > tally.decisions() / 10);
    BOOST_TEST(tally.allowed < tally.decisions() - tally.decisions() / 10);
    BOOST_TEST(tally.audited > tally.decisions() / 100);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Eal);
BOOST_TEST_GLOBAL_FIXTURE(Report);

BOOST_AUTO_TEST_CASE(random_clusters_are_judged_as_the_text_of_the_api_says) {
    oracle::Tally tally;
    Budget budget(50);
    for (std::uint64_t seed = first_seed(); budget.is_left(tally); ++seed) {
        oracle::Random random(seed);
        oracle::Story story{oracle::generate(random)};
        oracle::Comparison comparison(manner_of(story.front(), seed));
        const auto refused = comparison.tell(story.front());
        BOOST_REQUIRE_MESSAGE(!refused, "seed " << seed << ": " << refused.value_or(""));
        ++tally.worlds;
        check(comparison, story, random, kProbes, tally, seed);
    }
    finish("from empty", tally);
}

BOOST_AUTO_TEST_CASE(after_any_row_of_updates_everything_is_judged_as_from_an_empty_state) {
    oracle::Tally tally;
    Budget budget(50);
    for (std::uint64_t seed = first_seed(); budget.is_left(tally); ++seed) {
        oracle::Random random(seed + kSeedOfUpdates);
        oracle::Story story{oracle::generate(random)};
        oracle::Comparison comparison(manner_of(story.front(), seed));
        const int before = tally.disagreements;
        for (int step = 0; step <= kSteps && tally.disagreements == before; ++step) {
            std::string what = "start";
            if (step > 0) {
                story.push_back(story.back());
                what = oracle::mutate(story.back(), random);
            }
            const auto refused = comparison.tell(story.back());
            BOOST_REQUIRE_MESSAGE(!refused, "seed " << seed << " step " << step << " (" << what
                                                    << "): " << refused.value_or(""));
            ++tally.worlds;
            check(comparison, story, random, kProbesOfStep, tally, seed);
        }
    }
    finish("updates", tally);
}
