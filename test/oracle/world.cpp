// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/world.hpp"

#include "test/oracle/json.hpp"

namespace tierwall::oracle {

namespace {

Labels read_labels(const Json& object) {
    Labels labels;
    if (!object.is_object()) return labels;
    for (const auto& [key, value] : object.items()) {
        labels[key] = value.is_string() ? value.get<std::string>() : "";
    }
    return labels;
}

Pod read_pod(const Json& item) {
    Pod pod;
    pod.ns = string_at(item, "namespace");
    pod.name = string_at(item, "name");
    pod.created = string_at(item, "created");
    pod.node = string_at(item, "node");
    pod.labels = read_labels(at(item, "labels"));
    for (const Json& ip : at(item, "ips")) pod.ips.push_back(read_ip(ip));
    for (const Json& port : at(item, "ports")) {
        pod.ports.push_back({string_at(port, "name"), string_at(port, "protocol", "TCP"),
                             port["containerPort"], string_at(port, "container")});
    }
    const std::string phase = string_at(item, "phase", "Running");
    pod.host_network = at(item, "hostNetwork") == true;
    pod.terminated = phase == "Succeeded" || phase == "Failed";
    return pod;
}

Node read_node(const Json& item) {
    Node node{
        string_at(item, "name"), read_labels(at(item, "labels")), {}, string_at(item, "created")};
    for (const Json& address : at(item, "addresses")) {
        const std::string type = string_at(address, "type");
        if (type != "InternalIP" && type != "ExternalIP") continue;
        node.ips.push_back(read_ip(address["address"]));
    }
    return node;
}

}  // namespace

Mode read_mode(const Json& metadata) {
    const Json& value = at(at(metadata, "annotations"), "tierwall.io/mode");
    return value.is_string() ? Mode(value.get<std::string>()) : Mode();
}

std::string Policy::path() const { return kind + "/" + (ns.empty() ? "" : ns + "/") + name; }

World read_world(const Json& cluster, const Json& policies) {
    World world;
    for (const Json& item : at(cluster, "namespaces")) {
        world.namespaces.push_back(
            {string_at(item, "name"), read_labels(at(item, "labels")), read_mode(item)});
    }
    for (const Json& item : at(cluster, "pods")) world.pods.push_back(read_pod(item));
    for (const Json& item : at(cluster, "nodes")) world.nodes.push_back(read_node(item));
    for (const Json& item : policies) world.policies.push_back(read_policy(item));
    for (const Json& item : at(cluster, "dns")) {
        for (const Json& ip : item["ips"]) world.dns[item["name"]].push_back(read_ip(ip));
    }
    return world;
}

}  // namespace tierwall::oracle
