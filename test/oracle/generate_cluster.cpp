// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate_cluster.hpp"

#include "test/oracle/generate.hpp"
#include "test/oracle/generate_policy.hpp"

#include <algorithm>

namespace tierwall::oracle {

namespace {

std::string v4(Random& random) {
    return "10.0." + std::to_string(random.between(0, 3)) + "." +
           std::to_string(random.pick({0, 1, 2, 3, 15, 16, 17, 127, 128, 254, 255}));
}

std::string v6(Random& random) {
    return "fd00::" + random.pick({"0", "1", "2", "ff"}) + ":" +
           random.pick({"1", "2", "f", "10", "80", "ffff"});
}

Json addresses_of_node(Random& random, int number) {
    const std::string last = std::to_string(number);
    Json out = Json::array({{{"type", "Hostname"}, {"address", "node-" + last}}});
    const auto add = [&](int percent, const char* type, const std::string& address) {
        if (random.chance(percent)) out.push_back({{"type", type}, {"address", address}});
    };
    add(90, "InternalIP", "10.0.9." + last);
    add(10, "InternalIP", "10.0.0." + std::to_string(200 + number));
    add(70, "InternalIP", "fd00::9:" + last);
    add(30, "ExternalIP", "198.51.100.2" + last);
    // Of several nodes at once: behind one gateway, or under a new name.
    add(10, "ExternalIP", "198.51.100.9");
    add(5, "InternalIP", "fd00::9:9");
    return out;
}

Json random_name(Random& random, const Json& cluster) {
    const std::vector<std::string> addresses = known_addresses(cluster);
    Json ips = Json::array({random.pick(addresses)});
    if (random.chance(50)) ips.push_back(outside(random, random.chance(40)));
    return {{"name", random.pick({"www.example.com", "example.com", "a.b.example.com", "api.io",
                                  "notexample.com", "x.api.io", "API.io.", "b.example.com"})},
            {"ips", ips}};
}

std::string free_name(Random& random, Json& cluster, const Json& others, const std::string& kind) {
    if (kind == "BaselineAdminNetworkPolicy") return "default";
    // Names are not in order of creation: ties are broken by name.
    const std::string own = random.pick({"a", "m", "z"}) + std::to_string(next_serial(cluster));
    if (!random.chance(20)) return own;
    const std::string common = random.pick({"b", "n"});
    const bool taken = std::any_of(others.begin(), others.end(), [&](const Json& other) {
        return other["kind"] == kind && other["metadata"]["name"] == common;
    });
    return taken ? own : common;
}

std::string random_kind(Random& random, const Json& others) {
    const int kind = random.between(0, 99);
    if (kind < 45) return "NetworkPolicy";
    if (kind < 75) return "ClusterNetworkPolicy";
    const bool has_baseline = std::any_of(others.begin(), others.end(), [](const Json& other) {
        return other["kind"] == "BaselineAdminNetworkPolicy";
    });
    return kind < 92 || has_baseline ? "AdminNetworkPolicy" : "BaselineAdminNetworkPolicy";
}

struct Sizes {
    int nodes = 0;
    int pods = 0;
    int policies = 0;
};

Sizes random_sizes(Random& random) {
    const int kind = random.between(0, 99);
    if (kind < 4) return {4, random.between(15, 30), random.between(20, 60)};
    if (kind < 20) return {random.between(1, 3), random.between(2, 5), random.between(8, 20)};
    return {random.between(0, 3), random.between(2, 9), random.between(0, 8)};
}

void add_namespaces(Random& random, Json& cluster) {
    std::vector<std::string> names(std::begin(kNamespaces), std::end(kNamespaces));
    if (random.chance(30)) names.emplace_back(kEmptyNamespace);
    for (const std::string& name : names) {
        cluster["namespaces"].push_back(random_namespace(random, cluster, name));
    }
}

}  // namespace

int next_serial(Json& cluster) {
    const int serial = cluster.value("serial", 0) + 1;
    cluster["serial"] = serial;
    return serial;
}

std::string timestamp(int serial) {
    const auto two = [](int value) { return std::to_string(100 + value).substr(1); };
    return "2026-01-01T" + two(serial / 3600) + ":" + two(serial / 60 % 60) + ":" +
           two(serial % 60) + "Z";
}

std::vector<std::string> addresses_of_nodes(const Json& cluster, const std::string& node) {
    std::vector<std::string> out;
    for (const Json& item : cluster["nodes"]) {
        if (!node.empty() && item["name"] != node) continue;
        for (const Json& address : item["addresses"]) {
            if (address["type"] != "Hostname") out.push_back(address["address"]);
        }
    }
    return out;
}

std::vector<std::string> known_addresses(const Json& cluster) {
    std::vector<std::string> out = addresses_of_nodes(cluster, "");
    for (const Json& pod : cluster["pods"]) {
        for (const Json& ip : pod["ips"]) out.push_back(ip);
    }
    for (const char* more : {"203.0.113.1", "198.51.100.3", "2001:db8::1", "10.0.1.2"}) {
        out.emplace_back(more);
    }
    return out;
}

std::string outside(Random& random, bool wants_v6) {
    if (wants_v6) return "2001:db8::" + random.pick({"1", "2", "3", "ff"});
    return random.pick({"203.0.113.", "198.51.100."}) + std::to_string(random.between(1, 8));
}

Json random_namespace_labels(Random& random) {
    Json labels = random_labels(random);
    const int kind = random.between(0, 9);
    // Written by hand it may be wrong; the API server sets it right.
    if (kind < 2) labels["kubernetes.io/metadata.name"] = random.pick({"a", "b", "other"});
    return labels;
}

Json random_namespace(Random& random, const Json& cluster, const std::string& name) {
    Json out = {{"name", name}, {"labels", random_namespace_labels(random)}};
    if (random.chance(audited_percent(cluster) / 2)) out["annotations"] = random_mode(random);
    return out;
}

int audited_percent(const Json& cluster) { return cluster.value("audited", 0); }

Json random_ports(Random& random) {
    Json ports = Json::array();
    for (int i = random.between(0, 3); i > 0; --i) {
        Json port = {{"containerPort", random.pick({1, 53, 80, 81, 443, 8080, 65535})}};
        if (random.chance(85)) port["name"] = random.pick({"http", "dns", "odd"});
        if (random.chance(80)) port["protocol"] = random.pick({"TCP", "UDP", "SCTP"});
        if (random.chance(20)) port["container"] = random.pick({"init", "sidecar"});
        ports.push_back(port);
    }
    return ports;
}

Json random_node(Random& random, int number) {
    return {{"name", "node-" + std::to_string(number)},
            {"labels", random_labels(random)},
            {"created", timestamp(random.between(1, 3))},
            {"addresses", addresses_of_node(random, number)}};
}

Json random_ips(Random& random, const Json& cluster) {
    Json ips = Json::array();
    const int kind = random.between(0, 19);
    if (kind == 0) return ips;
    if (kind != 1) ips.push_back(v4(random));
    if (kind > 4) ips.push_back(v6(random));
    if (kind == 19) std::swap(ips[0], ips[1]);  // IPv6 is the primary family
    if (random.chance(5)) ips.push_back(v4(random));
    if (random.chance(5)) ips.push_back(v6(random));
    if (!cluster["pods"].empty() && random.chance(12)) {
        const Json& other = cluster["pods"][random.below(cluster["pods"].size())];
        if (other["hostNetwork"] == false && !other["ips"].empty()) {
            ips = random.chance(50) ? other["ips"] : Json::array({other["ips"][0]});
        }
    }
    // Claims what is a node's.
    const std::vector<std::string> of_nodes = addresses_of_nodes(cluster, "");
    if (!of_nodes.empty() && random.chance(3)) ips.push_back(random.pick(of_nodes));
    return ips;
}

Json random_pod(Random& random, Json& cluster) {
    const int serial = next_serial(cluster);
    const std::string name = "p" + std::to_string(serial);
    Json pod = {{"namespace", kNamespaces[random.below(std::size(kNamespaces))]},
                {"name", name},
                {"uid", name},
                {"labels", random_labels(random)},
                {"created", timestamp(serial)},
                {"hostNetwork", false},
                {"ips", random_ips(random, cluster)},
                {"ports", random_ports(random)}};
    if (random.chance(5)) pod["namespace"] = kImpliedNamespace;
    const Json& nodes = cluster["nodes"];
    if (!nodes.empty() && random.chance(88)) {
        pod["node"] = nodes[random.below(nodes.size())]["name"];
    } else if (random.chance(50)) {
        pod["node"] = "node-" + std::to_string(random.between(1, 5));  // perhaps unknown
    }
    if (random.chance(10)) pod["phase"] = random.pick({"Succeeded", "Failed", "Pending"});
    if (random.chance(8) && pod.contains("node")) {
        pod["hostNetwork"] = true;
        pod["ips"] = addresses_of_nodes(cluster, pod["node"]);
        // Also what its node does not list, of others or of nobody.
        if (random.chance(30)) pod["ips"].push_back(random.chance(50) ? v4(random) : v6(random));
        if (random.chance(20)) pod["ips"].push_back(outside(random, random.chance(40)));
    }
    return pod;
}

Json random_policy(Random& random, Json& cluster, const Json& others) {
    const std::string kind = random_kind(random, others);
    const std::string name = free_name(random, cluster, others, kind);
    const std::vector<std::string> addresses = known_addresses(cluster);
    Json policy = kind == "NetworkPolicy" ? random_network_policy(random, addresses, name)
                                          : random_cluster_policy(random, addresses, kind, name);
    if (random.chance(audited_percent(cluster))) {
        policy["metadata"]["annotations"] = random_mode(random);
    }
    return policy;
}

Json random_dns(Random& random, const Json& cluster) {
    Json dns = Json::array();
    for (int i = random.between(0, 6); i > 0; --i) dns.push_back(random_name(random, cluster));
    return dns;
}

Scenario generate(Random& random) {
    Scenario scenario;
    Json& cluster = scenario.cluster;
    cluster = {{"namespaces", Json::array()}, {"nodes", Json::array()}, {"pods", Json::array()}};
    // Of many clusters nothing is audited.
    cluster["audited"] = random.pick({0, 0, 0, 30, 60, 100});
    const Sizes sizes = random_sizes(random);
    add_namespaces(random, cluster);
    for (int i = 1; i <= sizes.nodes; ++i) cluster["nodes"].push_back(random_node(random, i));
    for (int i = 0; i < sizes.pods; ++i) cluster["pods"].push_back(random_pod(random, cluster));
    cluster["dns"] = random_dns(random, cluster);
    for (int i = 0; i < sizes.policies; ++i) {
        scenario.policies.push_back(random_policy(random, cluster, scenario.policies));
    }
    return scenario;
}

}  // namespace tierwall::oracle
