// SPDX-License-Identifier: Apache-2.0
#include "control/lint/dns_servers.hpp"

#include "control/lint/label_set.hpp"

#include <algorithm>
#include <iterator>
#include <variant>

namespace tierwall::lint {
namespace {

/// DNS, DNS over TLS, and the port that some clusters' DNS pods have behind their service.
constexpr std::uint16_t kDnsPorts[] = {53, 853, 5353};
constexpr const char* kSystemNamespace = "kube-system";

bool has_dns_port(const kube::Pod& pod) {
    return std::any_of(pod.ports.begin(), pod.ports.end(), [](const kube::ContainerPort& port) {
        return is_dns_port(port.number, port.number);
    });
}

/// Some pod that answers DNS may be anybody's; this one is the cluster's.
bool is_of_cluster(const kube::Pod& pod) {
    const auto says = [](const std::string& text) { return text.find("dns") != std::string::npos; };
    return pod.namespace_name == kSystemNamespace || says(pod.namespace_name) ||
           std::any_of(pod.labels.begin(), pod.labels.end(),
                       [&](const auto& label) { return says(label.second); });
}

}  // namespace

bool is_dns_port(std::uint16_t first, std::uint16_t last) {
    return std::any_of(std::begin(kDnsPorts), std::end(kDnsPorts),
                       [&](std::uint16_t port) { return first <= port && port <= last; });
}

DnsServers::DnsServers(const Scene& scene, Budget& budget) : scene_(scene), budget_(budget) {
    for (const PodKind& kind : scene.pod_kinds()) {
        Evidence evidence = Evidence::No;
        for (const kube::Pod* pod : kind.pods) {
            budget.spend(1 + pod->ports.size());
            if (has_dns_port(*pod)) {
                evidence = Evidence::Yes;
                knows_own_ = knows_own_ || (kind.live && is_of_cluster(*pod));
            } else if (pod->ports.empty() && evidence == Evidence::No) {
                evidence = Evidence::None;
            }
        }
        evidence_.push_back(evidence);
    }
}

/// Do the pods given tell who is in it? Another namespace may have the cluster's DNS.
bool DnsServers::are_all_given(const policy::PodSet& set) const {
    if (!set.namespace_name.empty()) return true;
    if (!knows_own_ || !scene_.knows_all_namespaces()) return false;
    const LabelSet labels(set.namespaces);
    for (const auto& [name, space] : scene_.objects().cluster.namespaces) {
        if (!budget_.spend(1 + labels.keys())) return false;
        if (labels.holds(space.labels) && !scene_.has_pods_in(name)) return false;
    }
    return true;
}

bool DnsServers::look_at(const policy::PodSet& set, SetNumber number) const {
    const std::vector<KindNumber>& members = scene_.members(number);
    if (members.empty() || !are_all_given(set)) return true;
    return std::any_of(members.begin(), members.end(), [this](KindNumber kind) {
        const Evidence evidence = evidence_[kind];
        return !budget_.spend() || evidence == Evidence::Yes ||
               (evidence == Evidence::None && !knows_own_);
    });
}

bool DnsServers::may_be_in(const policy::PodSet& set) const {
    const SetNumber number = *scene_.sets().find(set);
    const auto known = of_sets_.find(number);
    if (known != of_sets_.end()) return known->second;
    const bool may = look_at(set, number);
    of_sets_.emplace(number, may);
    return may;
}

bool DnsServers::may_be_among(const policy::Rule& rule) const {
    return rule.any_peer ||
           std::any_of(rule.peers.begin(), rule.peers.end(), [this](const policy::Peer& peer) {
               // Its address is learned from answers of DNS, which has to be there first.
               if (std::holds_alternative<policy::NameSet>(peer)) return false;
               const auto* pods = std::get_if<policy::PodSet>(&peer);
               return !budget_.spend() || pods == nullptr || may_be_in(*pods);
           });
}

}  // namespace tierwall::lint
