// SPDX-License-Identifier: Apache-2.0
// Who may send what: pods come, go, are made again and change their addresses, honest ones and
// liars send from any port, and workers lag behind. An independent model says of every packet
// whether its sender may use that address at that port.

#include "control/agent/enforcer.hpp"
#include "control/compile/compiler.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "test/support/eal.hpp"
#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <thread>

using namespace tierwall;
using namespace std::chrono_literals;

using tierwall::support::Eal;
BOOST_TEST_GLOBAL_FIXTURE(Eal);

namespace {

constexpr std::uint16_t kUplinks = 2;  // ports 0 and 1
constexpr std::uint16_t kPorts = 8;
constexpr int kPlaces = 24;  // addresses that pods may have, a third of them IPv6
constexpr int kUplink = 1000;
constexpr int kNowhere = -1;

std::string address_text(int place) {
    return (place % 3 == 2 ? "fd00::" : "10.0.0.") + std::to_string(place + 1);
}
std::string stranger_text(bool v6) { return v6 ? "2001:db8::7" : "192.0.2.7"; }

std::vector<worker::PortFacts> port_facts() {
    std::vector<worker::PortFacts> ports;
    for (std::uint16_t port = 0; port < kPorts; ++port) {
        ports.push_back({port < kUplinks ? worker::Side::Uplink : worker::Side::Pods, 1500});
    }
    return ports;
}

struct Owner {
    std::string name;
    int uid = 0;
    bool local = true;
    bool operator==(const Owner&) const = default;
};
using Owners = std::map<int, Owner>;  // by place

kube::Cluster cluster_of(const Owners& owners) {
    kube::Cluster cluster;
    cluster.namespaces["ns"] = {"ns", {{"kubernetes.io/metadata.name", "ns"}}};
    for (const char* node : {"node-1", "node-2"}) cluster.nodes[node] = {node, {}, {}};
    for (const auto& [place, owner] : owners) {
        kube::Pod& pod = cluster.pods["ns/" + owner.name];
        pod.namespace_name = "ns";
        pod.name = owner.name;
        pod.uid = "uid-" + std::to_string(owner.uid);
        pod.addresses.push_back(*base::parse_address(address_text(place)));
        pod.node = owner.local ? "node-1" : "node-2";
    }
    return cluster;
}

/// What the dataplane should hold of addresses and ports, written down once more.
class Model {
public:
    /// The owners of the next generation are known to the control thread.
    void write(std::uint32_t generation, const Owners& now) {
        std::map<int, int> tenures;
        for (const auto& [place, owner] : now) {
            const auto old = owners_.find(place);
            if (old != owners_.end() && old->second == owner) {
                tenures[place] = latest_[place];
                continue;
            }
            tenures[place] = latest_[place] = ++last_tenure_;
            local_[last_tenure_] = owner.local;
            holder_[last_tenure_] = fixed_.contains(place) ? fixed_[place] : kNowhere;
        }
        owners_ = now;
        history_[generation] = std::move(tenures);
    }
    void fix(int place, int port) {
        if (port == kNowhere) {
            fixed_.erase(place);
        } else {
            fixed_[place] = port;
        }
        if (latest_.contains(place)) holder_[latest_[place]] = port;
    }
    /// May a worker that holds `generation` take a packet from this address at this port?
    bool accepts(std::uint32_t generation, int place, std::uint16_t port) {
        const bool uplink = port < kUplinks;
        const auto& seen = history_.at(generation);
        const auto tenure = seen.find(place);
        if (tenure == seen.end()) return uplink;
        if (tenure->second != latest_[place]) return false;
        int& holder = holder_[tenure->second];
        // What lives on the node in scope is never at the uplink.
        if (holder == kNowhere && uplink != local_[tenure->second]) {
            holder = uplink ? kUplink : port;
        }
        return holder == (uplink ? kUplink : port);
    }

private:
    Owners owners_;
    std::map<std::uint32_t, std::map<int, int>> history_;
    std::map<int, int> latest_;  // tenure by place
    std::map<int, int> holder_;  // by tenure
    std::map<int, bool> local_;
    std::map<int, int> fixed_;
    int last_tenure_ = 0;
};

struct Figures {
    std::uint64_t epochs = 0, packets = 0, accepted = 0, refused = 0, lagging = 0;
    std::uint64_t made_again = 0, handed_on = 0, moved = 0, wrong = 0;
};

class Simulation {
public:
    explicit Simulation(std::uint32_t seed) : random_(seed) {
        auto made = agent::Enforcer::create({"node:node-1", 256, 2});
        BOOST_REQUIRE(made.ok());
        enforcer_ = std::move(*made);
        worker::Pipeline::Config config;
        config.ports = port_facts();
        config.flows_max = 1u << 12;
        config.bindings = std::make_shared<worker::Bindings>(kPorts);
        for (auto& pipeline : pipelines_) {
            auto created = worker::Pipeline::create(config, enforcer_->addresses());
            BOOST_REQUIRE(created.ok());
            pipeline = std::move(*created);
        }
        publish();
        for (std::uint32_t worker = 0; worker < 2; ++worker) {
            enforcer_->readers().online(worker);
            take(worker);
        }
    }
    ~Simulation() {
        for (std::uint32_t worker = 0; worker < 2; ++worker) enforcer_->readers().offline(worker);
    }

