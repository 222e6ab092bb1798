// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/network_policies.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace tierwall::bench {
namespace {

using kube::LabelSelector;
using kube::NetworkPolicy;
using kube::NetworkPolicyPeer;
using kube::NetworkPolicyPort;
using kube::NetworkPolicyRule;

LabelSelector labelled(const char* key, const std::string& value) {
    return {.match_labels = {{key, value}}, .match_expressions = {}};
}

LabelSelector with(const char* key, const char* op, std::vector<std::string> values) {
    return {.match_labels = {}, .match_expressions = {{key, op, std::move(values)}}};
}

NetworkPolicyPort number(std::int64_t port, const char* protocol = "TCP") {
    return {.protocol = protocol, .port = port, .end_port = {}};
}
NetworkPolicyPort named(const std::string& port, const char* protocol = "TCP") {
    return {.protocol = protocol, .port = port, .end_port = {}};
}
NetworkPolicyPort range(std::int64_t first, std::int64_t last) {
    return {.protocol = "TCP", .port = first, .end_port = last};
}

NetworkPolicyPeer pods(LabelSelector selector) {
    return {.pod_selector = std::move(selector), .namespace_selector = {}, .ip_block = {}};
}
NetworkPolicyPeer pods_in(LabelSelector spaces, std::optional<LabelSelector> selector = {}) {
    return {.pod_selector = std::move(selector),
            .namespace_selector = std::move(spaces),
            .ip_block = {}};
}

/// Writes the policies of one namespace.
class Author {
public:
    Author(const Population& population, const Space& space, Random& random)
        : population_(population), space_(space), random_(random) {}

    NetworkPolicy write(std::uint32_t place, std::uint32_t rules_wanted) {
        NetworkPolicy policy;
        policy.namespace_name = space_.name;
        switch (place) {
            case 0: isolate(policy); break;
            case 1: allow_dns(policy); break;
            case 2: allow_own_pods(policy); break;
            default: open_app(policy, place); break;
        }
        while (place > 2 && rules(policy) < rules_wanted) add_rule(policy);
        return policy;
    }

private:
    void isolate(NetworkPolicy& policy) {
        policy.name = "default-deny";
        policy.policy_types = {"Ingress"};
        if (random_.chance(60)) policy.policy_types.emplace_back("Egress");
    }

    void allow_dns(NetworkPolicy& policy) {
        policy.name = "allow-dns";
        policy.policy_types = {"Egress"};
        NetworkPolicyPeer dns = pods_in(labelled("kubernetes.io/metadata.name", "kube-system"),
                                        labelled("k8s-app", "kube-dns"));
        policy.egress = {{.peers = {std::move(dns)}, .ports = {number(53, "UDP"), number(53)}}};
    }

    void allow_own_pods(NetworkPolicy& policy) {
        policy.name = "allow-own-namespace";
        policy.policy_types = {"Ingress", "Egress"};
        policy.ingress = {{.peers = {pods({})}, .ports = {}}};
        policy.egress = {{.peers = {pods({})}, .ports = {}}};
    }

    void open_app(NetworkPolicy& policy, std::uint32_t place) {
        const App& app = random_.pick(space_.apps);
        app_ = &app;
        policy.name = app.name + "-" + std::to_string(place);
        policy.pod_selector = random_.chance(80)
                                  ? labelled("app", app.name)
                                  : with("app", "In", {app.name, random_.pick(space_.apps).name});
        policy.policy_types = {"Ingress"};
        add_ingress(policy);
        if (random_.chance(50)) {
            policy.policy_types.emplace_back("Egress");
            add_egress(policy);
        }
    }

    void add_rule(NetworkPolicy& policy) {
        const bool has_egress = policy.policy_types.size() == 2;
        if (has_egress && random_.chance(50)) {
            add_egress(policy);
        } else {
            add_ingress(policy);
        }
    }

    void add_ingress(NetworkPolicy& policy) {
        NetworkPolicyRule rule;
        switch (random_.below(6)) {
            case 0:
                rule.peers = {pods_in(labelled("kubernetes.io/metadata.name", "ingress"))};
                rule.ports = {app_port()};
                break;
            case 1:
                rule.peers = {pods_in(labelled("kubernetes.io/metadata.name", "monitoring"),
                                      labelled("app", "prometheus"))};
                rule.ports = {random_.chance(50) ? named("metrics") : range(9090, 9099)};
                break;
            case 2: rule = from_team(); break;
            case 3: rule = from_own_apps(); break;
            case 4:
                rule.peers = {block()};
                rule.ports = {app_port()};
                break;
            default:
                rule.peers = {pods(with("component", "NotIn", {"db", "cache"}))};
                rule.ports = {app_port()};
                break;
        }
        policy.ingress.push_back(std::move(rule));
    }

