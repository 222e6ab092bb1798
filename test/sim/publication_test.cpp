// SPDX-License-Identifier: Apache-2.0
// Publication under load: labels and policies change together, thousands of times, while workers
// judge packets. In both states X may call Y and Z may not; in any mixture of the two states it
// would be the other way round. So one wrong verdict is one mixed state.

#include "control/agent/enforcer.hpp"
#include "control/compile/compiler.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "test/support/eal.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <thread>

using namespace tierwall;
using namespace std::chrono_literals;

using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

constexpr auto kRunTime = 5s;
constexpr std::uint16_t kPort = 80;

policy::Selector app(const char* value) { return {{{"app", policy::Operator::In, {value}}}}; }

kube::Pod pod(const char* name, const char* label, const char* address) {
    kube::Pod result;
    result.namespace_name = "ns";
    result.name = name;
    result.uid = name;
    result.labels["app"] = label;
    result.addresses.push_back(*base::parse_address(address));
    result.node = "node-1";
    return result;
}

/// State 0: X is "a", Z is "b", Y admits "a". State 1: labels and policy are exchanged.
proto::ResourceSet state(compile::Compiler& compiler, bool exchanged) {
    kube::Cluster cluster;
    cluster.namespaces["ns"] = {"ns", {{"kubernetes.io/metadata.name", "ns"}}};
    for (const auto& each :
         {pod("x", exchanged ? "b" : "a", "10.0.0.1"), pod("z", exchanged ? "a" : "b", "10.0.0.2"),
          pod("y", "server", "10.0.0.3")}) {
        cluster.pods[each.path()] = each;
    }
    policy::Policy admit;
    admit.kind = "NetworkPolicy";
    admit.namespace_name = "ns";
    admit.name = "y";
    admit.subject = {"ns", {}, app("server")};
    admit.isolates_ingress = true;
    policy::Rule rule;
    rule.peers.push_back(policy::PodSet{"ns", {}, app(exchanged ? "b" : "a")});
    admit.ingress.push_back(rule);
    const std::vector<policy::Policy> policies{admit};
    auto output = compiler.compile({&cluster, policies, {}, {}});
    BOOST_REQUIRE(output.ok());
    return output->resources;
}

/// A UDP datagram to Y: no checksum, which IPv4 allows.
std::vector<std::uint8_t> datagram(std::uint8_t source, std::uint16_t source_port) {
    std::vector<std::uint8_t> bytes(60, 0);
    bytes[0] = bytes[6] = 2;
    bytes[12] = 8;
    const std::uint8_t ip[] = {0x45, 0, 0,  32, 0, 1,      0,  0, 64, 17,
                               0,    0, 10, 0,  0, source, 10, 0, 0,  3};
    std::memcpy(bytes.data() + 14, ip, sizeof ip);
    bytes[34] = static_cast<std::uint8_t>(source_port >> 8);
    bytes[35] = static_cast<std::uint8_t>(source_port);
    bytes[37] = kPort;
    bytes[39] = 12;
    return bytes;
}

struct Tally {
    std::uint64_t packets = 0;
    std::uint64_t wrong = 0;
    std::uint64_t after_acknowledgement = 0;
    std::uint64_t generations = 0;
};

class Worker {
public:
    Worker(std::uint32_t number, agent::Enforcer& enforcer, std::atomic<std::uint64_t>& enforced)
        : number_(number), enforcer_(enforcer), enforced_(enforced) {
        worker::Pipeline::Config config;
        config.ports = {{worker::Side::Uplink, 1500}};
        config.flows_max = 1u << 12;
        auto made = worker::Pipeline::create(config, enforcer.addresses());
        BOOST_REQUIRE(made.ok());
        pipeline_ = std::move(*made);
    }

    void run(const std::atomic<bool>& stop) {
        enforcer_.readers().online(number_);
        while (!stop.load(std::memory_order_relaxed)) burst();
        enforcer_.readers().offline(number_);
    }

