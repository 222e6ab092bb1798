// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate_policy.hpp"

namespace tierwall::oracle {

namespace {

using Addresses = std::vector<std::string>;

std::string key(Random& random) { return random.pick({"app", "env", "x"}); }
std::string value(Random& random) { return random.pick({"", "web", "db", "1"}); }

Json expression(Random& random) {
    const std::string op = random.pick({"In", "NotIn", "Exists", "DoesNotExist"});
    Json out = {{"key", key(random)}, {"operator", op}};
    if (op == "In" || op == "NotIn") {
        out["values"] = Json::array({value(random)});
        if (random.chance(40)) out["values"].push_back(value(random));
    }
    return out;
}

Json selector(Random& random) {
    Json out = Json::object();
    if (random.chance(25)) return out;
    if (random.chance(60)) out["matchLabels"] = {{key(random), value(random)}};
    if (random.chance(50)) {
        out["matchExpressions"] = Json::array({expression(random)});
        if (random.chance(25)) out["matchExpressions"].push_back(expression(random));
    }
    return out;
}

Json namespace_selector(Random& random) {
    if (random.chance(60)) return selector(random);
    const std::string name = kNamespaces[random.below(std::size(kNamespaces))];
    return {{"matchLabels", {{"kubernetes.io/metadata.name", name}}}};
}

/// A selector that the API server of a cluster-scoped kind lets through though it means nothing.
Json bad_selector(Random& random) {
    Json bad = {{"key", key(random)}, {"operator", random.pick({"Near", "in", "In", "Exists"})}};
    if (bad["operator"] == "Exists") bad["values"] = {"1"};
    return {{"matchExpressions", Json::array({bad})}};
}

int length(Random& random, bool v6) {
    return v6 ? random.pick({0, 1, 16, 48, 64, 96, 112, 120, 126, 127, 128})
              : random.pick({0, 1, 8, 16, 22, 23, 24, 25, 28, 30, 31, 32});
}

std::string masked(const std::string& address, int bits) {
    Ip ip = read_ip(address);
    for (int bit = bits; bit < (ip.v6 ? 128 : 32); ++bit) {
        ip.bytes[static_cast<std::size_t>(bit / 8)] &=
            static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
    }
    return text(ip);
}

/// Host bits stay set now and then: stored objects have them.
std::string block(Random& random, const std::string& address, int bits) {
    const std::string start = random.chance(15) ? address : masked(address, bits);
    return start + "/" + std::to_string(bits);
}

Json ip_block(Random& random, const Addresses& addresses) {
    const std::string address = random.pick(addresses);
    const bool v6 = address.find(':') != std::string::npos;
    const int bits = length(random, v6);
    const std::string cidr = block(random, address, bits);
    Json out = {{"cidr", cidr}};
    const Block outer = read_block(cidr);
    for (int i = random.between(0, 3); i > 0; --i) {
        const std::string hole = random.pick(addresses);
        const int hole_bits = length(random, v6);
        if (!contains(outer, read_ip(hole)) || hole_bits <= bits) continue;
        if (!out.contains("except")) out["except"] = Json::array();
        out["except"].push_back(masked(hole, hole_bits) + "/" + std::to_string(hole_bits));
    }
    return out;
}

int number(Random& random) { return random.pick({1, 2, 53, 79, 80, 81, 443, 8080, 65534, 65535}); }
std::string port_name(Random& random) { return random.pick({"http", "dns", "odd", "none"}); }
std::string protocol(Random& random) { return random.pick({"TCP", "TCP", "UDP", "SCTP"}); }

// ---- NetworkPolicy ----

Json np_peer(Random& random, const Addresses& addresses) {
    Json peer = Json::object();
    const int kind = random.between(0, 3);
    if (kind == 0) return {{"ipBlock", ip_block(random, addresses)}};
    if (kind != 1) peer["podSelector"] = selector(random);
    if (kind != 2) peer["namespaceSelector"] = namespace_selector(random);
    return peer;
}

Json np_port(Random& random) {
    Json port = Json::object();
    if (random.chance(70)) port["protocol"] = protocol(random);
    const int kind = random.between(0, 9);
    if (kind < 2) return port;
    if (kind < 4) {
        port["port"] = port_name(random);
        return port;
    }
    port["port"] = number(random);
    if (kind < 7) port["endPort"] = random.between(port["port"], 65535);
    if (kind == 7) port["endPort"] = port["port"];
    return port;
}

Json np_rules(Random& random, const Addresses& addresses, const char* peers) {
    Json rules = Json::array();
    for (int i = random.between(0, 3); i > 0; --i) {
        Json rule = Json::object();
        for (int j = random.between(-1, 3); j >= 0; --j) {
            if (!rule.contains(peers)) rule[peers] = Json::array();
            if (j > 0) rule[peers].push_back(np_peer(random, addresses));
        }
        for (int j = random.between(-1, 2); j >= 0; --j) {
            if (!rule.contains("ports")) rule["ports"] = Json::array();
            if (j > 0) rule["ports"].push_back(np_port(random));
        }
        rules.push_back(rule);
    }
    return rules;
}

// ---- ClusterNetworkPolicy ----

Json pods_peer(Random& random) {
    Json pods = {{"podSelector", selector(random)}};
    if (random.chance(60)) pods["namespaceSelector"] = namespace_selector(random);
    return pods;
}

Json unknown_peer(Random& random, bool egress) {
    switch (random.between(0, 3)) {
        case 0: return Json::object();
        case 1: return {{"namespaces", bad_selector(random)}};
        case 2:
            if (egress) return {{"nodes", bad_selector(random)}};
            return {{"pods", {{"podSelector", bad_selector(random)}}}};
        default: return {{"workloads", {{"name", "w"}}}};
    }
}

std::string domain(Random& random) {
    return random.pick({"www.example.com", "*.example.com", "example.com", "WWW.Example.Com.",
                        "*.b.example.com", "api.io", "*.api.io", "absent.org"});
}

Json cluster_peer(Random& random, const Addresses& addresses, bool names) {
    const int kind = random.between(0, names ? 4 : 3);
    if (kind == 0) return {{"namespaces", namespace_selector(random)}};
    if (kind == 1) return {{"pods", pods_peer(random)}};
    if (kind == 2) return {{"nodes", selector(random)}};
    Json list = Json::array();
    for (int i = random.between(1, 3); i > 0; --i) {
        const std::string address = random.pick(addresses);
        const bool v6 = address.find(':') != std::string::npos;
        const std::string item =
            kind == 3 ? block(random, address, length(random, v6)) : domain(random);
        if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
    }
    return {{kind == 3 ? "networks" : "domainNames", list}};
}

Json destination_port(Random& random) {
    const int start = number(random);
    if (start == 65535 || random.chance(60)) return {{"number", start}};
    return {{"range", {{"start", start}, {"end", random.between(start + 1, 65535)}}}};
}

Json cluster_protocol(Random& random) {
    if (random.chance(25)) return {{"destinationNamedPort", port_name(random)}};
    return {{random.pick({"tcp", "tcp", "udp", "sctp"}),
             {{"destinationPort", destination_port(random)}}}};
}

Json cluster_rule(Random& random, const Addresses& addresses, bool egress, bool admin) {
    Json rule = {{"action", random.pick({"Accept", "Accept", "Deny", "Deny", "Pass"})}};
    if (random.chance(50)) rule["name"] = random.pick({"first", "second", "same"});
    Json peers = Json::array();
    for (int i = random.between(1, 3); i > 0; --i) {
        if (!egress) {
            peers.push_back(random.chance(50) ? Json{{"namespaces", namespace_selector(random)}}
                                              : Json{{"pods", pods_peer(random)}});
        } else {
            const bool names = admin && rule["action"] == "Accept";
            peers.push_back(cluster_peer(random, addresses, names));
        }
    }
    if (random.chance(4)) peers.push_back(unknown_peer(random, egress));
    rule[egress ? "to" : "from"] = peers;
    if (random.chance(60)) {
        Json protocols = Json::array();
        for (int i = random.between(1, 3); i > 0; --i) {
            protocols.push_back(cluster_protocol(random));
        }
        if (random.chance(3)) protocols.push_back({{"quic", {{"version", 1}}}});
        rule["protocols"] = protocols;
    }
    return rule;
}

}  // namespace

Json random_labels(Random& random) {
    Json labels = Json::object();
    for (int i = random.between(0, 3); i > 0; --i) labels[key(random)] = value(random);
    return labels;
}

Json random_network_policy(Random& random, const Addresses& addresses, const std::string& name) {
    Json spec = {{"podSelector", selector(random)}};
    if (random.chance(70)) {
        Json types = Json::array();
        const int kind = random.between(0, 6);
        if (kind % 3 != 1 && kind != 6) types.push_back("Ingress");
        if (kind % 3 != 0 && kind != 6) types.push_back("Egress");
        spec["policyTypes"] = types;
    }
    if (random.chance(75)) spec["ingress"] = np_rules(random, addresses, "from");
    if (random.chance(75)) spec["egress"] = np_rules(random, addresses, "to");
    const std::string ns = kNamespaces[random.below(std::size(kNamespaces))];
    return {{"apiVersion", "networking.k8s.io/v1"},
            {"kind", "NetworkPolicy"},
            {"metadata", {{"name", name}, {"namespace", ns}}},
            {"spec", spec}};
}

Json random_cluster_policy(Random& random, const Addresses& addresses, const std::string& name) {
    const bool admin = random.chance(55);
    Json spec = {{"tier", admin ? "Admin" : "Baseline"},
                 {"priority", random.pick({0, 1, 1, 7, 1000})}};
    spec["subject"] = random.chance(50) ? Json{{"namespaces", namespace_selector(random)}}
                                        : Json{{"pods", pods_peer(random)}};
    for (const char* direction : {"ingress", "egress"}) {
        if (random.chance(25)) continue;
        Json rules = Json::array();
        const bool egress = std::string(direction) == "egress";
        for (int i = random.between(0, 4); i > 0; --i) {
            rules.push_back(cluster_rule(random, addresses, egress, admin));
        }
        spec[direction] = rules;
    }
    return {{"apiVersion", "policy.networking.k8s.io/v1alpha2"},
            {"kind", "ClusterNetworkPolicy"},
            {"metadata", {{"name", name}}},
            {"spec", spec}};
}

}  // namespace tierwall::oracle