    void add_egress(NetworkPolicy& policy) {
        NetworkPolicyRule rule;
        switch (random_.below(4)) {
            case 0:
                rule.peers = {pods(labelled("app", random_.pick(space_.apps).name))};
                rule.ports = {number(5432), number(6379)};
                break;
            case 1:
                rule.peers = {block(), block()};
                rule.ports = {number(443)};
                break;
            case 2: {
                const Space& other = random_.pick(population_.spaces);
                rule.peers = {pods_in(labelled("kubernetes.io/metadata.name", other.name),
                                      labelled("app", random_.pick(other.apps).name))};
                rule.ports = {named("http"), named("grpc")};
                break;
            }
            default:
                rule.peers = {block()};
                rule.ports = {range_of_some_length()};
                break;
        }
        policy.egress.push_back(std::move(rule));
    }

    NetworkPolicyRule from_team() {
        const std::string& team =
            random_.chance(70) ? space_.team : random_.pick(population_.teams);
        LabelSelector spaces = labelled("team", team);
        if (random_.chance(50)) spaces.match_expressions = {{"env", "In", {space_.env}}};
        std::optional<LabelSelector> apps;
        if (random_.chance(40)) apps = labelled("component", "web");
        return {.peers = {pods_in(std::move(spaces), std::move(apps))}, .ports = {app_port()}};
    }

    NetworkPolicyRule from_own_apps() {
        NetworkPolicyRule rule;
        const std::uint32_t count = random_.between(1, 3);
        for (std::uint32_t i = 0; i < count; ++i) {
            rule.peers.push_back(pods(labelled("app", random_.pick(space_.apps).name)));
        }
        rule.ports = {app_port()};
        if (random_.chance(30)) rule.ports.push_back(range_of_some_length());
        return rule;
    }

    NetworkPolicyPort app_port() {
        const kube::ContainerPort& port = app_->ports.front();
        return random_.chance(40) ? named(port.name) : number(port.number);
    }

    NetworkPolicyPort range_of_some_length() {
        static constexpr std::array<std::pair<std::int64_t, std::int64_t>, 5> kRanges{
            {{30000, 32767}, {8000, 8999}, {9000, 9010}, {1024, 65535}, {50000, 50100}}};
        const auto& [first, last] = random_.pick(kRanges);
        // Their own edges, so that not all policies share a few ranges.
        const std::int64_t shift = random_.below(8);
        return range(first + shift, last - shift);
    }

    NetworkPolicyPeer block() {
        const std::string& cidr = random_.pick(population_.outside);
        kube::IpBlock out{.cidr = cidr, .except = {}};
        const std::size_t slash = cidr.find('/');
        const bool v4 = cidr.find(':') == std::string::npos;
        const unsigned long length = std::stoul(cidr.substr(slash + 1));
        // The first part of the block, which has the block's own address.
        if (v4 && length <= 24 && random_.chance(25)) {
            out.except = {cidr.substr(0, slash + 1) + std::to_string(length + 4)};
        }
        return {.pod_selector = {}, .namespace_selector = {}, .ip_block = std::move(out)};
    }

    const Population& population_;
    const Space& space_;
    Random& random_;
    const App* app_ = nullptr;
};

std::size_t ports_of(const std::vector<NetworkPolicyRule>& rules) {
    std::size_t sum = 0;
    for (const NetworkPolicyRule& rule : rules) sum += std::max<std::size_t>(rule.ports.size(), 1);
    return sum;
}

}  // namespace

std::size_t rules(const NetworkPolicy& policy) {
    return ports_of(policy.ingress) + ports_of(policy.egress);
}

std::vector<NetworkPolicy> network_policies(const Population& population) {
    Random random(population.shape.seed ^ 0x6e6574776f726bu);
    const TierShape& tier = population.shape.network;
    const auto tenants =
        static_cast<std::uint32_t>(population.spaces.size() - Population::kFirstTenant);
    std::vector<NetworkPolicy> policies;
    std::size_t written = 0;
    for (std::uint32_t i = 0; tenants > 0 && i < tier.policies; ++i) {
        const Space& space = population.spaces[Population::kFirstTenant + i % tenants];
        // What is left to write, over what is left to write it in.
        const std::size_t left = tier.rules > written ? tier.rules - written : 0;
        const auto wanted =
            static_cast<std::uint32_t>((left + tier.policies - i - 1) / (tier.policies - i));
        policies.push_back(Author(population, space, random).write(i / tenants, wanted));
        written += rules(policies.back());
    }
    return policies;
}

NetworkPolicy with_extra_block(const NetworkPolicy& policy, std::uint32_t number_of_block) {
    NetworkPolicy changed = policy;
    char cidr[32];
    std::snprintf(cidr, sizeof(cidr), "198.51.100.%u/32", number_of_block % 256);
    NetworkPolicyPeer peer;
    peer.ip_block = kube::IpBlock{.cidr = cidr, .except = {}};
    changed.ingress.push_back({.peers = {std::move(peer)}, .ports = {number(7777)}});
    return changed;
}

}  // namespace tierwall::bench
