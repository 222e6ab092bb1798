// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/population.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kPodsOfNode = 250;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

struct Component {
    const char* name;
    const char* port;
    std::uint16_t number;
};
constexpr std::array<Component, 7> kComponents{{{"web", "http", 8080},
                                                {"api", "http", 8080},
                                                {"api", "grpc", 50051},
                                                {"worker", "admin", 9000},
                                                {"db", "postgres", 5432},
                                                {"cache", "redis", 6379},
                                                {"queue", "amqp", 5672}}};

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    char text[128];
    std::snprintf(text, sizeof(text), format, values...);
    return text;
}

App make_app(Random& random, std::uint32_t number) {
    const Component& kind = random.pick(kComponents);
    App app{.name = formatted("%s-%u", kind.name, number),
            .component = kind.name,
            .version = formatted("v%u", random.between(1, 4)),
            .ports = {{kind.port, kTcp, kind.number}},
            .replicas = 1};
    // Ports that others of the kind have under another number, or that have no name.
    if (random.chance(15)) app.ports.front().number = static_cast<std::uint16_t>(kind.number + 1);
    if (random.chance(70)) app.ports.push_back({"metrics", kTcp, 9090});
    if (random.chance(10)) app.ports.push_back({"", kTcp, 8443});
    return app;
}

/// Most have few replicas, some many; shares of the whole follow from that.
std::uint32_t weight(Random& random) {
    const std::uint32_t kind = random.below(100);
    if (kind < 60) return random.between(1, 4);
    if (kind < 90) return random.between(5, 20);
    return random.between(20, 100);
}

Space system_space(const char* name, const char* app, const char* component,
                   std::vector<kube::ContainerPort> ports) {
    Space space{.name = name, .team = "platform", .env = "prod", .apps = {}};
    space.apps.push_back({.name = app,
                          .component = component,
                          .version = "v1",
                          .ports = std::move(ports),
                          .replicas = 1});
    return space;
}

/// Gives out the pods by weight; every application gets at least one.
void share_out(Population& population, Random& random) {
    std::vector<App*> apps;
    for (Space& space : population.spaces) {
        for (App& app : space.apps) apps.push_back(&app);
    }
    std::vector<std::uint64_t> weights;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < apps.size(); ++i) {
        weights.push_back(weight(random));
        sum += weights.back();
    }
    const auto count = static_cast<std::uint32_t>(apps.size());
    const std::uint32_t pods = std::max(population.shape.pods, count);
    std::uint32_t left = pods - count;
    const std::uint64_t to_share = left;
    for (std::size_t i = 0; i < apps.size(); ++i) {
        const auto share = static_cast<std::uint32_t>(to_share * weights[i] / sum);
        apps[i]->replicas += share;
        left -= share;
    }
    for (std::size_t i = 0; left > 0; ++i, --left) ++apps[i % apps.size()]->replicas;
}

/// Blocks of partners, offices, databases and services outside, of all lengths.
std::vector<std::string> outside_blocks(const Shape& shape, Random& random) {
    // The most frequent lengths first: hosts, small networks, and few large ones.
    static constexpr std::array<std::uint8_t, 16> kLengths{32, 32, 32, 32, 24, 24, 24, 28,
                                                           16, 16, 26, 20, 22, 12, 30, 18};
    const std::uint32_t count = 40 + shape.network.policies / 8;
    std::vector<std::string> blocks;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (random.chance(8)) {
            blocks.push_back(
                formatted("2001:db8:%x::/%u", random.below(4096), random.chance(50) ? 48u : 56u));
            continue;
        }
        const unsigned length = random.pick(kLengths);
        const std::uint32_t mask = ~std::uint32_t{0} << (32 - length);
        // 172.16.0.0/12 and public addresses; pods are in 10.0.0.0/8.
        const std::uint32_t base = random.chance(40)
                                       ? 0xac100000u | (random.below(1u << 20))
                                       : (random.between(20, 99) << 24 | random.below(1u << 24));
        const std::uint32_t ip = base & mask;
        blocks.push_back(
            formatted("%u.%u.%u.%u/%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, length));
    }
    std::sort(blocks.begin(), blocks.end());
    blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
    return blocks;
}

base::Address v4_address(std::uint32_t ip) {
    const std::array<std::uint8_t, 4> bytes{
        static_cast<std::uint8_t>(ip >> 24), static_cast<std::uint8_t>(ip >> 16),
        static_cast<std::uint8_t>(ip >> 8), static_cast<std::uint8_t>(ip)};
    return base::Address::v4(bytes.data());
}

base::Address v6_address(std::uint16_t network, std::uint32_t number) {
    std::array<std::uint8_t, 16> bytes{0xfd, 0x00};
    bytes[2] = static_cast<std::uint8_t>(network >> 8);
    bytes[3] = static_cast<std::uint8_t>(network);
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return base::Address::v6(bytes.data());
}

kube::Node make_node(std::uint32_t number) {
    kube::Node node;
    node.name = formatted("node-%u", number);
    node.labels = {{"kubernetes.io/hostname", node.name},
                   {"topology.kubernetes.io/zone", formatted("zone-%c", 'a' + number % 3)},
                   {"node-role", number < 3 ? "control-plane" : "worker"}};
    // 192.168.0.0/16 is large enough for 65,000 nodes.
    node.addresses = {v4_address(0xc0a80000u + 1 + number)};
    return node;
}

kube::Namespace make_namespace(const Space& space) {
    kube::Namespace out{
        space.name,
        {{"kubernetes.io/metadata.name", space.name}, {"team", space.team}, {"env", space.env}}};
    if (space.restricted) out.labels["compliance"] = "pci";
    return out;
}

Space make_space(std::uint32_t number, Population& population, Random& random) {
    static constexpr std::array<const char*, 4> kEnvironments{"prod", "prod", "staging", "dev"};
    Space space;
    space.team = population.teams[number % population.teams.size()];
    space.env = random.pick(kEnvironments);
    space.name = formatted("%s-%s-%u", space.team.c_str(), space.env.c_str(), number);
    space.restricted = random.chance(10);
    space.dual_stack = random.chance(population.shape.dual_stack_percent);
    const std::uint32_t mean = population.shape.pods / (3 * population.shape.namespaces) + 1;
    const std::uint32_t most = std::min<std::uint32_t>(2 * mean, 16);
    const std::uint32_t apps = random.between(1, most);
    for (std::uint32_t i = 0; i < apps; ++i) space.apps.push_back(make_app(random, i));
    return space;
}

}  // namespace

