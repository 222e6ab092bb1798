// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/eal.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

using namespace tierwall;

cpu_set_t affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set);
    return set;
}

/// DPDK for this program, started by what is tested here.
struct Started {
    Started() {
        before = affinity();
        const std::vector<std::string> refused{"--no-such-option"};
        refusal = io::start_eal(refused).error();
        const std::vector<std::string> arguments{"--no-huge",
                                                 "--no-shconf",
                                                 "-m",
                                                 "512",
                                                 "--no-pci",
                                                 "--no-telemetry",
                                                 "--file-prefix=twio" + std::to_string(getpid())};
        status = io::start_eal(arguments);
        after = affinity();
    }
    ~Started() { io::stop_eal(); }

    static inline base::Status status = base::Done{};
    static inline base::Error refusal;
    static inline cpu_set_t before;
    static inline cpu_set_t after;
};

BOOST_TEST_GLOBAL_FIXTURE(Started);

}  // namespace

BOOST_AUTO_TEST_SUITE(eal)

BOOST_AUTO_TEST_CASE(eal_starts_after_an_argument_was_refused) { BOOST_TEST(Started::status.ok()); }

BOOST_AUTO_TEST_CASE(a_refused_argument_is_named_in_the_error) {
    BOOST_TEST(base::name(Started::refusal.code) == "Invalid");
    BOOST_TEST(Started::refusal.where == "eal");
    BOOST_TEST(Started::refusal.what.find("no-such-option") != std::string::npos,
               Started::refusal.what);
}

BOOST_AUTO_TEST_CASE(the_caller_keeps_its_affinity) {
    BOOST_TEST(CPU_EQUAL(&Started::before, &Started::after) != 0);
}

BOOST_AUTO_TEST_CASE(a_second_start_is_refused) {
    const auto again = io::start_eal(std::vector<std::string>{"--no-huge"});
    BOOST_TEST(!again.ok());
}

BOOST_AUTO_TEST_SUITE_END()
