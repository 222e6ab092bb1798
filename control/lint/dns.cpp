// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace tierwall::lint {
namespace {

constexpr base::Direction kEgress = base::Direction::Egress;
/// DNS, DNS over TLS, and the port that some clusters' DNS pods have behind their service.
constexpr std::uint16_t kDnsPorts[] = {53, 853, 5353};

bool is_dns(std::uint16_t first, std::uint16_t last) {
    return std::any_of(std::begin(kDnsPorts), std::end(kDnsPorts),
                       [&](std::uint16_t port) { return first <= port && port <= last; });
}

bool has_peers(const policy::Rule& rule) { return rule.any_peer || !rule.peers.empty(); }

/// The policies that a pod is subject to, one after the other, and what of its egress is known so
/// far. The moment a query can go anywhere there is nothing to say.
class Walk {
public:
    Walk(const Scene& scene, const PolicyNumbers& policies) : scene_(scene), policies_(policies) {}

    /// The policies that leave the pod without DNS and have rules that allow something. `centre`
    /// is the one that surely selects the pod; of the others only what they allow counts then.
    PolicyNumbers culprits(const std::uint32_t* centre = nullptr);

private:
    bool lets_dns(const policy::Rule& rule) const;
    bool is_dns_name(const policy::Port& port) const;
    bool denies_all(const policy::Rule& rule) const;
    bool is_sure(std::uint32_t number) const { return centre_ == nullptr || *centre_ == number; }
    /// False: DNS may pass, or the tiers after this one do not matter.
    bool walk_ordered(std::uint16_t tier);
    bool walk_isolating();

    const Scene& scene_;
    const PolicyNumbers& policies_;
    const std::uint32_t* centre_ = nullptr;
    bool allows_other_ = false;
    PolicyNumbers culprits_;
};

/// A name may stand for a DNS port when some pod says so, or when nobody says otherwise.
bool Walk::is_dns_name(const policy::Port& port) const {
    bool known = false;
    for (const PodKind& kind : scene_.pod_kinds()) {
        for (const auto& own : kind.traits.ports) {
            if (own.name != port.name || own.protocol != port.protocol) continue;
            known = true;
            if (is_dns(own.number, own.number)) return true;
        }
    }
    return !known && (port.protocol == base::kIpUdp || port.name.find("dns") != std::string::npos ||
                      port.name.find("domain") != std::string::npos);
}

bool Walk::lets_dns(const policy::Rule& rule) const {
    if (!has_peers(rule)) return false;
    return rule.ports.empty() ||
           std::any_of(rule.ports.begin(), rule.ports.end(), [this](const policy::Port& port) {
               if (port.protocol != base::kIpUdp && port.protocol != base::kIpTcp) return false;
               return port.name.empty() ? is_dns(port.first, port.last) : is_dns_name(port);
           });
}

bool Walk::denies_all(const policy::Rule& rule) const {
    if (rule.action != base::Action::Deny || !rule.ports.empty()) return false;
    const auto names_all = [&rule](base::Family family) {
        return std::any_of(rule.peers.begin(), rule.peers.end(), [family](const auto& peer) {
            const auto* networks = std::get_if<policy::NetworkSet>(&peer);
            return networks != nullptr && networks->except.empty() &&
                   std::any_of(networks->cidrs.begin(), networks->cidrs.end(),
                               [family](const base::Prefix& block) {
                                   return block.length == 0 && block.family == family;
                               });
        });
    };
    return rule.any_peer || ((!scene_.uses(base::Family::IPv4) || names_all(base::Family::IPv4)) &&
                             (!scene_.uses(base::Family::IPv6) || names_all(base::Family::IPv6)));
}

bool Walk::walk_ordered(std::uint16_t tier) {
    for (const std::uint32_t number : policies_) {
        const policy::Policy& policy = scene_.policies()[number];
        if (policy.tier != tier || policy.audit) continue;
        for (const policy::Rule& rule : policy.egress) {
            if (rule.failed_closed) return false;
            if (rule.action == base::Action::Deny) {
                if (!is_sure(number) || !denies_all(rule)) continue;
                if (allows_other_) culprits_.push_back(number);
                return false;
            }
            if (lets_dns(rule)) return false;
            allows_other_ = allows_other_ || (is_sure(number) && has_peers(rule));
        }
    }
    return true;
}

bool Walk::walk_isolating() {
    bool isolated = false;
    PolicyNumbers allowing;
    for (const std::uint32_t number : policies_) {
        const policy::Policy& policy = scene_.policies()[number];
        if (policy.tier != base::kTierNetworkPolicy || !policy.isolates_egress) continue;
        if (policy.audit) return false;
        isolated = isolated || is_sure(number);
        for (const policy::Rule& rule : policy.egress) {
            if (rule.failed_closed || lets_dns(rule)) return false;
            if (is_sure(number) && has_peers(rule) &&
                (allowing.empty() || allowing.back() != number)) {
                allowing.push_back(number);
            }
        }
    }
    if (!isolated) return true;
    culprits_ = std::move(allowing);
    return false;
}

PolicyNumbers Walk::culprits(const std::uint32_t* centre) {
    centre_ = centre;
    if (walk_ordered(base::kTierAdmin) && walk_isolating()) walk_ordered(base::kTierBaseline);
    return std::move(culprits_);
}

bool matters(const policy::Policy& policy) {
    return policy.tier == base::kTierNetworkPolicy ? policy.isolates_egress
                                                   : !policy.egress.empty();
}

PolicyNumbers those_that_matter(const Scene& scene, const PolicyNumbers& numbers) {
    PolicyNumbers out = numbers;
    std::erase_if(out, [&scene](std::uint32_t each) { return !matters(scene.policies()[each]); });
    return out;
}

/// Without pods: every policy on its own, beside all that might select the same pods.
class WithoutPods {
public:
    explicit WithoutPods(const Scene& scene) : scene_(scene) {
        for (std::uint32_t i = 0; i < scene.policies().size(); ++i) {
            const policy::Policy& policy = scene.policies()[i];
            if (matters(policy)) of_namespace_[policy.namespace_name].push_back(i);
        }
    }

