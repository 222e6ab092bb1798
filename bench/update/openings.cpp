// SPDX-License-Identifier: Apache-2.0
#include "bench/update/openings.hpp"

#include "bench/cluster/cluster.hpp"
#include "bench/cluster/network_policies.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::uint16_t kPort = 7777;
constexpr std::uint32_t kFirstSourcePort = 20'000;

bool isolates_ingress(const kube::NetworkPolicy& policy) {
    const auto& types = policy.policy_types;
    return std::find(types.begin(), types.end(), "Ingress") != types.end();
}

/// Some pod of this application.
const kube::Pod* pod_of(const kube::Objects& objects, const kube::NetworkPolicy& policy) {
    const auto app = policy.pod_selector.match_labels.find("app");
    if (app == policy.pod_selector.match_labels.end()) return nullptr;
    const std::string inside = policy.namespace_name + "/" + app->second + "-";
    const auto pod = objects.cluster.pods.lower_bound(inside);
    if (pod == objects.cluster.pods.end()) return nullptr;
    const auto own = pod->second.labels.find("app");
    const bool selected = pod->second.namespace_name == policy.namespace_name &&
                          own != pod->second.labels.end() && own->second == app->second;
    return selected ? &pod->second : nullptr;
}

kube::NetworkPolicyRule from_ingress() {
    kube::NetworkPolicyPeer peer;
    peer.namespace_selector.emplace().match_labels = {{"kubernetes.io/metadata.name", "ingress"}};
    kube::NetworkPolicyPort port;
    port.protocol = "TCP";
    port.port = std::int64_t{kPort};
    return {.peers = {std::move(peer)}, .ports = {std::move(port)}};
}

}  // namespace

Openings::Openings(const kube::Objects& objects, std::uint64_t seed) : random_(seed) {
    for (const auto& [name, policy] : objects.network_policies) {
        if (!isolates_ingress(policy)) continue;
        const kube::Pod* pod = pod_of(objects, policy);
        if (pod != nullptr) policies_.push_back({&policy, pod->addresses.front()});
    }
    const auto proxy = objects.cluster.pods.lower_bound("ingress/");
    if (proxy != objects.cluster.pods.end()) ingress_ = proxy->second.addresses.front();
}

Opening Openings::make(Way way, std::uint32_t number) {
    const Choice& choice = random_.pick(policies_);
    kube::NetworkPolicy changed = *choice.policy;
    Connection connection{
        .source = ingress_,
        .destination = choice.subject,
        .destination_port = kPort,
        .source_port = static_cast<std::uint16_t>(kFirstSourcePort + number % 40'000)};
    Opening opening;
    std::uint8_t port = kPodsPort;
    switch (way) {
        case Way::Block: {
            changed = with_extra_block(changed, number);
            const std::array<std::uint8_t, 4> bytes{198, 51, 100,
                                                    static_cast<std::uint8_t>(number)};
            connection.source = base::Address::v4(bytes.data());
            port = kUplinkPort;
            break;
        }
        case Way::KnownPeer: changed.ingress.push_back(from_ingress()); break;
        case Way::NewSelector: {
            kube::NetworkPolicyRule rule = from_ingress();
            kube::LabelSelector apps;
            apps.match_expressions = {
                {"component", "In", {"proxy", "proxy-" + std::to_string(number)}}};
            rule.peers.front().pod_selector = std::move(apps);
            changed.ingress.push_back(std::move(rule));
            break;
        }
        case Way::NewPolicy:
            changed.name = "opened-" + std::to_string(number);
            changed.egress.clear();
            changed.policy_types = {"Ingress"};
            changed.ingress = {from_ingress()};
            break;
    }
    opening.open = decoded(changed);
    if (way != Way::NewPolicy) opening.closed = decoded(*choice.policy);
    opening.frame = frame_of(connection, port);
    return opening;
}

void Openings::close(Rig& rig, const Opening& opening) const {
    if (opening.closed) {
        rig.put(*opening.closed);
    } else {
        rig.store().remove(Rig::kSource, opening.open.key);
    }
}

}  // namespace tierwall::bench
