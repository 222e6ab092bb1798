// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate.hpp"

#include "test/oracle/generate_policy.hpp"

#include <algorithm>

namespace tierwall::oracle {

namespace {

std::string v4(Random& random) {
    return "10.0." + std::to_string(random.between(0, 3)) + "." +
           std::to_string(random.pick({1, 2, 3, 15, 16, 17, 127, 128, 254}));
}
std::string v6(Random& random) {
    return "fd00::" + random.pick({"0", "1", "2", "ff"}) + ":" +
           random.pick({"1", "2", "f", "10", "80", "ffff"});
}
std::string outside(Random& random, bool wants_v6) {
    if (wants_v6) return "2001:db8::" + random.pick({"1", "2", "3", "ff"});
    return random.pick({"203.0.113.", "198.51.100."}) + std::to_string(random.between(1, 8));
}

/// Later pods are newer, so it is known who has a shared address.
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
        out.push_back(more);
    }
    return out;
}

Json container_ports(Random& random) {
    Json ports = Json::array();
    for (int i = random.between(0, 3); i > 0; --i) {
        Json port = {{"containerPort", random.pick({1, 53, 80, 81, 443, 8080, 65535})}};
        if (random.chance(80)) port["name"] = random.pick({"http", "dns", "odd"});
        if (random.chance(80)) port["protocol"] = random.pick({"TCP", "UDP", "SCTP"});
        ports.push_back(port);
    }
    return ports;
}

Json random_node(Random& random, int serial) {
    const std::string number = std::to_string(serial);
    Json addresses = Json::array({{{"type", "Hostname"}, {"address", "node-" + number}}});
    if (random.chance(90)) {
        addresses.push_back({{"type", "InternalIP"}, {"address", "10.0.9." + number}});
    }
    if (random.chance(70)) {
        addresses.push_back({{"type", "InternalIP"}, {"address", "fd00::9:" + number}});
    }
    if (random.chance(30)) {
        addresses.push_back({{"type", "ExternalIP"}, {"address", "198.51.100.2" + number}});
    }
    return {
        {"name", "node-" + number}, {"labels", random_labels(random)}, {"addresses", addresses}};
}

/// One address a family; an address that another pod has already is wanted at times.
Json random_ips(Random& random, const Json& cluster) {
    Json ips = Json::array();
    const int kind = random.between(0, 19);
    if (kind == 0) return ips;
    if (kind != 1) ips.push_back(v4(random));
    if (kind > 4) ips.push_back(v6(random));
    if (!cluster["pods"].empty() && random.chance(12)) {
        const Json& other = cluster["pods"][random.below(cluster["pods"].size())];
        if (other["hostNetwork"] == false && !other["ips"].empty()) ips = {other["ips"][0]};
    }
    return ips;
}

int next_serial(Json& cluster) {
    const int serial = cluster.value("serial", 0) + 1;
    cluster["serial"] = serial;
    return serial;
}

Json random_pod(Random& random, Json& cluster) {
    const int serial = next_serial(cluster);
    Json pod = {{"namespace", kNamespaces[random.below(std::size(kNamespaces))]},
                {"name", "p" + std::to_string(serial)},
                {"labels", random_labels(random)},
                {"created", timestamp(serial)},
                {"hostNetwork", false},
                {"ips", random_ips(random, cluster)},
                {"ports", container_ports(random)}};
    const Json& nodes = cluster["nodes"];
    if (!nodes.empty() && random.chance(90))
        pod["node"] = nodes[random.below(nodes.size())]["name"];
    if (random.chance(10)) pod["phase"] = random.pick({"Succeeded", "Failed", "Pending"});
    if (random.chance(8) && pod.contains("node")) {
        pod["hostNetwork"] = true;
        pod["ips"] = addresses_of_nodes(cluster, pod["node"]);
    }
    return pod;
}

