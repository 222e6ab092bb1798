// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate_policy.hpp"

#include <algorithm>

namespace tierwall::oracle {

namespace {

std::string domain(Random& random) {
    return random.pick({"www.example.com", "*.example.com", "example.com", "WWW.Example.Com.",
                        "*.b.example.com", "api.io", "*.api.io", "absent.org"});
}

/// One policy of a cluster-scoped kind.
class ClusterPolicyMaker {
public:
    ClusterPolicyMaker(Random& random, const Addresses& addresses, const std::string& kind)
        : random_(random),
          addresses_(addresses),
          is_cnp_(kind == "ClusterNetworkPolicy"),
          is_baseline_kind_(kind == "BaselineAdminNetworkPolicy"),
          admin_(kind == "AdminNetworkPolicy" || (is_cnp_ && random.chance(55))) {}

    Json spec() {
        Json spec = {{"subject", subject()}};
        if (is_cnp_) spec["tier"] = admin_ ? "Admin" : "Baseline";
        if (!is_baseline_kind_) spec["priority"] = random_.pick({0, 1, 1, 7, 999, 1000});
        for (const char* direction : {"ingress", "egress"}) {
            if (random_.chance(25)) continue;
            Json rules = Json::array();
            const bool egress = std::string(direction) == "egress";
            for (int i = random_.between(0, 4); i > 0; --i) rules.push_back(rule(egress));
            spec[direction] = rules;
        }
        return spec;
    }

private:
    /// v1alpha1 requires both selectors.
    Json pods() {
        Json pods = {{"podSelector", random_selector(random_)}};
        if (!is_cnp_ || random_.chance(60)) {
            pods["namespaceSelector"] = random_namespace_selector(random_);
        }
        return pods;
    }

    Json subject() {
        if (random_.chance(50)) return {{"namespaces", random_namespace_selector(random_)}};
        return {{"pods", pods()}};
    }

    /// A selector that the API server lets through here though it means nothing.
    Json bad_selector() {
        const int kind = random_.between(0, 5);
        if (kind == 0) return {{"matchLabels", {{"app", "no value!"}}}};
        if (kind == 1) return {{"matchLabels", {{"-app", "web"}}}};
        Json bad = {{"key", random_key(random_)},
                    {"operator", random_.pick({"Near", "in", "In", "Exists"})}};
        if (bad["operator"] == "Exists") bad["values"] = {"1"};
        return {{"matchExpressions", Json::array({bad})}};
    }

    Json unknown_peer(bool egress) {
        switch (random_.between(0, 6)) {
            case 0: return Json::object();
            case 1: return {{"namespaces", bad_selector()}};
            case 2: return {{"workloads", {{"name", "w"}}}};
            case 3: return {{"namespaces", Json::object()}, {"workloads", {{"name", "w"}}}};
            case 4: return {{"namespaces", Json::object()}, {"pods", pods()}};
            case 5:
                if (egress) return {{"nodes", bad_selector()}};
                return {{"nodes", Json::object()}};
            default:
                return {{"pods",
                         {{"podSelector", bad_selector()},
                          {"namespaceSelector", random_namespace_selector(random_)}}}};
        }
    }

    template <typename Make>
    Json set_of(Make make) {
        Json list = Json::array();
        for (int i = random_.between(1, 3); i > 0; --i) {
            const std::string item = make();
            if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
        }
        return list;
    }

    Json peer(bool egress, bool accept) {
        if (!egress) {
            return random_.chance(50) ? Json{{"namespaces", random_namespace_selector(random_)}}
                                      : Json{{"pods", pods()}};
        }
        // Names elsewhere are wanted too, but seldom: they close the whole rule.
        const bool names =
            (admin_ && accept) ? random_.chance(20) : !is_baseline_kind_ && random_.chance(2);
        if (names) return {{"domainNames", set_of([&] { return domain(random_); })}};
        switch (random_.between(0, 4)) {
            case 0: return {{"namespaces", random_namespace_selector(random_)}};
            case 1: return {{"pods", pods()}};
            case 2: return {{"nodes", random_selector(random_)}};
            default: break;
        }
        Json list = set_of([&] { return random_block(random_, random_.pick(addresses_)); });
        return {{"networks", list}};
    }

    /// v1alpha2.
    Json protocol() {
        if (random_.chance(25)) return {{"destinationNamedPort", random_port_name(random_)}};
        const int start = random_port(random_);
        Json port = {{"number", start}};
        if (start < 65535 && random_.chance(40)) {
            port = {{"range", {{"start", start}, {"end", random_.between(start + 1, 65535)}}}};
        }
        return {{random_.pick({"tcp", "tcp", "udp", "sctp"}), {{"destinationPort", port}}}};
    }

    /// v1alpha1; its ranges may be of one port, and the wrong way round.
    Json port() {
        const int kind = random_.between(0, 3);
        if (kind == 0) return {{"namedPort", random_port_name(random_)}};
        Json inner = Json::object();
        if (random_.chance(70)) inner["protocol"] = random_protocol(random_);
        if (kind <= 2) {
            inner["port"] = random_port(random_);
            return {{"portNumber", inner}};
        }
        inner["start"] = random_port(random_);
        inner["end"] =
            random_.chance(30) ? random_port(random_) : random_.between(inner["start"], 65535);
        return {{"portRange", inner}};
    }

    Json ports() {
        Json list = Json::array();
        for (int i = random_.between(1, 3); i > 0; --i)
            list.push_back(is_cnp_ ? protocol() : port());
        if (random_.chance(3)) list.push_back({{"quic", {{"version", 1}}}});
        return list;
    }

    std::string action() {
        if (is_cnp_) return random_.pick({"Accept", "Accept", "Deny", "Deny", "Pass"});
        if (is_baseline_kind_) return random_.pick({"Allow", "Deny"});
        return random_.pick({"Allow", "Allow", "Deny", "Deny", "Pass"});
    }

    Json rule(bool egress) {
        Json out = {{"action", action()}};
        const bool accept = out["action"] == "Accept" || out["action"] == "Allow";
        if (random_.chance(50)) out["name"] = random_.pick({"first", "second", "same"});
        Json peers = Json::array();
        for (int i = random_.between(1, 3); i > 0; --i) peers.push_back(peer(egress, accept));
        if (random_.chance(5)) {
            const auto place = static_cast<std::ptrdiff_t>(random_.below(peers.size() + 1));
            peers.insert(peers.begin() + place, unknown_peer(egress));
        }
        out[egress ? "to" : "from"] = peers;
        if (random_.chance(60)) out[is_cnp_ ? "protocols" : "ports"] = ports();
        if (random_.chance(1)) out["schedule"] = "night";
        if (egress && random_.chance(1)) {
            out["to"].push_back(
                {{"networks", {random_.pick({"10.0.0.0/33", "::ffff:10.0.0.0/104", "10.0.0.0"})}}});
        }
        return out;
    }

    Random& random_;
    const Addresses& addresses_;
    bool is_cnp_;
    bool is_baseline_kind_;
    bool admin_;
};

}  // namespace

Json random_cluster_policy(Random& random, const Addresses& addresses, const std::string& kind,
                           const std::string& name) {
    const char* version = kind == "ClusterNetworkPolicy" ? "v1alpha2" : "v1alpha1";
    return {{"apiVersion", std::string("policy.networking.k8s.io/") + version},
            {"kind", kind},
            {"metadata", {{"name", name}}},
            {"spec", ClusterPolicyMaker(random, addresses, kind).spec()}};
}

}  // namespace tierwall::oracle