    const Tally& tally() const { return tally_; }

private:
    void burst() {
        const std::uint64_t promised = enforced_.load(std::memory_order_acquire);
        const worker::Snapshot* snapshot = enforcer_.published().load();
        std::array<std::vector<std::uint8_t>, worker::kBurst> packets;
        std::array<worker::Frame, worker::kBurst> frames{};
        for (std::size_t i = 0; i < worker::kBurst; ++i) {
            // Half of the packets belong to connections that stay, half open new ones.
            const bool stays = i % 4 < 2;
            const auto port = stays ? static_cast<std::uint16_t>(1000 + i) : next_port_++;
            packets[i] = datagram(i % 2 == 0 ? 1 : 2, port);
            frames[i] = {packets[i].data(), 60, 60, 0};
        }
        std::array<parse::Headers, worker::kBurst> headers;
        std::array<worker::Outcome, worker::kBurst> outcomes;
        now_ms_ += 100;  // so that the flows of new connections grow old and make room
        pipeline_->judge(frames, {snapshot, now_ms_}, headers, outcomes);
        pipeline_->expire(now_ms_);
        for (std::size_t i = 0; i < worker::kBurst; ++i) {
            const bool allowed = outcomes[i].verdict.action == base::Action::Allow;
            tally_.wrong += allowed != (i % 2 == 0);
        }
        tally_.packets += worker::kBurst;
        tally_.after_acknowledgement += snapshot->epoch < promised;
        tally_.generations += snapshot->generation != generation_;
        generation_ = snapshot->generation;
        enforcer_.readers().quiescent(number_);
    }

    std::uint32_t number_;
    agent::Enforcer& enforcer_;
    std::atomic<std::uint64_t>& enforced_;
    std::unique_ptr<worker::Pipeline> pipeline_;
    Tally tally_;
    std::uint16_t next_port_ = 2000;
    std::uint64_t now_ms_ = 1000;
    std::uint32_t generation_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(no_worker_ever_sees_new_labels_with_old_tables_or_the_reverse) {
    auto made = agent::Enforcer::create({"all", 1u << 12, 2});
    BOOST_REQUIRE(made.ok());
    agent::Enforcer& enforcer = **made;
    compile::Compiler compiler;
    const proto::ResourceSet states[] = {state(compiler, false), state(compiler, true)};
    std::vector<base::Error> problems;
    BOOST_REQUIRE(enforcer.apply(states[0], 1, problems).ok());

    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> enforced{1};
    Worker first(0, enforcer, enforced);
    Worker second(1, enforcer, enforced);
    std::thread threads[] = {std::thread([&] { first.run(stop); }),
                             std::thread([&] { second.run(stop); })};
    std::uint64_t epoch = 1;
    std::size_t waiting_most = 0;
    for (const auto end = std::chrono::steady_clock::now() + kRunTime;
         std::chrono::steady_clock::now() < end;) {
        ++epoch;
        BOOST_REQUIRE(enforcer.apply(states[epoch % 2 == 1 ? 0 : 1], epoch, problems).ok());
        enforced.store(epoch, std::memory_order_release);
        waiting_most = std::max(waiting_most, enforcer.reclaim());
        std::this_thread::sleep_for(200us);
    }
    stop = true;
    for (auto& thread : threads) thread.join();
    BOOST_CHECK_EQUAL(enforcer.reclaim(), 0u);

    for (const Worker* worker : {&first, &second}) {
        const Tally& tally = worker->tally();
        BOOST_CHECK_GT(tally.packets, 10000u);
        BOOST_CHECK_GT(tally.generations, 100u);
        BOOST_CHECK_EQUAL(tally.wrong, 0u);
        BOOST_CHECK_EQUAL(tally.after_acknowledgement, 0u);
    }
    std::cout << "figure: " << epoch << " epochs published under load, "
              << first.tally().packets + second.tally().packets
              << " packets judged, 0 in a mixed state, 0 as before the acknowledgement; at most "
              << waiting_most << " old snapshots waited\n";
}
