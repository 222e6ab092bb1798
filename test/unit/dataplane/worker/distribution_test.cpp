// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/distribution.hpp"

#include "test/support/packet.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

using namespace tierwall;
using support::Bytes;
using support::frame;
using support::ip;
using support::Link;
using worker::address_pair_hash;

const support::IpFields kThere4{.source = "10.0.0.1", .destination = "10.0.7.2"};
const support::IpFields kBack4{.source = "10.0.7.2", .destination = "10.0.0.1"};
const support::IpFields kThere6{.source = "fd00::1", .destination = "fd00:7::2"};
const support::IpFields kBack6{.source = "fd00:7::2", .destination = "fd00::1"};
const support::IpFields kRouter4{.source = "192.0.2.99", .destination = "10.0.0.1"};
const support::IpFields kRouter6{.source = "2001:db8::99", .destination = "fd00::1"};

const support::Transport kTcp = support::tcp({.source_port = 1, .destination_port = 2});
const support::Transport kUdp =
    support::udp({.source_port = 9, .destination_port = 53, .payload = Bytes(64, 1)});

Bytes after_hop_by_hop(Bytes packet) {
    const Bytes options{packet[6], 0, 1, 4, 0, 0, 0, 0};
    packet[6] = 0;
    packet.insert(packet.begin() + 40, options.begin(), options.end());
    support::set16(packet, 4, static_cast<unsigned>(packet.size() - 40));
    return packet;
}

/// Everything that belongs to the connection of kThere and kBack.
struct Case {
    const char* name;
    Bytes frame;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::vector<Case> one_connection(const support::IpFields& there, const support::IpFields& back,
                                 const support::IpFields& router, bool v4) {
    const auto error = [&](std::uint8_t type4, std::uint8_t type6) {
        return support::icmp_error(v4 ? type4 : type6, 0, ip(there, kUdp));
    };
    std::vector<Case> cases{
        {"another protocol", frame(ip(there, kTcp))},
        {"reply", frame(ip(back, kTcp))},
        {"one tag", frame(ip(back, kUdp), Link{.vlans = {7}})},
        {"two tags", frame(ip(back, kUdp), Link{.vlans = {7, 8}})},
        {"first fragment", frame(support::fragments(there, kUdp, 16)[0])},
        {"later fragment", frame(support::fragments(there, kUdp, 16)[1])},
        {"echo",
         frame(ip(there, support::echo(v4 ? base::Family::IPv4 : base::Family::IPv6, false, 1)))},
        {"unreachable", frame(ip(router, error(3, 1)))},
        {"time exceeded", frame(ip(router, error(11, 3)))},
        {"parameter problem", frame(ip(router, error(12, 4)))},
    };
    if (!v4) {
        cases.push_back({"too big", frame(ip(router, error(0, 2)))});
        cases.push_back({"error behind options", frame(after_hop_by_hop(ip(router, error(0, 1))))});
    }
    return cases;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distribution)

BOOST_DATA_TEST_CASE(all_of_an_ipv4_connection_has_one_hash,
                     boost::unit_test::data::make(one_connection(kThere4, kBack4, kRouter4, true)),
                     c) {
    const auto hash = address_pair_hash(c.frame);
    BOOST_REQUIRE(hash.has_value());
    BOOST_TEST(*hash == *address_pair_hash(frame(ip(kThere4, kUdp))));
}

BOOST_DATA_TEST_CASE(all_of_an_ipv6_connection_has_one_hash,
                     boost::unit_test::data::make(one_connection(kThere6, kBack6, kRouter6, false)),
                     c) {
    const auto hash = address_pair_hash(c.frame);
    BOOST_REQUIRE(hash.has_value());
    BOOST_TEST(*hash == *address_pair_hash(frame(ip(kThere6, kUdp))));
}

BOOST_AUTO_TEST_CASE(other_pairs_have_other_hashes) {
    const auto one = address_pair_hash(frame(ip(kThere4, kTcp)));
    const auto other =
        address_pair_hash(frame(ip({.source = "10.0.0.1", .destination = "10.0.7.3"}, kTcp)));
    BOOST_TEST(*one != *other);
}

BOOST_AUTO_TEST_CASE(an_echo_reply_that_quotes_nothing_is_no_error) {
    const auto router = address_pair_hash(
        frame(ip(kRouter4, support::icmp({.type = 0, .payload = ip(kThere4, kTcp)}))));
    BOOST_TEST(*router == *address_pair_hash(frame(ip(kRouter4, kTcp))));
}

BOOST_AUTO_TEST_CASE(frames_without_addresses_have_no_hash) {
    BOOST_TEST(!address_pair_hash(support::ethernet({}, 0x0806, Bytes(28, 0))).has_value());
    BOOST_TEST(!address_pair_hash(support::ethernet({}, 0x88cc, Bytes(50, 0))).has_value());
    BOOST_TEST(!address_pair_hash({}).has_value());
    const Bytes three_tags = frame(ip(kThere4, kTcp), Link{.vlans = {1, 2, 3}});
    BOOST_TEST(!address_pair_hash(three_tags).has_value());
}

BOOST_AUTO_TEST_CASE(a_frame_cut_anywhere_is_never_read_beyond_its_end) {
    for (const Bytes& whole :
         {frame(ip(kRouter4, support::icmp_error(3, 0, ip(kThere4, kUdp)))),
          frame(after_hop_by_hop(ip(kRouter6, support::icmp_error(1, 0, ip(kThere6, kUdp)))))}) {
        for (std::size_t length = 0; length <= whole.size(); ++length) {
            // A copy of its own, so that a sanitizer sees one byte too many.
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            const auto hash = address_pair_hash(cut);
            const bool is_v4 = whole[12] == 0x08;
            BOOST_TEST(hash.has_value() == (length >= (is_v4 ? 34u : 54u)));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_endless_chain_of_extensions_ends) {
    Bytes packet = ip(kThere6, support::raw(60, Bytes(4096, 0)));
    for (std::size_t at = 40; at < packet.size(); at += 8) packet[at] = 60;
    BOOST_TEST(*address_pair_hash(frame(packet)) == *address_pair_hash(frame(ip(kThere6, kTcp))));
}

BOOST_AUTO_TEST_SUITE_END()