    void step() {
        for (int n = below(4); n >= 0; --n) change();
        publish();
        for (std::uint32_t worker = 0; worker < 2; ++worker) {
            if (below(3) != 0) take(worker);
        }
        for (int n = 0; n < 40; ++n) send(static_cast<std::uint32_t>(below(2)));
        enforcer_->reclaim();
    }

    Figures figures;

private:
    int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint32_t>(limit)); }

    void change() {
        const int place = below(kPlaces);
        const auto found = owners_.find(place);
        if (found == owners_.end()) {
            owners_[place] = {"pod-" + std::to_string(place), ++uid_, below(4) != 0};
            home_[place] = kUplinks + below(kPorts - kUplinks);
            return;
        }
        switch (below(6)) {
            case 0: owners_.erase(found); break;
            case 1:  // deleted and made again, within one epoch, at another port
                found->second.uid = ++uid_;
                home_[place] = kUplinks + below(kPorts - kUplinks);
                ++figures.made_again;
                break;
            case 2:  // another pod has the address now
                found->second = {"heir-" + std::to_string(++uid_), uid_, below(4) != 0};
                ++figures.handed_on;
                break;
            case 3:  // the same pod speaks from somewhere else: that is a lie
                home_[place] = kUplinks + below(kPorts - kUplinks);
                ++figures.moved;
                break;
            case 4: fix(place, kUplinks + below(kPorts - kUplinks)); break;
            default: fix(place, kNowhere); break;
        }
    }
    void fix(int place, int port) {
        enforcer_->bind(*base::parse_address(address_text(place)),
                        port == kNowhere ? identity::kUnbound : static_cast<std::uint16_t>(port));
        model_.fix(place, port);
    }

    void publish() {
        const kube::Cluster cluster = cluster_of(owners_);
        auto output = compiler_.compile({&cluster, {}, {}, {}});
        BOOST_REQUIRE(output.ok());
        std::vector<base::Error> problems;
        BOOST_REQUIRE(enforcer_->apply(output->resources, ++figures.epochs, problems).ok());
        model_.write(enforcer_->generation(), owners_);
    }
    void take(std::uint32_t worker) {
        enforcer_->readers().quiescent(worker);
        held_[worker] = enforcer_->published().load();
    }

    void send(std::uint32_t worker) {
        const int place = below(kPlaces);
        const bool honest = below(2) == 0 && home_.contains(place);
        const auto port = static_cast<std::uint16_t>(honest ? home_[place] : below(kPorts));
        const std::string source = address_text(place);
        const bool v6 = place % 3 == 2;
        const int peer = (place + 3 * (1 + below(kPlaces / 3 - 1))) % kPlaces;
        const std::string destination = below(3) == 0 ? stranger_text(v6) : address_text(peer);
        // Few ports, so that many packets belong to flows.
        const auto source_port = static_cast<std::uint16_t>(100 + below(4));
        const auto destination_port = static_cast<std::uint16_t>(100 + below(4));
        const bool arp = !v6 && below(8) == 0;
        const support::Bytes bytes =
            arp ? support::arp(1, source, destination)
                : support::frame({.source = source, .destination = destination},
                                 support::udp({.source_port = source_port,
                                               .destination_port = destination_port}));
        const worker::Frame frame{bytes.data(), static_cast<std::uint32_t>(bytes.size()),
                                  static_cast<std::uint32_t>(bytes.size()), port};
        parse::Headers headers;
        worker::Outcome outcome;
        now_ms_ += 20;
        pipelines_[worker]->judge({&frame, 1}, {held_[worker], now_ms_}, {&headers, 1},
                                  {&outcome, 1});
        pipelines_[worker]->expire(now_ms_);
        check(worker, place, port, outcome);
    }
    void check(std::uint32_t worker, int place, std::uint16_t port,
               const worker::Outcome& outcome) {
        const bool accepted = outcome.verdict.action == base::Action::Allow;
        const bool expected = model_.accepts(held_[worker]->generation, place, port);
        ++figures.packets;
        ++(accepted ? figures.accepted : figures.refused);
        figures.lagging += held_[worker]->generation != enforcer_->generation();
        if (accepted == expected) return;
        ++figures.wrong;
        if (figures.wrong > 5) return;
        BOOST_ERROR(address_text(place) + " at port " + std::to_string(port) + ", epoch " +
                    std::to_string(figures.epochs) + ", worker of epoch " +
                    std::to_string(held_[worker]->epoch) + ": " +
                    base::name(outcome.verdict.reason) + (expected ? ", may" : ", may not"));
    }

    std::mt19937 random_;
    std::unique_ptr<agent::Enforcer> enforcer_;
    compile::Compiler compiler_;
    std::array<std::unique_ptr<worker::Pipeline>, 2> pipelines_;
    std::array<const worker::Snapshot*, 2> held_{};
    Model model_;
    Owners owners_;
    std::map<int, int> home_;  // the port from which whoever has the address speaks
    int uid_ = 0;
    std::uint64_t now_ms_ = 1000;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_packet_is_taken_or_refused_as_the_model_says) {
    Figures all;
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        Simulation simulation(seed);
        for (int epoch = 0; epoch < 400; ++epoch) simulation.step();
        const Figures& each = simulation.figures;
        all.epochs += each.epochs;
        all.packets += each.packets;
        all.accepted += each.accepted;
        all.refused += each.refused;
        all.lagging += each.lagging;
        all.made_again += each.made_again;
        all.handed_on += each.handed_on;
        all.moved += each.moved;
        all.wrong += each.wrong;
    }
    BOOST_TEST(all.wrong == 0u);
    BOOST_TEST(all.accepted > all.packets / 10);
    BOOST_TEST(all.refused > all.packets / 10);
    BOOST_TEST(all.lagging > all.packets / 20);
    std::cout << "figure: " << all.packets << " packets of right and wrong senders in "
              << all.epochs << " epochs (" << all.made_again << " pods made again, "
              << all.handed_on << " addresses handed on, " << all.moved
              << " pods that moved): " << all.accepted << " taken, " << all.refused << " refused, "
              << all.lagging << " by a worker that lagged behind, " << all.wrong
              << " other than the model says\n";
}