Json random_policy(Random& random, Json& cluster) {
    // Names are not in order of creation: ties are broken by name.
    const std::string name = random.pick({"a", "m", "z"}) + std::to_string(next_serial(cluster));
    const std::vector<std::string> addresses = known_addresses(cluster);
    return random.chance(50) ? random_network_policy(random, addresses, name)
                             : random_cluster_policy(random, addresses, name);
}

Json random_name(Random& random, const Json& cluster) {
    const std::vector<std::string> addresses = known_addresses(cluster);
    Json ips = Json::array({random.pick(addresses)});
    if (random.chance(50)) ips.push_back(outside(random, random.chance(40)));
    return {{"name", random.pick({"www.example.com", "example.com", "a.b.example.com", "api.io",
                                  "notexample.com", "x.api.io"})},
            {"ips", ips}};
}

Json random_dns(Random& random, const Json& cluster) {
    Json dns = Json::array();
    for (int i = random.between(0, 4); i > 0; --i) dns.push_back(random_name(random, cluster));
    return dns;
}

template <typename Visit>
void walk(const Json& json, const std::string& key, Visit visit) {
    if (json.is_object()) {
        for (const auto& [name, value] : json.items()) walk(value, name, visit);
    } else if (json.is_array()) {
        for (const Json& value : json) walk(value, key, visit);
    } else {
        visit(key, json);
    }
}

Ip neighbour(Ip ip, int step) {
    const std::size_t size = ip.v6 ? 16 : 4;
    for (std::size_t i = size; i-- > 0;) {
        const int sum = ip.bytes[i] + step;
        ip.bytes[i] = static_cast<std::uint8_t>(sum & 0xff);
        if (sum >= 0 && sum <= 255) break;
    }
    return ip;
}

/// The first and last address of a block and those just outside.
void add_edges(const std::string& cidr, std::vector<Ip>& out) {
    const Block block = read_block(cidr);
    Ip first = block.address;
    Ip last = block.address;
    for (int bit = block.length; bit < (first.v6 ? 128 : 32); ++bit) {
        const std::size_t byte = static_cast<std::size_t>(bit / 8);
        const int mask = 0x80 >> (bit % 8);
        first.bytes[byte] = static_cast<std::uint8_t>(first.bytes[byte] & ~mask);
        last.bytes[byte] = static_cast<std::uint8_t>(last.bytes[byte] | mask);
    }
    for (const Ip& ip : {first, last, neighbour(first, -1), neighbour(last, 1)}) out.push_back(ip);
}

struct Mentioned {
    std::vector<Ip> pods;
    std::vector<Ip> others;
    std::vector<int> ports{0, 1, 65535, 12345};
};

Mentioned mentioned(const Scenario& scenario) {
    Mentioned out;
    for (const Json& pod : scenario.cluster["pods"]) {
        for (const Json& ip : pod["ips"]) out.pods.push_back(read_ip(ip));
    }
    for (const std::string& ip : addresses_of_nodes(scenario.cluster, "")) {
        out.others.push_back(read_ip(ip));
    }
    for (const Json& item : scenario.cluster["dns"]) {
        for (const Json& ip : item["ips"]) out.others.push_back(read_ip(ip));
    }
    const auto visit = [&](const std::string& key, const Json& value) {
        if (key == "cidr" || key == "except" || key == "networks") add_edges(value, out.others);
        if (!value.is_number() || key == "priority" || key == "version" || key == "serial") return;
        for (int step : {-1, 0, 1}) {
            out.ports.push_back(std::clamp(value.get<int>() + step, 0, 65535));
        }
    };
    walk(scenario.policies, "", visit);
    for (const Json& pod : scenario.cluster["pods"]) walk(pod["ports"], "", visit);
    return out;
}

Ip end(Random& random, const Mentioned& all, int family) {
    for (int i = 0; i < 20; ++i) {
        const std::vector<Ip>& list =
            random.chance(75) || all.others.empty() ? all.pods : all.others;
        if (list.empty()) continue;
        const Ip ip = random.pick(list);
        if (family < 0 || ip.v6 == (family == 1)) return ip;
    }
    return read_ip(outside(random, family == 1));
}

