// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/compile/check.hpp"
#include "test/unit/control/compile/random_world.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>

namespace tierwall::compile {
namespace {

void check_packets(RandomWorld& random, const proto::ResourceSet& resources, int packets) {
    const support::SnapshotReader reader(resources);
    for (int i = 0; i < packets; ++i) check(random.world, reader, random.packet());
}

}  // namespace

BOOST_AUTO_TEST_CASE(after_any_changes_the_snapshot_says_what_the_objects_say) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        RandomWorld random(seed);
        Compiler compiler;
        for (int i = 0; i < 40; ++i) random.change();
        compiled(compiler, random.world);
        for (int step = 0; step < 25; ++step) {
            random.changes = {};
            for (std::uint32_t i = 1 + random.below(3); i > 0; --i) random.change();
            const bool told = random.chance(50);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step << (told ? " told" : "")) {
                const Output output =
                    compiled(compiler, random.world, told ? &random.changes : nullptr);
                check_packets(random, output.resources, 40);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(being_told_what_changed_leaves_nothing_out) {
    for (std::uint32_t seed = 100; seed < 140; ++seed) {
        RandomWorld random(seed);
        Compiler compiler;
        for (int step = 0; step < 40; ++step) {
            random.changes = {};
            for (std::uint32_t i = 1 + random.below(4); i > 0; --i) random.change();
            const Output told = compiled(compiler, random.world, &random.changes);
            const Output looked = compiled(compiler, random.world);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step) {
                BOOST_TEST(told.resources.hash().hex() == looked.resources.hash().hex());
                BOOST_TEST(looked.resources.since(told.resources).empty());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_fresh_compiler_needs_no_less_and_no_more_identities_and_groups) {
    for (std::uint32_t seed = 200; seed < 230; ++seed) {
        RandomWorld random(seed);
        Compiler old;
        for (int step = 0; step < 30; ++step) {
            for (int i = 0; i < 3; ++i) random.change();
            const Output changed = compiled(old, random.world);
            Compiler fresh;
            const Output straight = compiled(fresh, random.world);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step) {
                BOOST_TEST(changed.summary.identities == straight.summary.identities);
                BOOST_TEST(changed.summary.groups == straight.summary.groups);
                BOOST_TEST(changed.resources.size() == straight.resources.size());
                BOOST_TEST((changed.warnings == straight.warnings));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_compile_that_fails_leaves_the_compiler_as_it_was) {
    std::size_t failures = 0;
    for (std::uint32_t seed = 300; seed < 360; ++seed) {
        RandomWorld random(seed);
        Limits limits;
        limits.identities = 18 + seed % 10;
        Compiler compiler(limits);
        std::optional<Output> last;
        for (int step = 0; step < 60; ++step) {
            const World before = random.world;
            for (int i = 0; i < 3; ++i) random.change();
            auto output = compiler.compile(random.world.input());
            if (output.ok()) {
                last = std::move(*output);
                continue;
            }
            ++failures;
            BOOST_TEST((output.error().code == base::Errc::Limit));
            random.world = before;
            if (!last) break;
            const Output again = compiled(compiler, random.world);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step << output.error().text()) {
                BOOST_TEST(again.resources.hash().hex() == last->resources.hash().hex());
                BOOST_TEST((again.warnings == last->warnings));
                check_packets(random, again.resources, 5);
            }
        }
    }
    BOOST_TEST(failures > 50u);
}

/// Too many tables are noticed when some of them are written already.
BOOST_AUTO_TEST_CASE(a_compile_that_fails_halfway_leaves_nothing_of_its_tables) {
    std::size_t failures = 0;
    for (std::uint32_t seed = 400; seed < 700; ++seed) {
        RandomWorld random(seed);
        Limits limits;
        limits.classes = 4 + seed % 4;
        limits.tables = 1;
        Compiler compiler(limits);
        std::optional<Output> last;
        for (int step = 0; step < 80; ++step) {
            const World before = random.world;
            random.change();
            auto output = compiler.compile(random.world.input());
            if (output.ok()) {
                last = std::move(*output);
                continue;
            }
            random.world = before;
            if (!last) break;
            ++failures;
            const Output again = compiled(compiler, random.world);
            BOOST_TEST_CONTEXT("seed " << seed << " step " << step << output.error().text()) {
                BOOST_TEST(again.resources.hash().hex() == last->resources.hash().hex());
                BOOST_TEST((again.warnings == last->warnings));
            }
        }
    }
    BOOST_TEST(failures > 20u);
}

}  // namespace tierwall::compile