    bool is_culprit(std::uint32_t number) const {
        if (Walk(scene_, {number}).culprits(&number).empty()) return false;
        const policy::Policy& own = scene_.policies()[number];
        PolicyNumbers near;
        if (own.namespace_name.empty()) {
            for (const auto& [name, numbers] : of_namespace_) add_near(number, numbers, near);
        } else {
            for (const std::string& name : {std::string(), own.namespace_name}) {
                const auto numbers = of_namespace_.find(name);
                if (numbers != of_namespace_.end()) add_near(number, numbers->second, near);
            }
        }
        std::sort(near.begin(), near.end());
        return !Walk(scene_, near).culprits(&number).empty();
    }

private:
    void add_near(std::uint32_t own, const PolicyNumbers& numbers, PolicyNumbers& near) const {
        const Area& area = scene_.subject_area(own);
        for (const std::uint32_t each : numbers) {
            if (each == own || area.meets(scene_.subject_area(each))) near.push_back(each);
        }
    }

    const Scene& scene_;
    std::map<std::string, PolicyNumbers> of_namespace_;
};

}  // namespace

void check_dns(const Scene& scene, Findings& findings) {
    std::set<std::uint32_t> culprits;
    if (scene.has_pods()) {
        std::set<PolicyNumbers> lists;
        for (const PodKind& kind : scene.pod_kinds()) {
            if (kind.live) lists.insert(those_that_matter(scene, kind.policies));
        }
        for (const PolicyNumbers& list : lists) {
            for (const std::uint32_t number : Walk(scene, list).culprits()) {
                culprits.insert(number);
            }
        }
    } else {
        const WithoutPods checker(scene);
        for (std::uint32_t i = 0; i < scene.policies().size(); ++i) {
            if (matters(scene.policies()[i]) && checker.is_culprit(i)) culprits.insert(i);
        }
    }
    for (const std::uint32_t number : culprits) {
        add(findings, "dns-blocked", {scene.policies()[number].path(), "spec.egress"},
            "lets its pods send to some, and no DNS query to anywhere, so that they find nothing "
            "by name; allow UDP and TCP port 53 to the cluster's DNS");
    }
}

}  // namespace tierwall::lint
