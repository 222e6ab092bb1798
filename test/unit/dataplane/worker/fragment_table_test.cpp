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
    made.verdict.action = base::Action::Allow;
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

namespace {

struct Sender {
    std::uint16_t origin;
    const char* source;
    base::Action action = base::Action::Allow;
};

void remember(FragmentTable& table, const Sender& sender, std::uint32_t id) {
    FragmentKey named = key(id);
    named.source = support::address(sender.source);
    FragmentVerdict verdict = verdict_of(id);
    verdict.verdict.action = sender.action;
    verdict.origin = sender.origin;
    table.remember(named, verdict, 100);
}

/// How many of a sender's first `count` fragments are still there.
std::size_t kept(const FragmentTable& table, const Sender& sender, std::uint32_t count) {
    std::size_t found = 0;
    for (std::uint32_t id = 0; id < count; ++id) {
        FragmentKey named = key(id);
        named.source = support::address(sender.source);
        found += table.find(named, 100) != nullptr;
    }
    return found;
}

constexpr Sender kVictim{1, "10.0.0.1"};
constexpr Sender kFlooder{2, "10.0.0.2"};

}  // namespace

BOOST_AUTO_TEST_CASE(a_flood_of_one_port_pushes_out_its_own_only) {
    FragmentTable table;
    for (std::uint32_t id = 0; id < 64; ++id) remember(table, kVictim, id);
    for (std::uint32_t id = 0; id < 16 * kFragmentsMax; ++id) remember(table, kFlooder, id);
    BOOST_CHECK_EQUAL(kept(table, kVictim, 64), 64);
    // Nor does it keep another out.
    const Sender late{3, "10.0.0.3"};
    for (std::uint32_t id = 0; id < 64; ++id) remember(table, late, id);
    BOOST_CHECK_EQUAL(kept(table, late, 64), 64);
    BOOST_CHECK_GT(table.replaced().read(), 0);
}

BOOST_AUTO_TEST_CASE(of_one_port_the_source_with_most_gives_way) {
    FragmentTable table;
    const Sender calm{7, "203.0.113.1"};
    const Sender loud{7, "203.0.113.2"};
    for (std::uint32_t id = 0; id < 64; ++id) remember(table, calm, id);
    for (std::uint32_t id = 0; id < 16 * kFragmentsMax; ++id) remember(table, loud, id);
    BOOST_CHECK_EQUAL(kept(table, calm, 64), 64);
}

BOOST_AUTO_TEST_CASE(a_denied_fragment_pushes_out_no_admitted_one) {
    FragmentTable table;
    const std::uint32_t many = 4 * kFragmentsMax;
    for (std::uint32_t id = 0; id < many; ++id) remember(table, kVictim, id);
    BOOST_REQUIRE_EQUAL(kept(table, kVictim, many), kFragmentsMax);
    const Sender denied{2, "10.0.0.2", base::Action::Deny};
    for (std::uint32_t id = 0; id < many; ++id) remember(table, denied, id);
    BOOST_CHECK_EQUAL(kept(table, kVictim, many), kFragmentsMax);
    BOOST_CHECK_EQUAL(kept(table, denied, many), 0);
    // The other way round it does give way.
    FragmentTable other;
    for (std::uint32_t id = 0; id < many; ++id) remember(other, denied, id);
    BOOST_REQUIRE_EQUAL(kept(other, denied, many), kFragmentsMax);
    for (std::uint32_t id = 0; id < 64; ++id) remember(other, kVictim, id);
    BOOST_CHECK_EQUAL(kept(other, kVictim, 64), 64);
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
