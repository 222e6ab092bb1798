// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate_policy.hpp"

namespace tierwall::oracle {

namespace {

Json ip_block(Random& random, const Addresses& addresses) {
    const std::string cidr = random_block(random, random.pick(addresses));
    Json out = {{"cidr", cidr}};
    const Block outer = read_block(cidr);
    const bool v6 = outer.address.v6;
    for (int i = random.between(0, 3); i > 0; --i) {
        const std::string hole = random.pick(addresses);
        const int hole_bits = random_length(random, v6);
        if (!contains(outer, read_ip(hole)) || hole_bits <= outer.length) continue;
        if (!out.contains("except")) out["except"] = Json::array();
        const std::string start = random.chance(15) ? hole : masked(hole, hole_bits);
        out["except"].push_back(start + "/" + std::to_string(hole_bits));
    }
    if (!random.chance(6)) return out;
    const std::string written = out["cidr"];
    if (v6 && written.front() != ':') out["cidr"] = "000" + written;
    if (v6) return out;
    // Another way to write IPv4, which the API server stores.
    const auto map = [&](Json& text) {
        const Block block = read_block(text);
        text = "::ffff:" + oracle::text(block.address) + "/" + std::to_string(block.length + 96);
    };
    if (random.chance(70)) map(out["cidr"]);
    if (out.contains("except") && random.chance(70)) map(out["except"].front());
    return out;
}

Json peer(Random& random, const Addresses& addresses) {
    Json out = Json::object();
    const int kind = random.between(0, 4);
    if (kind <= 1) return {{"ipBlock", ip_block(random, addresses)}};
    if (kind != 2) out["podSelector"] = random_selector(random);
    if (kind != 3) out["namespaceSelector"] = random_namespace_selector(random);
    return out;
}

Json port(Random& random) {
    Json out = Json::object();
    if (random.chance(70)) out["protocol"] = random_protocol(random);
    const int kind = random.between(0, 9);
    if (kind < 2) return out;
    if (kind < 4) {
        out["port"] = random_port_name(random);
        return out;
    }
    out["port"] = random_port(random);
    if (kind < 7) out["endPort"] = random.between(out["port"], 65535);
    if (kind == 7) out["endPort"] = out["port"];
    return out;
}

/// What the API server refuses; it may stand in a manifest all the same.
void spoil(Random& random, Json& rule, const char* peers) {
    const auto add = [&](const char* list, const Json& item) {
        if (!rule.contains(list)) rule[list] = Json::array();
        rule[list].push_back(item);
    };
    switch (random.between(0, 6)) {
        case 0: return add(peers, Json::object());
        case 1: return add(peers, {{"ipBlock", {{"cidr", "10.0.0.0/33"}}}});
        case 2: return add(peers, {{"ipBlock", {{"cidr", "::ffff:10.0.0.0/129"}}}});
        case 3:
            return add(peers,
                       {{"ipBlock", {{"cidr", "10.0.0.0/24"}, {"except", {"10.0.0.0/24"}}}}});
        case 4: return add("ports", {{"protocol", "ICMP"}});
        case 5: return add("ports", {{"port", 80}, {"endPort", 79}});
        default: return add("ports", {{"endPort", 79}});
    }
}

Json rules(Random& random, const Addresses& addresses, const char* peers) {
    Json out = Json::array();
    for (int i = random.between(0, 3); i > 0; --i) {
        Json rule = Json::object();
        for (int j = random.between(-1, 3); j >= 0; --j) {
            if (!rule.contains(peers)) rule[peers] = Json::array();
            if (j > 0) rule[peers].push_back(peer(random, addresses));
        }
        for (int j = random.between(-1, 2); j >= 0; --j) {
            if (!rule.contains("ports")) rule["ports"] = Json::array();
            if (j > 0) rule["ports"].push_back(port(random));
        }
        if (random.chance(2)) spoil(random, rule, peers);
        out.push_back(rule);
    }
    return out;
}

}  // namespace

Json random_network_policy(Random& random, const Addresses& addresses, const std::string& name) {
    Json spec = {{"podSelector", random_selector(random)}};
    if (random.chance(70)) {
        Json types = Json::array();
        const int kind = random.between(0, 6);
        if (kind % 3 != 1 && kind != 6) types.push_back("Ingress");
        if (kind % 3 != 0 && kind != 6) types.push_back("Egress");
        spec["policyTypes"] = types;
    }
    if (random.chance(75)) spec["ingress"] = rules(random, addresses, "from");
    if (random.chance(75)) spec["egress"] = rules(random, addresses, "to");
    std::string ns = kNamespaces[random.below(std::size(kNamespaces))];
    if (random.chance(8)) ns = random.chance(50) ? kEmptyNamespace : kImpliedNamespace;
    return {{"apiVersion", "networking.k8s.io/v1"},
            {"kind", "NetworkPolicy"},
            {"metadata", {{"name", name}, {"namespace", ns}}},
            {"spec", spec}};
}

}  // namespace tierwall::oracle
