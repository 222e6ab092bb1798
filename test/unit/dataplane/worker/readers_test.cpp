// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/readers.hpp"

#include <boost/test/unit_test.hpp>

using namespace tierwall;
using worker::Readers;

namespace {

std::unique_ptr<Readers> readers_of(std::uint32_t workers) {
    auto readers = Readers::create(workers);
    BOOST_REQUIRE(readers.ok());
    return std::move(*readers);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_token_passes_only_after_every_online_worker_was_quiescent) {
    const auto readers = readers_of(3);
    readers->online(0);
    readers->online(2);
    const Readers::Token token = readers->start();
    BOOST_CHECK(!readers->passed(token));
    readers->quiescent(0);
    BOOST_CHECK(!readers->passed(token));
    readers->quiescent(2);
    BOOST_CHECK(readers->passed(token));
    BOOST_CHECK(!readers->passed(readers->start()));
}

BOOST_AUTO_TEST_CASE(an_offline_worker_never_delays) {
    const auto readers = readers_of(2);
    BOOST_CHECK(readers->passed(readers->start()));
    readers->online(1);
    const Readers::Token token = readers->start();
    BOOST_CHECK(!readers->passed(token));
    readers->offline(1);
    BOOST_CHECK(readers->passed(token));
    BOOST_CHECK(readers->passed(readers->start()));
}

BOOST_AUTO_TEST_CASE(a_worker_that_comes_later_does_not_delay_what_was_before) {
    const auto readers = readers_of(2);
    const Readers::Token token = readers->start();
    readers->online(0);
    BOOST_CHECK(readers->passed(token));
}

BOOST_AUTO_TEST_CASE(numbers_of_workers_outside_the_limit_are_refused) {
    BOOST_CHECK(!Readers::create(0).ok());
    BOOST_CHECK(Readers::create(worker::kWorkersMax).ok());
    const auto refused = Readers::create(worker::kWorkersMax + 1);
    BOOST_REQUIRE(!refused.ok());
    BOOST_CHECK(refused.error().code == base::Errc::Limit);
}
