// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate.hpp"
#include "test/oracle/generate_cluster.hpp"

#include <algorithm>
#include <optional>

namespace tierwall::oracle {

namespace {

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

/// The first and last address of a block and those just outside.
void add_edges(const std::string& cidr, std::vector<Ip>& out) {
    const auto block = parse_stored_block(cidr);
    if (!block) return;
    const Ip first = first_address(*block);
    const Ip last = last_address(*block);
    for (const Ip& ip : {first, last, neighbour(first, -1), neighbour(last, 1)}) {
        if (!is_mapped(ip)) out.push_back(ip);
    }
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
        if (!value.is_number() || key == "priority" || key == "version") return;
        for (int step : {-1, 0, 1}) {
            out.ports.push_back(std::clamp(value.get<int>() + step, 0, 65535));
        }
    };
    walk(scenario.policies, "", visit);
    return out;
}

class Prober {
public:
    Prober(const Scenario& scenario, Random& random)
        : scenario_(scenario), random_(random), all_(mentioned(scenario)) {}

    Probe next() {
        Probe probe;
        probe.source = end(-1);
        probe.destination = end(probe.source.v6 ? 1 : 0);
        if (random_.chance(40)) std::swap(probe.source, probe.destination);
        if (random_.chance(4)) probe.source = node_of(probe.destination).value_or(probe.source);
        if (random_.chance(4))
            probe.destination = node_of(probe.source).value_or(probe.destination);
        if (random_.chance(1)) probe.destination = probe.source;
        probe.protocol = protocol(probe.source.v6);
        probe.port = random_.pick(all_.ports);
        if (random_.chance(35)) aim_at_container_port(probe);
        if (!has_ports(probe.protocol)) probe.port = 0;
        if (random_.chance(40)) probe.source_port = std::max(1, random_.pick(all_.ports));
        return probe;
    }

private:
    Ip end(int family) {
        for (int i = 0; i < 20; ++i) {
            const std::vector<Ip>& list =
                random_.chance(70) || all_.others.empty() ? all_.pods : all_.others;
            if (list.empty()) continue;
            const Ip ip = random_.pick(list);
            if (family < 0 || ip.v6 == (family == 1)) return ip;
        }
        return read_ip(outside(random_, family == 1));
    }

    int protocol(bool wants_v6) {
        const int kind = random_.between(0, 19);
        if (kind < 9) return 6;
        if (kind < 13) return 17;
        if (kind < 16) return 132;
        if (kind < 18) return wants_v6 ? 58 : 1;
        return random_.pick({33, 47, 50, 89, 112, 136, 253});
    }

    const Json* pod_at(const Ip& ip) {
        for (const Json& pod : scenario_.cluster["pods"]) {
            for (const Json& own : pod["ips"]) {
                if (read_ip(own) == ip) return &pod;
            }
        }
        return nullptr;
    }

    /// Who probes a pod is its kubelet.
    std::optional<Ip> node_of(const Ip& of) {
        const Json* pod = pod_at(of);
        if (pod == nullptr || !pod->contains("node")) return std::nullopt;
        std::optional<Ip> found;
        for (const std::string& text : addresses_of_nodes(scenario_.cluster, (*pod)["node"])) {
            const Ip ip = read_ip(text);
            if (ip.v6 == of.v6) found = ip;
        }
        return found;
    }

    void aim_at_container_port(Probe& probe) {
        const Json* pod = pod_at(probe.destination);
        if (pod == nullptr || (*pod)["ports"].empty()) return;
        const Json& port = (*pod)["ports"][random_.below((*pod)["ports"].size())];
        probe.port = port["containerPort"];
        if (random_.chance(10)) probe.port = std::min(probe.port + 1, 65535);
        if (random_.chance(80)) probe.protocol = protocol_number(port.value("protocol", "TCP"));
    }

    const Scenario& scenario_;
    Random& random_;
    const Mentioned all_;
};

}  // namespace

std::vector<Probe> probes(const Scenario& scenario, Random& random, std::size_t count) {
    Prober prober(scenario, random);
    std::vector<Probe> out;
    while (out.size() < count) out.push_back(prober.next());
    return out;
}

std::string probe_text(const Probe& probe) {
    return Json{{"from", text(probe.source)},
                {"to", text(probe.destination)},
                {"family", probe.source.v6 ? "IPv6" : "IPv4"},
                {"protocol", std::to_string(probe.protocol)},
                {"port", probe.port},
                {"sourcePort", probe.source_port}}
        .dump();
}

}  // namespace tierwall::oracle
