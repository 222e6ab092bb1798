// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate.hpp"
#include "test/oracle/generate_cluster.hpp"
#include "test/oracle/generate_policy.hpp"

#include <algorithm>

namespace tierwall::oracle {

namespace {

using Change = std::string;

Json* any(Random& random, Json& list) {
    return list.empty() ? nullptr : &list[random.below(list.size())];
}

Change change_pod(Random& random, Json& cluster) {
    Json* pod = any(random, cluster["pods"]);
    if (pod == nullptr) return "";
    switch (random.between(0, 5)) {
        case 0: (*pod)["labels"] = random_labels(random); return "pod relabelled";
        case 1: (*pod)["phase"] = random.pick({"Running", "Succeeded", "Failed"}); return "phase";
        case 2: (*pod)["ports"] = random_ports(random); return "ports changed";
        case 3: (*pod)["node"] = "node-" + std::to_string(random.between(1, 5)); return "pod moved";
        case 4:
            // Made again under its name: newer than all others, and another pod.
            (*pod)["created"] = timestamp(next_serial(cluster));
            (*pod)["uid"] = (*pod)["created"];
            if (random.chance(50)) (*pod)["labels"] = random_labels(random);
            return "pod made again";
        default:
            if ((*pod)["hostNetwork"] == true) return "";
            (*pod)["ips"] = random_ips(random, cluster);
            return "addresses changed";
    }
}

Change swap_addresses(Random& random, Json& cluster) {
    Json* a = any(random, cluster["pods"]);
    Json* b = any(random, cluster["pods"]);
    if (a == nullptr || (*a)["hostNetwork"] == true || (*b)["hostNetwork"] == true) return "";
    std::swap((*a)["ips"], (*b)["ips"]);
    return "addresses exchanged";
}

Change change_node(Random& random, Json& cluster) {
    Json& nodes = cluster["nodes"];
    const int number = random.between(1, 5);
    const auto same = [&](const Json& node) {
        return node["name"] == "node-" + std::to_string(number);
    };
    const auto found = std::find_if(nodes.begin(), nodes.end(), same);
    if (found == nodes.end()) {
        nodes.push_back(random_node(random, number));
        return "node added";
    }
    if (random.chance(30)) {
        nodes.erase(found);
        return "node removed";
    }
    if (random.chance(50)) {
        (*found)["labels"] = random_labels(random);
        return "node relabelled";
    }
    *found = random_node(random, number);
    return "node changed";
}

/// Of a namespace, or of a policy's metadata.
Change change_mode(Random& random, Json& object) {
    if (random.chance(35)) {
        object.erase("annotations");
        return "mode taken away";
    }
    object["annotations"] = random_mode(random);
    return "mode set";
}

Change change_namespace(Random& random, Json& cluster) {
    Json& namespaces = cluster["namespaces"];
    const std::string name =
        random.pick({"a", "b", "c", "a", "b", "c", kEmptyNamespace, kImpliedNamespace});
    const auto same = [&](const Json& ns) { return ns["name"] == name; };
    const auto found = std::find_if(namespaces.begin(), namespaces.end(), same);
    if (found == namespaces.end()) {
        namespaces.push_back(random_namespace(random, cluster, name));
        return "namespace added";
    }
    if (random.chance(15)) {
        namespaces.erase(found);  // its pods may well stay
        return "namespace removed";
    }
    if (random.chance(audited_percent(cluster) / 2)) return change_mode(random, *found);
    (*found)["labels"] = random_namespace_labels(random);
    return "namespace relabelled";
}

/// In place, as people edit: order, actions and priorities.
Change edit_rules(Random& random, Json& policy) {
    Json& spec = policy["spec"];
    const bool cluster_wide = policy["kind"] != "NetworkPolicy";
    if (cluster_wide && spec.contains("priority") && random.chance(25)) {
        spec["priority"] = random.pick({0, 1, 7, 1000});
        return "priority changed";
    }
    Json& rules = spec[random.chance(50) ? "ingress" : "egress"];
    if (rules.is_null()) rules = Json::array();
    Json* rule = any(random, rules);
    if (rule == nullptr) return "rules set empty";
    if (cluster_wide && random.chance(50)) {
        const bool alpha2 = policy["kind"] == "ClusterNetworkPolicy";
        (*rule)["action"] = random.chance(50) ? "Deny" : (alpha2 ? "Accept" : "Allow");
        return "action changed";
    }
    if (random.chance(50)) {
        std::swap(*rule, rules.front());
        return "rules exchanged";
    }
    rules.erase(static_cast<std::size_t>(rule - &rules.front()));
    return "rule removed";
}

Change change_policy(Random& random, Scenario& scenario) {
    Json& policies = scenario.policies;
    Json* policy = any(random, policies);
    if (policy == nullptr) return "";
    switch (random.between(0, 3)) {
        case 0:
            policies.erase(static_cast<std::size_t>(policy - &policies.front()));
            return "policy removed";
        case 1: return edit_rules(random, *policy);
        default: break;
    }
    if (random.chance(audited_percent(scenario.cluster) / 2)) {
        return change_mode(random, (*policy)["metadata"]);
    }
    Json changed = random_policy(random, scenario.cluster, policies);
    if (changed["kind"] == (*policy)["kind"]) changed["metadata"] = (*policy)["metadata"];
    *policy = changed;
    return "policy changed";
}

Change change(Random& random, Scenario& scenario) {
    Json& cluster = scenario.cluster;
    Json& pods = cluster["pods"];
    switch (random.between(0, 11)) {
        case 0:
        case 1: pods.push_back(random_pod(random, cluster)); return "pod added";
        case 2:
            if (pods.empty()) return "";
            pods.erase(random.below(pods.size()));
            return "pod removed";
        case 3:
        case 4: return change_pod(random, cluster);
        case 5: return swap_addresses(random, cluster);
        case 6: return change_node(random, cluster);
        case 7: return change_namespace(random, cluster);
        case 8: cluster["dns"] = random_dns(random, cluster); return "names changed";
        case 9:
            scenario.policies.push_back(random_policy(random, cluster, scenario.policies));
            return "policy added";
        default: return change_policy(random, scenario);
    }
}

}  // namespace

std::string mutate(Scenario& scenario, Random& random) {
    std::string said;
    const int changes = random.chance(70) ? 1 : random.between(2, 4);
    for (int i = 0; i < changes; ++i) {
        const std::string words = change(random, scenario);
        if (!words.empty()) said += (said.empty() ? "" : ", ") + words;
    }
    return said.empty() ? "nothing" : said;
}

}  // namespace tierwall::oracle
