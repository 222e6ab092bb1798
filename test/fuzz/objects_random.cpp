// SPDX-License-Identifier: Apache-2.0

/// \file
/// A million random objects through lint and compile, without sanitizers and hence in minutes:
/// no crash, no hang, no memory without bounds.
///
/// Usage: objects_random [OBJECTS [SEED]]; or TIERWALL_FUZZ_OBJECTS and TIERWALL_FUZZ_SEED. A
/// cluster's seed is named when something goes wrong with it: it is the first one then.

#include "test/fuzz/mill.hpp"
#include "test/fuzz/object_maker.hpp"
#include "test/fuzz/peak.hpp"

#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace {

namespace fuzz = tierwall::fuzz;

constexpr int kSteps = 24;  ///< of one cluster
constexpr int kObjectsOfStep = 12;
constexpr int kSources = 4;
constexpr unsigned kSecondsMax = 20;  ///< of one cluster, on a busy machine
constexpr long kPeakMax_mb = 512;

volatile std::sig_atomic_t ending = 0;
std::uint64_t seed = 0;  ///< of the cluster that is being made

void name_seed(int signal) {
    if (ending != 0) _exit(1);
    ending = 1;
    const char* what = signal == SIGALRM ? "a cluster takes too long" : "it ends";
    std::fprintf(stderr, "error: %s; objects_random 1 %llu tries it again\n", what,
                 static_cast<unsigned long long>(seed));
    _exit(1);
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One cluster from its first object to its last; how many there were.
std::uint64_t live(std::uint64_t cluster) {
    fuzz::Choices choices(cluster);
    fuzz::ObjectMaker maker(choices);
    fuzz::Mill mill;
    std::uint64_t objects = 0;
    for (int step = 0; step < kSteps; ++step) {
        const std::string source(1, static_cast<char>('a' + choices.below(kSources)));
        if (choices.chance(16)) {
            mill.forget(source);
            continue;
        }
        std::string text;
        for (int i = 0; i < kObjectsOfStep; ++i) text += maker.object() + "\n";
        const auto language = choices.chance(4) ? fuzz::Language::Yaml : fuzz::Language::Json;
        objects += mill.feed(source, text, language);
        if (step % 2 == 1) mill.check_warnings();
        if (step % 8 == 7) mill.check_against_a_new_compiler();
    }
    return objects;
}

}  // namespace

int main(int count, char** words) {
    const std::uint64_t wanted = count > 1 ? std::strtoull(words[1], nullptr, 10)
                                           : setting("TIERWALL_FUZZ_OBJECTS", 1'000'000);
    seed = count > 2 ? std::strtoull(words[2], nullptr, 10) : setting("TIERWALL_FUZZ_SEED", 1);
    for (const int signal : {SIGALRM, SIGABRT, SIGSEGV}) std::signal(signal, name_seed);
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t objects = 0;
    for (; objects < wanted; ++seed) {
        alarm(kSecondsMax);
        objects += live(seed);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << "figure: " << objects
              << " random objects through lint, its warnings and compile, peak " << fuzz::peak_mb()
              << " MB, " << static_cast<int>(took.count()) << " s\n";
    if (fuzz::peak_mb() <= kPeakMax_mb) return 0;
    std::cout << "error: more than " << kPeakMax_mb << " MB\n";
    return 1;
}
