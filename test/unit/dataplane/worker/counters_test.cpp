// SPDX-License-Identifier: Apache-2.0
// Whatever happens to packets, the counters add up.
#include "test/support/bench.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>
#include <random>

namespace data = boost::unit_test::data;
using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using support::Bytes;

namespace {

struct Setting {
    const char* name;
    DataplaneConfig::Mode mode;
    std::uint32_t workers;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

const Setting kSettings[] = {
    {"wire", DataplaneConfig::Mode::Wire, 1},
    {"wire_two_workers", DataplaneConfig::Mode::Wire, 2},
    {"switch", DataplaneConfig::Mode::Switch, 1},
    {"switch_two_workers", DataplaneConfig::Mode::Switch, 2},
};

const Policy kPolicy{.rules = {{.direction = base::Direction::Egress,
                                .subject = kShop,
                                .protocol = base::kIpUdp,
                                .port_first = 3,
                                .port_last = 3,
                                .action = base::Action::Deny,
                                .rule = 5},
                               {.subject = kBank, .port_last = 1, .action = base::Action::Deny}}};

class Traffic {
public:
    explicit Traffic(std::uint32_t seed) : random_(seed) {}

    std::size_t below(std::size_t limit) { return random_() % limit; }

    Bytes frame() {
        const support::Link link{mac(), mac(), {}};
        switch (below(20)) {
            case 0: return support::ethernet(link, 0x88cc, Bytes(50, 0));
            case 1: return support::ethernet(link, 0x0800, Bytes(below(30), 0x45));
            case 2: return support::arp(static_cast<std::uint16_t>(1 + below(2)), pod(), pod());
            case 3: return datagram(link, 1490);
            case 4:
                return support::frame(
                    support::ip({.source = "0.0.0.0", .destination = "255.255.255.255"},
                                support::udp({.source_port = 68, .destination_port = 67})),
                    link);
            default: return datagram(link, below(100));
        }
    }

private:
    std::string pod() { return below(2) == 0 ? kCast4.shop : kCast4.bank; }
    std::string anybody() {
        const Cast& cast = kCast4;
        const std::string all[] = {cast.shop,   cast.bank,     cast.shop,
                                   cast.bank,   cast.far_pod,  cast.other_node,
                                   cast.office, cast.stranger, cast.group};
        return all[below(std::size(all))];
    }
    support::Mac mac() {
        if (below(6) == 0) return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
        return {0x02, 0, 0, 0, 1, static_cast<std::uint8_t>(below(6))};
    }
    Bytes datagram(const support::Link& link, std::size_t payload) {
        return support::frame(
            support::ip({.source = anybody(), .destination = anybody()},
                        support::udp({.source_port = static_cast<std::uint16_t>(1000 + below(8)),
                                      .destination_port = static_cast<std::uint16_t>(below(6)),
                                      .payload = Bytes(payload, 7)})),
            link);
    }

    std::mt19937 random_;
};

Moved sums(const Bench& bench) {
    Moved sums;
    for (const auto& pipeline : bench.pipelines) {
        for (const auto& [name, value] : all_of(pipeline->counters())) sums[name] += value;
    }
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        const auto reason = static_cast<base::Reason>(i);
        sums["reasons"] += bench.count(reason);
        if (!base::passes(reason)) sums["drops"] += bench.count(reason);
    }
    return sums;
}

/// Leaves port 0 no room to be sent to, for whoever is next to send; answers how many were put.
std::uint64_t fill(Bench& bench, std::uint32_t workers) {
    const Bytes junk = support::ethernet({}, 0x88cc, Bytes(50, 0));
    const Bytes office =
        support::frame(support::ip({.source = kCast4.shop, .destination = kCast4.office},
                                   support::udp({.source_port = 9, .destination_port = 9})),
                       {{2, 0, 0, 0, 8, 1}, {2, 0, 0, 0, 8, 2}, {}});
    std::uint64_t put = 0;
    for (std::uint16_t queue = 0; queue < workers; ++queue) {
        for (int i = 0; i < 1023; ++i, ++put) bench.put(0, junk, queue);
    }
    for (std::uint16_t queue = 0; queue < bench.fabric->port(1).rx_queues(); ++queue) {
        for (int i = 0; i < 32; ++i, ++put) bench.put(1, office, queue);
    }
    for (int i = 0; i < 3; ++i) bench.turn();
    return put;
}

}  // namespace

