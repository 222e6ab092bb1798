// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/flow.hpp"

#include "dataplane/flow/table.hpp"
#include "dataplane/flow/tcp.hpp"

#include <boost/test/unit_test.hpp>

namespace flow = tierwall::flow;
namespace base = tierwall::base;
namespace parse = tierwall::parse;

BOOST_AUTO_TEST_CASE(every_tier_survives_its_four_bits) {
    flow::Flow subject;
    const std::uint16_t tiers[] = {0, 1, 2, 3, 4, 5, 6, 7, 250, 251, 252, 253, 254};
    for (const std::uint16_t egress : tiers) {
        for (const std::uint16_t ingress : tiers) {
            subject.set_decisions({base::Action::Allow, 0, egress, 7},
                                  {base::Action::Allow, 0, ingress, 0xffffffff});
            BOOST_TEST(subject.egress().tier == egress);
            BOOST_TEST(subject.ingress().tier == ingress);
            BOOST_TEST(subject.egress().rule == 7u);
            BOOST_TEST(subject.ingress().rule == 0xffffffffu);
            BOOST_TEST((subject.egress().action == base::Action::Allow));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_flow_is_current_until_one_end_changes) {
    flow::Flow subject;
    for (const std::uint32_t start : {10u, 0u, 0x7fffffffu, 0xfffffffeu}) {
        subject.set_judged(start);
        BOOST_TEST(subject.is_current(start, start));
        BOOST_TEST(subject.is_current(start - 1, start - 1000));
        BOOST_TEST(!subject.is_current(start + 1, start));
        BOOST_TEST(!subject.is_current(start, start + 1));
        subject.mark_stale();
        BOOST_TEST(!subject.is_current(start, start));
        subject.set_judged(start);
        BOOST_TEST(subject.is_current(start, start));
    }
}

BOOST_AUTO_TEST_CASE(fields_do_not_disturb_each_other) {
    flow::Flow subject;
    BOOST_TEST(subject.port(false) == flow::kNoPort);
    BOOST_TEST(subject.port(true) == flow::kNoPort);
    subject.set_port(false, 3);
    subject.set_port(true, 9);
    subject.set_slots(0xffffffff, 5);
    subject.set_fin_seen(true);
    subject.set_rst_seen(false);
    subject.set_picked_up();
    BOOST_TEST(subject.port(false) == 3);
    BOOST_TEST(subject.port(true) == 9);
    BOOST_TEST(subject.source_slot() == 0xffffffffu);
    BOOST_TEST(subject.destination_slot() == 5u);
    BOOST_TEST(subject.fin_seen(true));
    BOOST_TEST(!subject.fin_seen(false));
    BOOST_TEST(subject.rst_seen(false));
    BOOST_TEST(!subject.rst_seen(true));
    BOOST_TEST(!subject.stale());
    subject.forget_rst();
    BOOST_TEST(!subject.rst_seen(false));
    BOOST_TEST(subject.fin_seen(true));
    BOOST_TEST(subject.picked_up());
}

BOOST_AUTO_TEST_CASE(silence_is_counted_over_the_wrap_of_16_bits) {
    flow::Flow subject;
    subject.touch(0x1fff0);
    BOOST_TEST(subject.idle_s(0x1fff0) == 0);
    BOOST_TEST(subject.idle_s(0x20010) == 0x20);
    BOOST_TEST(subject.idle_s(0x1fff0 + 32767) == 32767);
}

// A calm flow and a calm packet need nothing but touch(): everything else that could be asked about
// them must say so, too.
BOOST_AUTO_TEST_CASE(a_flow_is_calm_where_a_plain_packet_only_touches_it) {
    const auto tables = flow::Table::create(16, {});
    BOOST_REQUIRE(tables.ok());
    flow::Table& table = **tables;
    parse::Headers headers;
    headers.has_transport = headers.plain = true;
    headers.tcp_flags = parse::tcp_flag::kAck;
    BOOST_TEST(flow::is_calm(headers));
    const base::Decision allowed{base::Action::Allow, 0, base::kTierDefault, 0};
    const base::Decision mark{base::Action::Allow, 0, base::kTierNone, 0};
    std::size_t calm = 0;
    for (const std::uint8_t protocol :
         {base::kIpIcmp, base::kIpTcp, base::kIpUdp, base::kIpIcmpv6, base::kIpSctp}) {
        const parse::Tuple tuple{*base::parse_address("10.0.0.1"), *base::parse_address("10.0.0.2"),
                                 1, 2, protocol};
        const std::uint32_t index = table.insert(tuple, table.find(tuple).hash, 1);
        BOOST_REQUIRE_NE(index, flow::kNoFlow);
        for (std::size_t number = 0; number < flow::kStateCount; ++number) {
            for (const base::Decision& egress : {allowed, mark}) {
                for (const bool stale : {false, true}) {
                    flow::Flow subject = table.at(index);
                    subject.set_judged(1);
                    if (stale) subject.mark_stale();
                    subject.set_decisions(egress, allowed);
                    subject.set_state(static_cast<flow::State>(number));
                    const bool plain = protocol == base::kIpTcp || protocol == base::kIpUdp;
                    const bool expected = plain && flow::only_touches(subject, headers) &&
                                          !subject.is_mark() && !subject.stale();
                    BOOST_TEST(subject.is_calm() == expected);
                    calm += subject.is_calm() ? 1 : 0;
                    subject.mark_stale();
                    BOOST_TEST(!subject.is_calm());
                    subject.set_judged(2);
                    subject.set_decisions(mark, allowed);
                    BOOST_TEST(!subject.is_calm());
                }
            }
        }
    }
    BOOST_TEST(calm == 3u);  // TCP established and half closed, UDP replied
}

BOOST_AUTO_TEST_CASE(segments_that_open_or_close_are_not_calm) {
    parse::Headers headers;
    headers.plain = true;
    using namespace parse::tcp_flag;
    for (const std::uint8_t flag : {kFin, kSyn, kRst}) {
        headers.tcp_flags = static_cast<std::uint8_t>(flag | kAck);
        BOOST_TEST(!flow::is_calm(headers));
    }
    headers.tcp_flags = kPsh | kAck;
    BOOST_TEST(flow::is_calm(headers));
    headers.plain = false;
    BOOST_TEST(!flow::is_calm(headers));
}
