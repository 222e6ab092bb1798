// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate.hpp"

namespace tierwall::oracle {

namespace {

Json namespace_object(const Json& item) {
    Json metadata = {{"name", item["name"]}, {"labels", item["labels"]}};
    if (item.contains("annotations")) metadata["annotations"] = item["annotations"];
    return {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", metadata}};
}

Json node_object(const Json& item) {
    return {{"apiVersion", "v1"},
            {"kind", "Node"},
            {"metadata",
             {{"name", item["name"]},
              {"labels", item["labels"]},
              {"creationTimestamp", item.value("created", "2026-01-01T00:00:00Z")}}},
            {"status", {{"addresses", item["addresses"]}}}};
}

/// Each port in a container of its own: a name may then occur twice in one pod.
Json pod_spec(const Json& item) {
    Json containers = Json::array({{{"name", "main"}, {"image", "example.org/main:1"}}});
    Json before = Json::array();
    for (Json port : item["ports"]) {
        const std::string kind = port.value("container", "");
        port.erase("container");
        Json container = {{"name", "c" + std::to_string(containers.size() + before.size())},
                          {"image", "example.org/main:1"},
                          {"ports", Json::array({port})}};
        if (kind == "sidecar") container["restartPolicy"] = "Always";
        (kind.empty() ? containers : before).push_back(container);
    }
    Json spec = {{"containers", containers}};
    if (!before.empty()) spec["initContainers"] = before;
    if (item.contains("node")) spec["nodeName"] = item["node"];
    if (item.value("hostNetwork", false)) spec["hostNetwork"] = true;
    return spec;
}

Json pod_object(const Json& item) {
    Json status = {{"phase", item.value("phase", "Running")}};
    if (!item["ips"].empty()) {
        status["podIP"] = item["ips"][0];
        status["podIPs"] = Json::array();
        for (const Json& ip : item["ips"]) status["podIPs"].push_back({{"ip", ip}});
    }
    Json metadata = {{"name", item["name"]},
                     {"namespace", item["namespace"]},
                     {"uid", item.value("uid", item["name"])},
                     {"labels", item["labels"]},
                     {"creationTimestamp", item.value("created", "2026-01-01T00:00:00Z")}};
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", metadata},
            {"spec", pod_spec(item)},
            {"status", status}};
}

}  // namespace

Json manifests(const Scenario& scenario) {
    Json items = Json::array();
    for (const Json& item : scenario.cluster["namespaces"]) items.push_back(namespace_object(item));
    for (const Json& item : scenario.cluster["nodes"]) items.push_back(node_object(item));
    for (const Json& item : scenario.cluster["pods"]) items.push_back(pod_object(item));
    for (const Json& item : scenario.policies) items.push_back(item);
    return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}};
}

std::string manifests_text(const Scenario& scenario) {
    std::string out;
    const Json all = manifests(scenario);
    for (const Json& item : all["items"]) out += "---\n" + item.dump() + "\n";
    return out;
}

std::string names_text(const Scenario& scenario) {
    std::string out;
    for (const Json& item : scenario.cluster["dns"]) out += item.dump() + "\n";
    return out;
}

}  // namespace tierwall::oracle
