// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/fragment_table.hpp"
#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace tierwall;
using namespace tierwall::worker;

namespace {

FragmentKey key(std::uint32_t id) {
    return {support::address("10.0.0.1"), support::address("10.0.0.2"), id, base::kIpUdp};
}
FragmentVerdict verdict_of(std::uint32_t rule) {
    FragmentVerdict made;
    made.verdict.rule = rule;
    return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_fragment_is_found_by_all_of_its_key) {
    FragmentTable table;
    table.remember(key(1), verdict_of(5), 100);
    BOOST_REQUIRE(table.find(key(1), 100) != nullptr);
    BOOST_CHECK_EQUAL(table.find(key(1), 100)->verdict.rule, 5);
    BOOST_CHECK(table.find(key(2), 100) == nullptr);
    FragmentKey other = key(1);
    other.protocol = base::kIpTcp;
    BOOST_CHECK(table.find(other, 100) == nullptr);
    other = key(1);
    std::swap(other.source, other.destination);
    BOOST_CHECK(table.find(other, 100) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_fragment_is_forgotten_after_its_timeout) {
    FragmentTable table;
    table.remember(key(1), verdict_of(5), 100);
    BOOST_CHECK(table.find(key(1), 100 + kFragmentTimeoutS - 1) != nullptr);
    BOOST_CHECK(table.find(key(1), 100 + kFragmentTimeoutS) == nullptr);
    // The clock's 32 bits may wrap in between.
    table.remember(key(2), verdict_of(6), 0xfffffff0);
    BOOST_CHECK(table.find(key(2), 0xfffffff0 + kFragmentTimeoutS - 1) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_first_fragment_seen_again_replaces_its_verdict) {
    FragmentTable table;
    table.remember(key(1), verdict_of(5), 100);
    table.remember(key(1), verdict_of(6), 101);
    BOOST_CHECK_EQUAL(table.find(key(1), 101)->verdict.rule, 6);
    BOOST_CHECK_EQUAL(table.replaced().read(), 0);
}

BOOST_AUTO_TEST_CASE(a_full_table_forgets_old_verdicts_and_counts_them) {
    FragmentTable table;
    constexpr std::uint32_t kMany = 4 * kFragmentsMax;
    for (std::uint32_t id = 0; id < kMany; ++id) {
        table.remember(key(id), verdict_of(id), 100 + id / 1000);
        BOOST_REQUIRE(table.find(key(id), 100 + id / 1000) != nullptr);
    }
    std::size_t left = 0;
    for (std::uint32_t id = 0; id < kMany; ++id) left += table.find(key(id), 104) != nullptr;
    BOOST_CHECK_LE(left, kFragmentsMax);
    BOOST_CHECK_GT(left, kFragmentsMax / 2);
    BOOST_CHECK_EQUAL(left + table.replaced().read(), kMany);
}

BOOST_AUTO_TEST_CASE(the_oldest_verdict_of_a_bucket_makes_room) {
    // The bucket of a key is not visible; the first key that displaces another one is in a bucket
    // whose keys had ascending times, so the one that is gone must be the oldest of those left.
    FragmentTable table;
    std::uint32_t now_s = 100;
    std::uint32_t id = 0;
    for (; table.replaced().read() == 0; ++id) {
        table.remember(key(id), verdict_of(id), now_s);
        if (id % 100 == 99) ++now_s;
        BOOST_REQUIRE_LE(id, kFragmentsMax);
    }
    std::vector<std::uint32_t> gone;
    for (std::uint32_t i = 0; i < id; ++i) {
        if (table.find(key(i), now_s) == nullptr) gone.push_back(i);
    }
    BOOST_REQUIRE_EQUAL(gone.size(), 1);
    // Put it back: now the next oldest of the same bucket goes, and it is younger.
    table.remember(key(gone[0]), verdict_of(0), now_s);
    BOOST_CHECK_EQUAL(table.replaced().read(), 2);
    std::uint32_t second = id;
    for (std::uint32_t i = 0; i < id; ++i) {
        if (table.find(key(i), now_s) == nullptr) second = i;
    }
    BOOST_CHECK_GT(second, gone[0]);
    BOOST_CHECK_LT(second, id - 1);
}

BOOST_AUTO_TEST_CASE(a_cleared_table_is_empty) {
    FragmentTable table;
    table.remember(key(1), verdict_of(5), 100);
    table.clear();
    BOOST_CHECK(table.find(key(1), 100) == nullptr);
}

BOOST_AUTO_TEST_CASE(the_key_of_ipv6_fragments_leaves_out_the_protocol) {
    parse::Headers headers;
    headers.tuple.protocol = base::kIpUdp;
    headers.fragment_id = 9;
    headers.family = base::Family::IPv4;
    BOOST_CHECK_EQUAL(fragment_key(headers).protocol, base::kIpUdp);
    headers.family = base::Family::IPv6;
    BOOST_CHECK_EQUAL(fragment_key(headers).protocol, 0);
    BOOST_CHECK_EQUAL(fragment_key(headers).id, 9);
}
