// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate.hpp"

namespace tierwall::oracle {

namespace {

Json namespace_object(const Json& item) {
    return {{"apiVersion", "v1"},
            {"kind", "Namespace"},
            {"metadata", {{"name", item["name"]}, {"labels", item["labels"]}}}};
}

Json node_object(const Json& item) {
    return {{"apiVersion", "v1"},
            {"kind", "Node"},
            {"metadata", {{"name", item["name"]}, {"labels", item["labels"]}}},
            {"status", {{"addresses", item["addresses"]}}}};
}

Json pod_object(const Json& item) {
    // Each port in a container of its own: a name may then occur twice in one pod.
    Json containers = Json::array({{{"name", "main"}, {"image", "example.org/main:1"}}});
    for (const Json& port : item["ports"]) {
        containers.push_back({{"name", "c" + std::to_string(containers.size())},
                              {"image", "example.org/main:1"},
                              {"ports", Json::array({port})}});
    }
    Json spec = {{"containers", containers}};
    if (item.contains("node")) spec["nodeName"] = item["node"];
    if (item.value("hostNetwork", false)) spec["hostNetwork"] = true;
    Json status = {{"phase", item.value("phase", "Running")}};
    if (!item["ips"].empty()) {
        status["podIP"] = item["ips"][0];
        status["podIPs"] = Json::array();
        for (const Json& ip : item["ips"]) status["podIPs"].push_back({{"ip", ip}});
    }
    const std::string path =
        item["namespace"].get<std::string>() + "/" + item["name"].get<std::string>();
    Json metadata = {{"name", item["name"]},
                     {"namespace", item["namespace"]},
                     {"uid", path},
                     {"labels", item["labels"]},
                     {"creationTimestamp", item.value("created", "2026-01-01T00:00:00Z")}};
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", metadata},
            {"spec", spec},
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

}  // namespace tierwall::oracle
