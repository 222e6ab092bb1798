// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Comparison: a story told to the oracle and to the real path, both asked the same questions; and
/// what to do when they differ: make the story small and say it in words that tierwallctl takes.
///
/// Threads: one.
/// Memory:  a RealPath, and the oracle's world.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/memory.hpp"
#include "test/oracle/real_path.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace tierwall::oracle {

struct Tally {
    std::uint64_t worlds = 0;  ///< snapshots
    std::uint64_t tiers = 0;   ///< decisions asked of the tables
    std::uint64_t packets = 0;
    std::uint64_t allowed = 0;
    std::uint64_t audited = 0;  ///< of these, those that audited policies would have denied
    int disagreements = 0;

    std::uint64_t decisions() const { return tiers + packets; }
    Tally& operator+=(const Tally& other);
    std::string text() const;
};

/// How a story is told.
struct Manner {
    RealPath::Manner real = {};
    Fault fault = Fault::None;  ///< of the oracle, where the comparison itself is tested
};

class Comparison {
public:
    explicit Comparison(const Manner& manner);
    /// The next step. Nothing, or what the real path refused.
    std::optional<std::string> tell(const Scenario& scenario);
    /// Nothing, or how the answers differ.
    std::optional<std::string> ask(const Probe& probe, Tally& tally);

private:
    const Manner manner_;
    RealPath real_;
    Memory memory_;
    World world_;
};

/// What differs when the whole story is told anew and the last step is asked.
std::optional<std::string> retell(const Story& story, const Manner& manner, const Probe& probe);

struct Finding {
    Story story;  ///< small
    std::string difference;
};
/// Requires: retell() of it differs.
Finding make_small(const Story& story, const Manner& manner, const Probe& probe);

/// For people: objects of each step, names, the probe, what was expected.
std::string text(const Finding& finding, const Manner& manner, const Probe& probe);
/// The same as files in a folder of its own, with the command that shows it; answers its path.
std::string keep(const Finding& finding, const Manner& manner, const Probe& probe,
                 std::uint64_t seed);

}  // namespace tierwall::oracle
