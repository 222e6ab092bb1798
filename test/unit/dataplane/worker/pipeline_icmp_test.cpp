// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/world.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Action;
using base::Direction;
using base::Family;
using base::Reason;
using support::frame;

namespace {

constexpr Family kFamilies[] = {Family::IPv4, Family::IPv6};

/// Bank and shop are isolated, but bank may open TCP 80 at shop.
const Policy kNarrow{
    .rules = {
        {.direction = Direction::Ingress, .subject = kShop, .protocol = base::kIpTcp, .rule = 6},
        {.subject = kShop, .action = Action::Deny, .rule = 7},
        {.subject = kBank, .action = Action::Deny, .rule = 8}}};
const Expect kOpened{
    .reason = Reason::Policy, .tier = base::kTierAdmin, .rule = 6, .moved = {{"flows_created", 1}}};
const Expect kRelated{.reason = Reason::RelatedIcmp};
const Expect kDenied7{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 7};
const Expect kDenied8{.reason = Reason::PolicyDeny, .tier = base::kTierAdmin, .rule = 8};

support::Bytes segment(const std::string& from, const std::string& to, std::uint16_t source_port,
                       std::uint16_t destination_port, std::uint8_t flags) {
    return support::ip(
        {.source = from, .destination = to},
        support::tcp(
            {.source_port = source_port, .destination_port = destination_port, .flags = flags}));
}
support::Bytes request(const Cast& cast) {
    return segment(cast.bank, cast.shop, 40000, 80, parse::tcp_flag::kSyn);
}
support::Bytes answer(const Cast& cast) {
    return segment(cast.shop, cast.bank, 80, 40000, parse::tcp_flag::kSyn | parse::tcp_flag::kAck);
}
/// Port unreachable.
support::Bytes error(const std::string& from, const std::string& to, const support::Bytes& about) {
    const bool v4 = (about[0] >> 4) == 4;
    return frame({.source = from, .destination = to},
                 v4 ? support::icmp_error(3, 3, about) : support::icmp_error(1, 4, about));
}

}  // namespace

BOOST_DATA_TEST_CASE(an_error_about_a_live_flow_passes_to_the_end_that_it_quotes,
                     data::make(kFamilies), family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(frame(request(cast)), kBankPort, kOpened);
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kRelated);
    world.send(error(cast.bank, cast.shop, answer(cast)), kBankPort, kRelated);
    // Routers on the way speak too.
    world.send(error(cast.other_node, cast.bank, request(cast)), kUplink, kRelated);
    world.send(error(cast.stranger, cast.shop, answer(cast)), kUplink, kRelated);
    BOOST_CHECK_EQUAL(world.pipeline->flows().size(), 1);
}

BOOST_DATA_TEST_CASE(an_error_about_no_flow_is_judged_like_any_packet, data::make(kFamilies),
                     family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kDenied8);
    World open;
    open.send(error(cast.shop, cast.bank, request(cast)), kShopPort,
              {.reason = Reason::Policy, .tier = base::kTierDefault});
    BOOST_CHECK_EQUAL(open.pipeline->flows().size(), 0);
}

BOOST_DATA_TEST_CASE(an_error_that_does_not_go_to_the_quoted_sender_is_not_related,
                     data::make(kFamilies), family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(frame(request(cast)), kBankPort, kOpened);
    world.send(error(cast.bank, cast.shop, request(cast)), kBankPort, kDenied7);
    world.send(error(cast.stranger, cast.shop, request(cast)), kUplink, kDenied7);
}

BOOST_DATA_TEST_CASE(a_pod_that_has_no_part_in_the_flow_cannot_speak_about_it,
                     data::make(kFamilies), family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(frame(request(cast)), kBankPort, kOpened);
    world.send(error(cast.far_pod, cast.bank, request(cast)), kUplink, kDenied8);
}