/// The pod is made again in every epoch, and two workers take its address from different ports as
/// fast as they can. Of any one pod, both must never be believed.
BOOST_AUTO_TEST_CASE(no_two_ports_are_ever_believed_to_have_the_same_pod) {
    constexpr std::size_t kEpochsMax = 100'000;
    auto made = agent::Enforcer::create({"node:node-1", 256, 2});
    BOOST_REQUIRE(made.ok());
    agent::Enforcer& enforcer = **made;
    compile::Compiler compiler;
    Owners owners{{0, {"pod", 1, true}}};
    std::vector<base::Error> problems;
    std::uint64_t epoch = 0;
    const auto publish = [&] {
        owners[0].uid = static_cast<int>(++epoch);
        const kube::Cluster cluster = cluster_of(owners);
        auto output = compiler.compile({&cluster, {}, {}, {}});
        BOOST_REQUIRE(output.ok());
        BOOST_REQUIRE(enforcer.apply(output->resources, epoch, problems).ok());
    };
    publish();
    std::atomic<bool> stop{false};
    std::array<std::vector<bool>, 2> believed;
    std::array<std::uint64_t, 2> packets{};
    const auto run = [&](std::uint32_t number) {
        worker::Pipeline::Config config;
        config.ports = port_facts();
        config.flows_max = 1u << 10;
        auto pipeline = worker::Pipeline::create(config, enforcer.addresses());
        const support::Bytes bytes =
            support::frame({.source = address_text(0), .destination = stranger_text(false)},
                           support::udp({.source_port = 1, .destination_port = 2}));
        const auto length = static_cast<std::uint32_t>(bytes.size());
        const worker::Frame frame{bytes.data(), length, length,
                                  static_cast<std::uint16_t>(kUplinks + number)};
        parse::Headers headers;
        worker::Outcome outcome;
        believed[number].resize(kEpochsMax + 1);
        enforcer.readers().online(number);
        while (!stop.load(std::memory_order_relaxed)) {
            const worker::Snapshot* snapshot = enforcer.published().load();
            for (int i = 0; i < 4; ++i) {
                (*pipeline)->judge({&frame, 1}, {snapshot, 1000}, {&headers, 1}, {&outcome, 1});
                if (outcome.verdict.action == base::Action::Allow) {
                    believed[number][snapshot->epoch] = true;
                }
            }
            packets[number] += 4;
            enforcer.readers().quiescent(number);
        }
        enforcer.readers().offline(number);
    };
    std::thread threads[] = {std::thread(run, 0), std::thread(run, 1)};
    for (const auto end = std::chrono::steady_clock::now() + 3s;
         std::chrono::steady_clock::now() < end && epoch < kEpochsMax;) {
        publish();
        enforcer.reclaim();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    std::uint64_t both = 0;
    std::array<std::uint64_t, 2> won{};
    for (std::size_t i = 1; i <= epoch; ++i) {
        both += believed[0][i] && believed[1][i];
        for (std::size_t number = 0; number < 2; ++number) won[number] += believed[number][i];
    }
    BOOST_TEST(both == 0u);
    BOOST_TEST(won[0] > 0u);
    BOOST_TEST(won[1] > 0u);
    std::cout << "figure: one pod made again " << epoch << " times while two ports claim it, "
              << packets[0] + packets[1] << " packets: " << won[0] << " and " << won[1]
              << " times believed, " << both << " times both\n";
}
