// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.hpp"

#include "dataplane/io/mempools.hpp"
#include "dataplane/io/ring.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <rte_mbuf.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ostream>

namespace {

using namespace tierwall;

std::unique_ptr<io::Port> attach(const std::string& device) {
    auto port = io::Port::attach("p", device);
    if (!port) BOOST_TEST_MESSAGE(port.error().text());
    return port ? std::move(*port) : nullptr;
}

struct Pool {
    Pool() { BOOST_REQUIRE(pools.add(0, {.mbufs = 8192, .frame_bytes = 1522}).ok()); }
    rte_mempool* get() { return pools.of(0); }
    rte_mbuf* frame(const char* text) {
        rte_mbuf* mbuf = rte_pktmbuf_alloc(get());
        std::memcpy(rte_pktmbuf_append(mbuf, 64), text, std::strlen(text) + 1);
        return mbuf;
    }
    io::Mempools pools;
};

/// A folder of one test.
struct Folder {
    Folder() {
        char name[] = "/tmp/tw_port_XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

struct Refused {
    const char* device;
    const char* word;
};
std::ostream& operator<<(std::ostream& out, const Refused& c) { return out << c.device; }

const Refused kRefused[] = {
    {"", "no device is named"},
    {"net_af_packet7,iface=tw-nothing", "no network interface tw-nothing"},
    {"net_af_xdp7,iface=tw-nothing", "no network interface tw-nothing"},
    {"net_af_packet8", "device net_af_packet8"},
    {"net_pcap8,rx_pcap=/nowhere/at/all.pcap", "device net_pcap8"},
    {"no_such_driver0", "device no_such_driver0"},
    {"0000:ff:1f.7", "device 0000:ff:1f.7"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(port, Pool)

BOOST_DATA_TEST_CASE(a_device_that_cannot_be_is_refused_by_name,
                     boost::unit_test::data::make(kRefused), c) {
    const auto refused = io::Port::attach("uplink", c.device);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().where == "port uplink");
    BOOST_TEST(refused.error().what.find(c.word) != std::string::npos, refused.error().text());
}

BOOST_AUTO_TEST_CASE(a_null_device_has_a_queue_for_each_worker) {
    const auto port = attach("net_null0,size=64");
    BOOST_REQUIRE(port != nullptr);
    BOOST_REQUIRE(port->start(3, get()).ok());
    BOOST_TEST(port->rx_queues() == 3);
    BOOST_TEST(port->tx_queues() == 3);
    BOOST_TEST(port->mtu() == 1500);
    std::array<rte_mbuf*, 32> frames{};
    BOOST_REQUIRE(port->receive(2, frames) == 32);
    BOOST_TEST(port->send(1, frames) == 32);
    BOOST_TEST(port->stats().rx_packets == 32u);
    BOOST_TEST(port->stats().tx_packets == 32u);
}

BOOST_AUTO_TEST_CASE(a_device_belongs_to_one_port_until_that_goes) {
    auto first = attach("net_null1");
    BOOST_REQUIRE(first != nullptr);
    const auto second = io::Port::attach("second", "net_null1");
    BOOST_REQUIRE(!second.ok());
    BOOST_TEST(base::name(second.error().code) == "Duplicate");
    first.reset();
    BOOST_TEST(attach("net_null1") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_ring_device_returns_what_was_sent) {
    const auto port = attach("net_ring0");
    BOOST_REQUIRE(port != nullptr);
    const auto started = port->start(1, get());
    BOOST_REQUIRE(started.ok());
    std::array<rte_mbuf*, 2> sent{frame("first"), frame("second")};
    BOOST_REQUIRE(port->send(0, sent) == 2);
    std::array<rte_mbuf*, 32> received{};
    BOOST_REQUIRE(port->receive(0, received) == 2);
    BOOST_TEST(std::strcmp(rte_pktmbuf_mtod(received[1], const char*), "second") == 0);
    rte_pktmbuf_free_bulk(received.data(), 2);
    BOOST_TEST(port->link_up());
}

BOOST_AUTO_TEST_CASE(a_pcap_device_replays_the_file_that_another_wrote) {
    const Folder folder;
    const std::string file = folder.path + "/frames.pcap";
    {
        const auto writer = attach("net_pcap0,tx_pcap=" + file);
        BOOST_REQUIRE(writer != nullptr);
        BOOST_REQUIRE(writer->start(1, get()).ok());
        std::array<rte_mbuf*, 2> sent{frame("first"), frame("second")};
        BOOST_REQUIRE(writer->send(0, sent) == 2);
    }
    const auto reader = attach("net_pcap1,rx_pcap=" + file + ",tx_pcap=/dev/null");
    BOOST_REQUIRE(reader != nullptr);
    BOOST_REQUIRE(reader->start(1, get()).ok());
    std::array<rte_mbuf*, 32> received{};
    BOOST_REQUIRE(reader->receive(0, received) == 2);
    BOOST_TEST(std::strcmp(rte_pktmbuf_mtod(received[0], const char*), "first") == 0);
    BOOST_TEST(reader->receive(0, std::span(received).subspan(2)) == 0);
    rte_pktmbuf_free_bulk(received.data(), 2);
}

BOOST_AUTO_TEST_CASE(a_pcap_device_in_a_loop_needs_a_buffer_for_each_frame_of_its_file) {
    const Folder folder;
    const std::string file = folder.path + "/loop.pcap";
    {
        const auto writer = attach("net_pcap2,tx_pcap=" + file);
        BOOST_REQUIRE(writer != nullptr);
        BOOST_REQUIRE(writer->start(1, get()).ok());
        std::array<rte_mbuf*, 3> sent{frame("first"), frame("second"), frame("third")};
        BOOST_REQUIRE(writer->send(0, sent) == 3);
    }
    const auto once = attach("net_pcap3,rx_pcap=" + file);
    const auto loop = attach("net_pcap4,rx_pcap=" + file + ",infinite_rx=1");
    BOOST_REQUIRE(once != nullptr && loop != nullptr);
    BOOST_TEST(loop->mbufs_held(1) == once->mbufs_held(1) + 3);
    BOOST_REQUIRE(loop->start(1, get()).ok());
    std::array<rte_mbuf*, 32> received{};
    const std::uint16_t count = loop->receive(0, received);
    BOOST_TEST(count > 3);
    rte_pktmbuf_free_bulk(received.data(), count);
}

BOOST_AUTO_TEST_CASE(memif_server_and_client_meet) {
    const Folder folder;
    const std::string socket = ",socket-abstract=no,socket=" + folder.path + "/memif.sock";
    const auto server = attach("net_memif0,role=server,id=0" + socket);
    const auto client = attach("net_memif1,role=client,id=0" + socket);
    if (server == nullptr || client == nullptr) {
        BOOST_TEST_MESSAGE("skipped: this DPDK has no memif without hugepages");
        return;
    }
    if (!server->start(1, get()).ok() || !client->start(1, get()).ok()) {
        BOOST_TEST_MESSAGE("skipped: memif does not start here");
        return;
    }
    for (int i = 0; i < 200 && !(server->link_up() && client->link_up()); ++i) usleep(10'000);
    BOOST_REQUIRE(server->link_up());
    std::array<rte_mbuf*, 1> sent{frame("over shared memory")};
    BOOST_REQUIRE(client->send(0, sent) == 1);
    std::array<rte_mbuf*, 32> received{};
    std::uint16_t count = 0;
    for (int i = 0; i < 200 && count == 0; ++i) {
        count = server->receive(0, received);
        usleep(1000);
    }
    BOOST_REQUIRE(count == 1);
    BOOST_TEST(std::strcmp(rte_pktmbuf_mtod(received[0], const char*), "over shared memory") == 0);
    rte_pktmbuf_free_bulk(received.data(), 1);
}

BOOST_AUTO_TEST_CASE(a_tap_device_starts) {
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
        BOOST_TEST_MESSAGE("skipped: TAP needs root and /dev/net/tun");
        return;
    }
    const auto port = attach("net_tap0,iface=twio-tap" + std::to_string(getpid() % 1000));
    BOOST_REQUIRE(port != nullptr);
    const auto started = port->start(2, get());
    BOOST_REQUIRE(started.ok());
    BOOST_TEST(port->rx_queues() == port->tx_queues());
    BOOST_TEST(port->link_up());
}

BOOST_AUTO_TEST_CASE(a_ring_between_workers_keeps_order_and_frees_what_is_left) {
    const unsigned before = rte_mempool_avail_count(get());
    {
        auto ring = io::Ring::create(64, SOCKET_ID_ANY);
        BOOST_REQUIRE(ring.ok());
        std::array<rte_mbuf*, 3> sent{frame("a"), frame("b"), frame("c")};
        BOOST_REQUIRE((*ring)->push(sent) == 3);
        std::array<rte_mbuf*, 1> received{};
        BOOST_REQUIRE((*ring)->pop(received) == 1);
        BOOST_TEST(received[0] == sent[0]);
        rte_pktmbuf_free(received[0]);
    }
    BOOST_TEST(rte_mempool_avail_count(get()) == before);
}

BOOST_AUTO_TEST_CASE(a_full_ring_takes_no_more) {
    auto ring = io::Ring::create(4, SOCKET_ID_ANY);
    BOOST_REQUIRE(ring.ok());
    std::array<rte_mbuf*, 8> sent{};
    for (auto& mbuf : sent) mbuf = frame("x");
    const std::uint32_t taken = (*ring)->push(sent);
    BOOST_TEST(taken == 3u);
    rte_pktmbuf_free_bulk(sent.data() + taken, 8 - taken);
}

BOOST_AUTO_TEST_SUITE_END()