BOOST_DATA_TEST_CASE(an_error_about_a_flow_that_changed_or_was_revoked_is_not_related,
                     data::make(kFamilies), family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(frame(request(cast)), kBankPort, kOpened);
    world.publish(kNarrow, {cast.shop});
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kDenied8);
    world.send(frame(request(cast)), kBankPort,
               {.reason = Reason::Established,
                .tier = base::kTierAdmin,
                .rule = 6,
                .moved = {{"flows_rejudged", 1}}});
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kRelated);
    Policy closed = kNarrow;
    closed.rules.erase(closed.rules.begin());
    world.publish(closed, {cast.shop});
    Expect revoked = kDenied7;
    revoked.moved = {{"flows_revoked", 1}};
    world.send(frame(segment(cast.bank, cast.shop, 40000, 80, parse::tcp_flag::kAck)), kBankPort,
               revoked);
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kDenied8);
}

BOOST_DATA_TEST_CASE(the_sender_of_an_error_is_checked, data::make(kFamilies), family) {
    World world(kNarrow);
    const Cast& cast = cast_of(family);
    world.send(frame(request(cast)), kBankPort, kOpened);
    world.send(error(cast.shop, cast.bank, request(cast)), kShopPort, kRelated);
    world.send(error(cast.shop, cast.bank, request(cast)), kEmptyPort,
               {.reason = Reason::SpoofedSource});
    world.send(error(cast.stranger, cast.bank, request(cast)), kEmptyPort,
               {.reason = Reason::UnknownSource});
}

BOOST_DATA_TEST_CASE(an_error_does_not_keep_a_flow_alive, data::make(kFamilies), family) {
    World world;
    const Cast& cast = cast_of(family);
    const auto about = support::ip({.source = cast.bank, .destination = cast.shop},
                                   support::udp({.source_port = 1, .destination_port = 53}));
    world.judge({{frame(about), kBankPort}});
    world.now_ms += 20'000;
    world.send(error(cast.shop, cast.bank, about), kShopPort, kRelated);
    world.now_ms += 11'000;
    world.send(
        error(cast.shop, cast.bank, about), kShopPort,
        {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_expired", 1}}});
}

BOOST_DATA_TEST_CASE(other_messages_are_no_replies_to_a_ping, data::make(kFamilies), family) {
    World world({.rules = {{.direction = Direction::Egress,
                            .subject = kShop,
                            .action = Action::Deny,
                            .rule = 7}}});
    const Cast& cast = cast_of(family);
    world.send(
        frame({.source = cast.bank, .destination = cast.shop}, support::echo(family, false, 0)),
        kBankPort,
        {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}});
    const bool v4 = family == Family::IPv4;
    const auto other = v4 ? support::icmp({.type = 41}) : support::icmpv6({.type = 200});
    world.send(frame({.source = cast.shop, .destination = cast.bank}, other), kShopPort, kDenied7);
    world.send(
        frame({.source = cast.shop, .destination = cast.bank}, support::echo(family, true, 0)),
        kShopPort, {.reason = Reason::Established});
}

BOOST_DATA_TEST_CASE(pings_with_different_identifiers_are_different_flows, data::make(kFamilies),
                     family) {
    World world({.rules = {{.direction = Direction::Egress,
                            .subject = kShop,
                            .action = Action::Deny,
                            .rule = 7}}});
    const Cast& cast = cast_of(family);
    const auto pong = [&](std::uint16_t identifier) {
        return frame({.source = cast.shop, .destination = cast.bank},
                     support::echo(family, true, identifier));
    };
    world.send(
        frame({.source = cast.bank, .destination = cast.shop}, support::echo(family, false, 7)),
        kBankPort,
        {.reason = Reason::Policy, .tier = base::kTierDefault, .moved = {{"flows_created", 1}}});
    world.send(pong(7), kShopPort, {.reason = Reason::Established});
    world.send(pong(8), kShopPort, kDenied7);
}
