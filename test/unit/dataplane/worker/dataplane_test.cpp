// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/dataplane.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <ostream>
#include <span>
#include <thread>
#include <vector>

namespace {

using namespace tierwall;
using namespace tierwall::worker;
using Steady = std::chrono::steady_clock;

double ms_since(Steady::time_point start) {
    return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

DataplaneConfig null_config(std::uint32_t workers) {
    DataplaneConfig config;
    config.workers = workers;
    config.flows_max = 4096;
    config.boot_open = true;
    // Without a copy of rx into tx the null device makes frames of zeros as fast as it is asked.
    for (const char* name : {"0", "1"}) {
        config.ports.push_back(
            {std::string("p") + name, std::string("net_null7") + name, Side::Uplink, ""});
    }
    return config;
}

DataplaneConfig silent_config(std::uint32_t workers) {
    DataplaneConfig config = null_config(workers);
    config.ports[0].device = "net_ring970";
    config.ports[1].device = "net_ring971";
    return config;
}

struct Objects {
    Objects() {
        readers = std::move(*Readers::create(4));
        addresses = std::move(*identity::AddressMap::create({.addresses_max = 1024}));
        snapshots = std::make_unique<Published<Snapshot>>(*readers);
    }
    base::Result<std::unique_ptr<Dataplane>> create(const DataplaneConfig& config) {
        return Dataplane::create(config, *snapshots, *readers, *addresses);
    }
    std::unique_ptr<Readers> readers;
    std::unique_ptr<identity::AddressMap> addresses;
    std::unique_ptr<Published<Snapshot>> snapshots;
};

struct Wrong {
    const char* name;
    std::function<void(DataplaneConfig&)> break_it;
    const char* message;
};
std::ostream& operator<<(std::ostream& out, const Wrong& c) { return out << c.name; }

const Wrong kWrong[] = {
    {"no ports", [](DataplaneConfig& c) { c.ports.clear(); }, "ports: no port is configured"},
    {"odd wire", [](DataplaneConfig& c) { c.ports.pop_back(); },
     "ports: wire mode joins ports in pairs, but there are 1"},
    {"no workers", [](DataplaneConfig& c) { c.workers = 0; }, "workers: must be 1 to 64"},
    {"too many workers", [](DataplaneConfig& c) { c.workers = 65; }, "workers: must be 1 to 64"},
    {"too few flows",
     [](DataplaneConfig& c) {
         c.workers = 2;
         c.flows_max = 2047;
     },
     "flows_max: must be at least 1024 for each worker"},
    {"one name twice", [](DataplaneConfig& c) { c.ports[1].name = "p0"; },
     "port p0: the name is used twice"},
    {"no name", [](DataplaneConfig& c) { c.ports[1].name = ""; }, "ports: a port has no name"},
    {"one device twice", [](DataplaneConfig& c) { c.ports[1].device = c.ports[0].device; },
     "port p1: device net_null70: another port has this device"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dataplane, Objects)

BOOST_DATA_TEST_CASE_F(Objects, a_configuration_that_cannot_be_is_refused,
                       boost::unit_test::data::make(kWrong), wrong) {
    DataplaneConfig config = null_config(1);
    wrong.break_it(config);
    const auto refused = create(config);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().text() == wrong.message);
    // Nothing stays open: what was right in it can be used again.
    BOOST_TEST(create(null_config(1)).ok());
}

BOOST_AUTO_TEST_CASE(workers_start_and_stop_within_100_ms_again_and_again) {
    const auto plane = create(silent_config(2));
    BOOST_REQUIRE(plane.ok());
    for (int round = 0; round < 3; ++round) {
        (*plane)->start();
        BOOST_TEST((*plane)->running());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const auto start = Steady::now();
        (*plane)->stop();
        BOOST_TEST(ms_since(start) < 100);
        BOOST_TEST(!(*plane)->running());
    }
}

BOOST_AUTO_TEST_CASE(an_idle_worker_sleeps) {
    const auto plane = create(silent_config(1));
    BOOST_REQUIRE(plane.ok());
    (*plane)->start();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    (*plane)->stop();
    const std::uint64_t sleeps = (*plane)->counters(0).sleeps.read();
    BOOST_TEST(sleeps > 50u);
    BOOST_TEST(sleeps < 2000u);
}

BOOST_AUTO_TEST_CASE(busy_workers_forward_and_let_snapshots_go) {
    const auto plane = create(null_config(2));
    BOOST_REQUIRE(plane.ok());
    (*plane)->start();
    for (int i = 0; i < 50; ++i) {
        auto next = std::make_unique<Snapshot>();
        next->generation = static_cast<std::uint32_t>(i + 1);
        // Frames of zeros are no IP: nothing of the snapshot is asked.
        snapshots->replace(std::move(next));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        snapshots->reclaim();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    BOOST_TEST(snapshots->reclaim() == 0u);
    (*plane)->stop();
    std::uint64_t received = 0;
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
        const base::Counters& counters = (*plane)->counters(worker);
        BOOST_TEST(counters.rx_packets.read() > 0u);
        BOOST_TEST(counters.of(base::Reason::NonIp).read() == counters.rx_packets.read());
        received += counters.rx_packets.read();
    }
    std::uint64_t seen = 0;
    for (const PortView& port : (*plane)->ports()) seen += port.stats.rx_packets;
    BOOST_TEST(seen == received);
}

BOOST_AUTO_TEST_CASE(denied_packets_are_taken_from_each_worker_once_and_the_others_are_counted) {
    const auto plane = create(null_config(2));
    BOOST_REQUIRE(plane.ok());
    (*plane)->start();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    (*plane)->stop();
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
        std::vector<verdict::Event> events(1 << 16);
        const std::size_t taken = (*plane)->take_events(worker, events);
        const base::Counters& counters = (*plane)->counters(worker);
        BOOST_TEST(taken > 0u);
        BOOST_TEST(taken + counters.events_lost.read() == counters.of(base::Reason::NonIp).read());
        for (const verdict::Event& event : std::span(events).first(taken)) {
            BOOST_REQUIRE((event.verdict.reason == base::Reason::NonIp));
            BOOST_REQUIRE(event.port < 2);
        }
        BOOST_TEST((*plane)->take_events(worker, events) == 0u);
    }
}

BOOST_AUTO_TEST_CASE(ports_are_shown_as_they_were_configured) {
    DataplaneConfig config = silent_config(1);
    config.ports[1].side = Side::Pods;
    config.ports[1].pod = "shop/web-0";
    const auto plane = create(config);
    BOOST_REQUIRE(plane.ok());
    const auto ports = (*plane)->ports();
    BOOST_REQUIRE(ports.size() == 2u);
    BOOST_TEST(ports[1].name == "p1");
    BOOST_TEST(ports[1].device == "net_ring971");
    BOOST_TEST(ports[1].pod == "shop/web-0");
    BOOST_TEST((ports[1].side == Side::Pods));
    BOOST_TEST(ports[1].number == 1u);
    BOOST_TEST(ports[1].mtu == 1500);
    BOOST_TEST(ports[1].link_up);
    BOOST_TEST((*plane)->warnings().empty());
}

BOOST_AUTO_TEST_SUITE_END()