int probe_protocol(Random& random, bool wants_v6) {
    const int kind = random.between(0, 19);
    if (kind < 9) return 6;
    if (kind < 13) return 17;
    if (kind < 16) return 132;
    if (kind < 18) return wants_v6 ? 58 : 1;
    return random.pick({47, 50, 136, 253});
}

}  // namespace

Scenario generate(Random& random) {
    Scenario scenario;
    Json& cluster = scenario.cluster;
    cluster = {{"namespaces", Json::array()}, {"nodes", Json::array()}, {"pods", Json::array()}};
    for (const char* name : kNamespaces) {
        Json labels = random_labels(random);
        if (random.chance(50)) labels["kubernetes.io/metadata.name"] = name;
        cluster["namespaces"].push_back({{"name", name}, {"labels", labels}});
    }
    const int nodes = random.between(0, 3);
    for (int i = 1; i <= nodes; ++i) cluster["nodes"].push_back(random_node(random, i));
    for (int i = random.between(2, 9); i > 0; --i) {
        cluster["pods"].push_back(random_pod(random, cluster));
    }
    cluster["dns"] = random_dns(random, cluster);
    for (int i = random.between(0, 8); i > 0; --i) {
        scenario.policies.push_back(random_policy(random, cluster));
    }
    return scenario;
}

std::string mutate(Scenario& scenario, Random& random) {
    Json& cluster = scenario.cluster;
    Json& pods = cluster["pods"];
    Json& policies = scenario.policies;
    const int kind = random.between(0, 10);
    if (kind <= 1 || pods.empty()) {
        pods.push_back(random_pod(random, cluster));
        return "pod added";
    }
    const std::size_t pod = random.below(pods.size());
    if (kind == 2) {
        pods.erase(pod);
        return "pod removed";
    }
    if (kind == 3) {
        pods[pod]["labels"] = random_labels(random);
        return "pod relabelled";
    }
    if (kind == 4 && pods[pod]["hostNetwork"] == false) {
        pods[pod]["phase"] = random.pick({"Running", "Succeeded", "Failed"});
        if (random.chance(50)) pods[pod]["ips"] = random_ips(random, cluster);
        return "pod changed";
    }
    if (kind == 5) {
        Json& namespaces = cluster["namespaces"];
        namespaces[random.below(namespaces.size())]["labels"] = random_labels(random);
        return "namespace relabelled";
    }
    if (kind == 6 && !cluster["nodes"].empty()) {
        Json& nodes = cluster["nodes"];
        nodes[random.below(nodes.size())]["labels"] = random_labels(random);
        return "node relabelled";
    }
    if (kind == 7) {
        cluster["dns"] = random_dns(random, cluster);
        return "names changed";
    }
    if (kind == 8 && !policies.empty()) {
        policies.erase(random.below(policies.size()));
        return "policy removed";
    }
    if (kind == 9 && !policies.empty()) {
        Json& policy = policies[random.below(policies.size())];
        Json changed = random_policy(random, cluster);
        if (changed["kind"] == policy["kind"]) changed["metadata"] = policy["metadata"];
        policy = changed;
        return "policy changed";
    }
    policies.push_back(random_policy(random, cluster));
    return "policy added";
}

std::vector<Probe> probes(const Scenario& scenario, Random& random, std::size_t count) {
    const Mentioned all = mentioned(scenario);
    std::vector<Probe> out;
    while (out.size() < count) {
        Probe probe;
        const bool from_pod = random.chance(70);
        probe.source = end(random, all, -1);
        probe.destination = end(random, all, probe.source.v6 ? 1 : 0);
        if (!from_pod) std::swap(probe.source, probe.destination);
        probe.protocol = probe_protocol(random, probe.source.v6);
        const bool has_ports = probe.protocol == 6 || probe.protocol == 17 || probe.protocol == 132;
        probe.port = has_ports ? random.pick(all.ports) : 0;
        out.push_back(probe);
    }
    return out;
}

}  // namespace tierwall::oracle
