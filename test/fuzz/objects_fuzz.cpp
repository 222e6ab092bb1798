// SPDX-License-Identifier: Apache-2.0

/// \file
/// Fuzz target for everything between a manifest and a snapshot: no text and no object brings lint,
/// its warnings or the compiler down, and what comes out is sound (mill.hpp says in which way).
///
/// An input that begins with a byte below 8 makes objects, its other bytes are choices; anything
/// else is the text of a manifest.

#include "test/fuzz/mill.hpp"
#include "test/fuzz/object_maker.hpp"
#include "test/fuzz/peak.hpp"

#include <cstdlib>
#include <iostream>

namespace {

namespace fuzz = tierwall::fuzz;

constexpr std::uint8_t kMakers = 8;
constexpr int kBatchesMax = 4;
constexpr int kObjectsMax = 12;  ///< of one batch

std::uint64_t objects = 0;

void say_figure() {
    std::cout << "figure: " << objects
              << " random objects through lint, its warnings and compile, peak " << fuzz::peak_mb()
              << " MB, with sanitizers" << std::endl;
}

std::string batch(fuzz::Choices& choices) {
    fuzz::ObjectMaker maker(choices);
    std::string text;
    for (int i = 0; i < kObjectsMax && !choices.is_over(); ++i) text += maker.object() + "\n";
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    std::atexit(say_figure);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Mill mill;
    if (size == 0 || data[0] >= kMakers) {
        objects +=
            mill.feed("text", {reinterpret_cast<const char*>(data), size}, fuzz::Language::Either);
        mill.check_warnings();
        mill.check_against_a_new_compiler();
        return 0;
    }
    fuzz::Choices choices({data + 1, size - 1});
    // YAML is read many times slower, and what is read is the same: seldom.
    const auto language = data[0] == 7 ? fuzz::Language::Yaml : fuzz::Language::Json;
    for (int i = 0; i < kBatchesMax && !choices.is_over(); ++i) {
        const std::string source = i % 2 == 0 ? "even" : "odd";
        objects += mill.feed(source, batch(choices), language);
    }
    mill.check_warnings();
    mill.check_against_a_new_compiler();
    mill.forget("even");
    return 0;
}