BOOST_DATA_TEST_CASE(every_packet_is_sent_or_dropped_for_one_reason, data::make(kSettings),
                     setting) {
    Bench bench(setting.mode, setting.workers, kPolicy);
    bench.world.bind(kCast4.shop, kShopPort);
    Traffic traffic(7);
    const unsigned free_before = rte_mempool_avail_count(bench.pool());
    std::uint64_t put = 0;
    std::uint64_t collected = 0;
    const auto turn = [&] {
        bench.turn();
        for (std::uint16_t port = 0; port < bench.fabric->ports(); ++port) {
            collected += bench.collect(port);
        }
    };
    for (int round = 0; round < 300; ++round) {
        bench.now_us += 50'000;
        for (std::size_t n = traffic.below(60); n > 0; --n, ++put) {
            const auto port = static_cast<std::uint16_t>(traffic.below(bench.fabric->ports()));
            const auto queue = static_cast<std::uint16_t>(traffic.below(setting.workers));
            bench.put(port, traffic.frame(), queue);
        }
        if (round % 100 == 99) {
            turn();  // takes what is left
            put += fill(bench, setting.workers);
        }
        turn();
    }
    for (int i = 0; i < 100; ++i) turn();

    Moved sum = sums(bench);
    BOOST_TEST(sum["rx_packets"] + sum["flood_copies"] == sum["tx_packets"] + sum["drops"]);
    BOOST_TEST(sum["rx_packets"] + sum["lost_after_verdict"] == sum["reasons"]);
    // What is sent to a ring may be received from it again.
    BOOST_TEST(sum["rx_packets"] + collected == put + sum["tx_packets"]);
    BOOST_TEST(rte_mempool_avail_count(bench.pool()) == free_before);
    for (const char* name :
         {"tx_packets", base::name(base::Reason::PolicyDeny),
          base::name(base::Reason::SpoofedSource), base::name(base::Reason::Malformed),
          base::name(base::Reason::NonIp), base::name(base::Reason::OverMtu),
          base::name(base::Reason::Policy), base::name(base::Reason::Established),
          base::name(base::Reason::PortFull)}) {
        BOOST_TEST_INFO(name);
        BOOST_TEST(sum[name] > 0u);
    }
    if (setting.mode == DataplaneConfig::Mode::Switch) {
        for (const char* name : {"flood_copies", base::name(base::Reason::SamePort),
                                 base::name(base::Reason::SpoofedMac)}) {
            BOOST_TEST_INFO(name);
            BOOST_TEST(sum[name] > 0u);
        }
    }
}

/// A copy that no pod behind any port may have is denied, and said to be.
BOOST_AUTO_TEST_CASE(what_the_forwarder_denies_counts_once_and_is_told) {
    Bench bench(DataplaneConfig::Mode::Switch, 1, kPolicy);
    const Bytes request =
        support::frame(support::ip({.source = "0.0.0.0", .destination = "255.255.255.255"},
                                   support::udp({.source_port = 68, .destination_port = 67})),
                       {{2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 1, 2}, {}});
    const Bytes office =
        support::frame(support::ip({.source = kCast4.bank, .destination = kCast4.office},
                                   support::udp({.source_port = 1, .destination_port = 9})),
                       {{2, 0, 0, 0, 1, 2}, {2, 0, 0, 0, 1, 9}, {}});
    bench.send(kBankPort, office);
    verdict::Event event;
    BOOST_REQUIRE(bench.pipelines[0]->events().pop({&event, 1}) == 0u);
    BOOST_TEST(bench.send(kShopPort, request) == "0 0 0 0 0");
    BOOST_TEST(bench.count(base::Reason::Dhcp) == 0u);
    BOOST_TEST(bench.count(base::Reason::NoPort) == 1u);
    BOOST_REQUIRE(bench.pipelines[0]->events().pop({&event, 1}) == 1u);
    BOOST_TEST((event.verdict.reason == base::Reason::NoPort));
    BOOST_TEST(event.port == kShopPort);
}