Population populate(const Shape& shape) {
    Random random(shape.seed);
    Population population{.shape = shape, .teams = {}, .spaces = {}, .outside = {}};
    const std::uint32_t teams = shape.namespaces / 12 + 2;
    for (std::uint32_t i = 0; i < teams; ++i) population.teams.push_back(formatted("team-%u", i));
    population.spaces.push_back(
        system_space("kube-system", "kube-dns", "dns", {{"dns", kUdp, 53}, {"dns-tcp", kTcp, 53}}));
    population.spaces.push_back(
        system_space("ingress", "ingress-controller", "proxy", {{"https", kTcp, 8443}}));
    population.spaces.push_back(
        system_space("monitoring", "prometheus", "scraper", {{"http", kTcp, 9090}}));
    for (std::uint32_t i = Population::kFirstTenant; i < shape.namespaces; ++i) {
        population.spaces.push_back(make_space(i, population, random));
    }
    share_out(population, random);
    population.outside = outside_blocks(shape, random);
    const std::uint32_t most_pods = std::max(shape.pods, 1u);
    population.nodes = std::max(shape.nodes, most_pods / kPodsOfNode + 1);
    return population;
}

kube::Pod replica(const Population& population, const Space& space, const App& app,
                  std::uint32_t number) {
    kube::Pod pod;
    pod.namespace_name = space.name;
    pod.name = formatted("%s-%u", app.name.c_str(), number);
    pod.uid = formatted("00000000-0000-4000-8000-%012x", number);
    pod.created = "2026-01-01T00:00:00Z";
    pod.labels = {{"app", app.name},
                  {"component", app.component},
                  {"version", app.version},
                  {"app.kubernetes.io/part-of", space.team}};
    if (app.name == "kube-dns") pod.labels["k8s-app"] = "kube-dns";
    pod.node = formatted("node-%u", number % population.nodes);
    pod.ports = app.ports;
    // 10.0.0.0/8 from 10.1.0.0 on: sixteen million pods.
    pod.addresses = {v4_address(0x0a010000u + number)};
    if (space.dual_stack) pod.addresses.push_back(v6_address(1, number));
    return pod;
}

kube::Cluster cluster_of(const Population& population) {
    kube::Cluster cluster;
    for (std::uint32_t i = 0; i < population.nodes; ++i) {
        kube::Node node = make_node(i);
        cluster.nodes.emplace(node.name, std::move(node));
    }
    std::uint32_t number = 0;
    for (const Space& space : population.spaces) {
        cluster.namespaces.emplace(space.name, make_namespace(space));
        for (const App& app : space.apps) {
            for (std::uint32_t i = 0; i < app.replicas; ++i) {
                kube::Pod pod = replica(population, space, app, number++);
                const std::string path = pod.path();
                cluster.pods.emplace(path, std::move(pod));
            }
        }
    }
    return cluster;
}

}  // namespace tierwall::bench
