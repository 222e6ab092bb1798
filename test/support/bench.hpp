// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Bench: worker loops over ports that are rings, for tests, around the cluster of a World.
///
/// Threads: one test.
/// Memory:  owned.
/// Cost:    not for measurements.

#include "dataplane/worker/loop.hpp"
#include "test/unit/dataplane/worker/world.hpp"

#include <rte_mbuf.h>

#include <cstring>

namespace tierwall::worker::testing {

/// Ports that are rings: what is put into one is received there, and what is sent to one is found
/// in it after the turn.
class Bench {
public:
    explicit Bench(DataplaneConfig::Mode mode = DataplaneConfig::Mode::Switch,
                   std::uint32_t workers = 1, const Policy& policy = {}, bool tied = false)
        : world(policy) {
        static int generation = 0;  // devices need names of their own
        ++generation;
        const std::uint16_t ports = mode == DataplaneConfig::Mode::Wire ? 4 : std::uint16_t{5};
        DataplaneConfig config;
        config.mode = mode;
        config.workers = workers;
        for (std::uint16_t port = 0; port < ports; ++port) {
            const Side side = World::default_config().ports[port].side;
            config.ports.push_back({"p" + std::to_string(port),
                                    "net_ring" + std::to_string(generation * 10 + port), side, ""});
            config.ports.back().reserved = tied && side == Side::Pods;
        }
        auto made = Fabric::create(config);
        BOOST_REQUIRE(made.ok());
        fabric = std::move(*made);
        auto created = Readers::create(workers);
        BOOST_REQUIRE(created.ok());
        readers = std::move(*created);
        snapshots = std::make_unique<Published<Snapshot>>(*readers);
        snapshots->replace(std::make_unique<Snapshot>(*world.snapshot));
        add_loops(workers);
    }
    ~Bench() {
        for (std::uint16_t port = 0; port < fabric->ports(); ++port) collect(port);
        loops.clear();
        for (std::uint32_t worker = 0; worker < fabric->workers(); ++worker) {
            readers->offline(worker);
        }
    }

    void put(std::uint16_t port, const support::Bytes& frame, std::uint16_t queue = 0) {
        rte_mbuf* mbuf = rte_pktmbuf_alloc(pool());
        BOOST_REQUIRE(mbuf != nullptr);
        std::memcpy(rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size())),
                    frame.data(), frame.size());
        BOOST_REQUIRE(fabric->port(port).send(queue, {&mbuf, 1}) == 1);
    }
    void turn() {
        for (const auto& loop : loops) loop->turn(now_us);
    }
    /// Turns until what was put in has left; takes it.
    void settle() {
        for (int i = 0; i < 3; ++i) {
            turn();
            for (std::uint16_t port = 0; port < fabric->ports(); ++port) collect(port);
        }
    }
    /// How many frames were sent to a port; takes them.
    std::size_t collect(std::uint16_t port) {
        std::size_t count = 0;
        std::array<rte_mbuf*, 32> mbufs{};
        for (std::uint16_t queue = 0; queue < fabric->port(port).rx_queues(); ++queue) {
            while (const std::uint16_t got = fabric->port(port).receive(queue, mbufs)) {
                rte_pktmbuf_free_bulk(mbufs.data(), got);
                count += got;
            }
        }
        return count;
    }
    /// The frames at each port, as "p0 p1 p2 p3 p4".
    std::string everywhere() {
        std::string text;
        for (std::uint16_t port = 0; port < fabric->ports(); ++port) {
            text += (port == 0 ? "" : " ") + std::to_string(collect(port));
        }
        return text;
    }
    std::string send(std::uint16_t port, const support::Bytes& frame) {
        put(port, frame);
        turn();
        return everywhere();
    }
    std::uint64_t count(base::Reason reason) const {
        std::uint64_t sum = 0;
        for (const auto& pipeline : pipelines) sum += pipeline->counters().of(reason).read();
        return sum;
    }
    rte_mempool* pool() const { return pool_; }

    World world;
    std::unique_ptr<Fabric> fabric;
    std::unique_ptr<Readers> readers;
    std::unique_ptr<Published<Snapshot>> snapshots;
    std::vector<std::unique_ptr<Pipeline>> pipelines;
    std::vector<std::unique_ptr<Loop>> loops;
    std::uint64_t now_us = 1'000'000'000;

private:
    void add_loops(std::uint32_t workers) {
        Pipeline::Config config = World::default_config();
        config.ports.resize(fabric->ports());
        for (std::uint16_t port = 0; port < fabric->ports(); ++port) {
            config.ports[port].reserved = fabric->config().ports[port].reserved;
        }
        config.bindings = std::make_shared<Bindings>(config.ports.size());
        for (std::uint32_t worker = 0; worker < workers; ++worker) {
            auto pipeline = Pipeline::create(config, *world.addresses);
            BOOST_REQUIRE(pipeline.ok());
            pipelines.push_back(std::move(*pipeline));
            loops.push_back(
                std::make_unique<Loop>(Loop::World{*fabric, *snapshots, *readers, *world.addresses},
                                       worker, *pipelines.back()));
            readers->online(worker);
        }
        BOOST_REQUIRE(pools_.add(0, {.mbufs = 8191, .frame_bytes = 1522}).ok());
        pool_ = pools_.of(0);
    }
    io::Mempools pools_;
    rte_mempool* pool_ = nullptr;
};

}  // namespace tierwall::worker::testing
