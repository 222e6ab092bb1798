// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"
#include "control/lint/dns_servers.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::lint {
namespace {

bool has_peers(const policy::Rule& rule) { return rule.any_peer || !rule.peers.empty(); }

/// What a policy's egress means for DNS queries, of a pod that it surely selects, and of one that
/// it may select: of that one only what it allows counts.
struct Effect {
    bool ends = false;          ///< a query may pass, or the rules after this one do not matter
    bool denies = false;        ///< by denying all that is left
    bool allows = false;        ///< something else, before
    bool passes_dns = false;    ///< before, a query may be left to the next tier
    bool passes_other = false;  ///< before, something else is
};
struct Effects {
    Effect sure;
    Effect unsure;
    const Effect& of(bool is_sure) const { return is_sure ? sure : unsure; }
};

/// Goes through all rules once, so that what a pod's policies say together is a matter of a few
/// words each.
class Reader {
public:
    explicit Reader(const Work& work);

    Effects read(const policy::Policy& policy) const;

private:
    bool lets_dns(const policy::Rule& rule) const;
    bool is_dns_name(const policy::Port& port) const;
    bool denies_all(const policy::Rule& rule) const;
    Effect read_ordered(const policy::Policy& policy, bool is_sure) const;
    Effect read_isolating(const policy::Policy& policy, bool is_sure) const;

    const Scene& scene_;
    Budget& budget_;
    DnsServers servers_;
    /// Named ports of pods: is any of them one for DNS?
    std::map<std::pair<std::string, std::uint8_t>, bool> names_;
};

Reader::Reader(const Work& work)
    : scene_(work.scene), budget_(work.budget), servers_(work.scene, work.budget) {
    for (const PodKind& kind : scene_.pod_kinds()) {
        budget_.spend(1 + kind.traits.ports.size());
        for (const auto& port : kind.traits.ports) {
            bool& is = names_[{port.name, port.protocol}];
            is = is || is_dns_port(port.number, port.number);
        }
    }
}

/// A name may stand for a DNS port when some pod says so, or when nobody says otherwise.
bool Reader::is_dns_name(const policy::Port& port) const {
    const auto known = names_.find({port.name, port.protocol});
    if (known != names_.end()) return known->second;
    return port.protocol == base::kIpUdp || port.name.find("dns") != std::string::npos ||
           port.name.find("domain") != std::string::npos;
}

bool Reader::lets_dns(const policy::Rule& rule) const {
    if (!has_peers(rule)) return false;
    // Where ports are named, the author knows why.
    if (rule.ports.empty()) return servers_.may_be_among(rule);
    return std::any_of(rule.ports.begin(), rule.ports.end(), [this](const policy::Port& port) {
        if (port.protocol != base::kIpUdp && port.protocol != base::kIpTcp) return false;
        return port.name.empty() ? is_dns_port(port.first, port.last) : is_dns_name(port);
    });
}

bool Reader::denies_all(const policy::Rule& rule) const {
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

/// In audit mode nothing denies, and what allows or passes does.
Effect Reader::read_ordered(const policy::Policy& policy, bool is_sure) const {
    Effect effect;
    for (const policy::Rule& rule : policy.egress) {
        budget_.spend(1 + rule.ports.size());
        if (policy.audit && (rule.failed_closed || rule.action == base::Action::Deny)) continue;
        effect.ends = rule.failed_closed;
        if (effect.ends) break;
        if (rule.action == base::Action::Deny) {
            effect.ends = effect.denies = is_sure && denies_all(rule);
        } else if (rule.action == base::Action::Pass) {
            const bool dns = lets_dns(rule);
            effect.passes_dns = effect.passes_dns || dns;
            effect.passes_other = effect.passes_other || (!dns && is_sure && has_peers(rule));
        } else {
            effect.ends = lets_dns(rule);
            effect.allows = effect.allows || (!effect.ends && is_sure && has_peers(rule));
        }
        if (effect.ends) break;
    }
    return effect;
}

/// In audit mode it does not isolate, and what it allows is allowed.
Effect Reader::read_isolating(const policy::Policy& policy, bool is_sure) const {
    Effect effect;
    if (!policy.isolates_egress) return effect;
    effect.denies = is_sure && !policy.audit;
    for (const policy::Rule& rule : policy.egress) {
        budget_.spend(1 + rule.ports.size());
        effect.ends = effect.ends || rule.failed_closed || lets_dns(rule);
        effect.allows = effect.allows || (is_sure && has_peers(rule));
    }
    return effect;
}

Effects Reader::read(const policy::Policy& policy) const {
    if (policy.tier == base::kTierNetworkPolicy) {
        return {read_isolating(policy, true), read_isolating(policy, false)};
    }
    return {read_ordered(policy, true), read_ordered(policy, false)};
}

/// The policies that a pod is subject to, one after the other, and what of its egress is known so
/// far. The moment a query can go anywhere there is nothing to say.
class Walk {
public:
    Walk(const Scene& scene, const std::vector<Effects>& effects)
        : scene_(scene), effects_(effects) {}

    /// The policies that leave the pod without DNS and have rules that allow something. `centre`
    /// is the one that surely selects the pod; of the others only what they allow counts then.
    PolicyNumbers culprits(const PolicyNumbers& policies, const std::uint32_t* centre = nullptr);

private:
    const Effect& effect(std::uint32_t number) const {
        return effects_[number].of(centre_ == nullptr || *centre_ == number);
    }
    /// False: DNS may pass, or the tiers after this one do not matter.
    bool walk_ordered(const PolicyNumbers& policies, std::uint16_t tier);
    bool walk_isolating(const PolicyNumbers& policies);

    const Scene& scene_;
    const std::vector<Effects>& effects_;
    const std::uint32_t* centre_ = nullptr;
    bool allows_other_ = false;
    PolicyNumbers culprits_;
};

bool Walk::walk_ordered(const PolicyNumbers& policies, std::uint16_t tier) {
    bool passes_dns = false;
    bool passes_other = false;
    for (const std::uint32_t number : policies) {
        if (scene_.policies()[number].tier != tier) continue;
        const Effect& own = effect(number);
        allows_other_ = allows_other_ || own.allows;
        passes_dns = passes_dns || own.passes_dns;
        passes_other = passes_other || own.passes_other;
        if (!own.ends) continue;
        // What is denied here is not what was left to the next tier before.
        if (own.denies && passes_dns) return tier == base::kTierAdmin;
        if (own.denies && (allows_other_ || passes_other)) culprits_.push_back(number);
        return false;
    }
    // What passes in the last tier is allowed.
    return true;
}

/// What audited policies allow counts too, but for it no pod is isolated.
bool Walk::walk_isolating(const PolicyNumbers& policies) {
    bool isolated = false;
    PolicyNumbers allowing;
    for (const std::uint32_t number : policies) {
        if (scene_.policies()[number].tier != base::kTierNetworkPolicy) continue;
        const Effect& own = effect(number);
        if (own.ends) return false;
        isolated = isolated || own.denies;
        if (own.allows) allowing.push_back(number);
    }
    if (!isolated) {
        allows_other_ = allows_other_ || !allowing.empty();
        return true;
    }
    culprits_ = std::move(allowing);
    return false;
}

PolicyNumbers Walk::culprits(const PolicyNumbers& policies, const std::uint32_t* centre) {
    centre_ = centre;
    allows_other_ = false;
    culprits_.clear();
    if (walk_ordered(policies, base::kTierAdmin) && walk_isolating(policies)) {
        walk_ordered(policies, base::kTierBaseline);
    }
    return std::move(culprits_);
}

bool matters(const policy::Policy& policy) {
    return policy.tier == base::kTierNetworkPolicy ? policy.isolates_egress
                                                   : !policy.egress.empty();
}

/// Without pods: every policy on its own, beside those that let queries pass and might select the
/// same pods. What else others say of pods that they may select does not count.
class WithoutPods {
public:
    WithoutPods(const Work& work, const std::vector<Effects>& effects)
        : scene_(work.scene), budget_(work.budget), effects_(effects) {
        for (std::uint32_t i = 0; i < effects.size(); ++i) {
            const policy::Policy& policy = scene_.policies()[i];
            const Effect& own = effects[i].unsure;
            if (own.ends || own.passes_dns) of_namespace_[policy.namespace_name].push_back(i);
        }
    }

    bool is_culprit(std::uint32_t number) const {
        const policy::Policy& own = scene_.policies()[number];
        if (!matters(own)) return false;
        Walk walk(scene_, effects_);
        if (walk.culprits({number}, &number).empty()) return false;
        PolicyNumbers near{number};
        if (own.namespace_name.empty()) {
            for (const auto& [name, numbers] : of_namespace_) add_near(number, numbers, near);
        } else {
            for (const std::string& name : {std::string(), own.namespace_name}) {
                const auto numbers = of_namespace_.find(name);
                if (numbers != of_namespace_.end()) add_near(number, numbers->second, near);
            }
        }
        std::sort(near.begin(), near.end());
        return !walk.culprits(near, &number).empty();
    }

private:
    void add_near(std::uint32_t own, const PolicyNumbers& numbers, PolicyNumbers& near) const {
        const Area& area = scene_.subject_area(own);
        for (const std::uint32_t each : numbers) {
            const Area& other = scene_.subject_area(each);
            if (each == own || !budget_.spend(area.cost(other))) continue;
            if (area.meets(other)) near.push_back(each);
        }
    }

    const Scene& scene_;
    Budget& budget_;
    const std::vector<Effects>& effects_;
    std::map<std::string, PolicyNumbers> of_namespace_;
};

/// The policies that leave some pod given without DNS.
std::set<std::uint32_t> culprits_by_pods(const Work& work, const std::vector<Effects>& effects) {
    std::set<PolicyNumbers> lists;
    for (const PodKind& kind : work.scene.pod_kinds()) {
        work.budget.spend(1 + 2 * kind.policies.size());
        if (kind.live) lists.insert(kind.policies);
    }
    std::set<std::uint32_t> culprits;
    Walk walk(work.scene, effects);
    for (const PolicyNumbers& list : lists) {
        const PolicyNumbers found = walk.culprits(list);
        culprits.insert(found.begin(), found.end());
    }
    return culprits;
}

}  // namespace

void check_dns(const Work& work) {
    const Reader reader(work);
    std::vector<Effects> effects;
    for (const policy::Policy& policy : work.scene.policies()) {
        effects.push_back(reader.read(policy));
    }
    const bool has_pods = work.scene.has_pods();
    const WithoutPods without_pods(work, effects);
    std::set<std::uint32_t> culprits;
    if (has_pods) culprits = culprits_by_pods(work, effects);
    each_policy(work, [&](std::uint32_t number) {
        const bool is = has_pods ? culprits.contains(number) : without_pods.is_culprit(number);
        if (!is) return;
        add(work.findings, work.kind, {work.scene.policies()[number].path(), "spec.egress"},
            "lets its pods send to some, and no DNS query to anywhere, so that they find nothing "
            "by name; allow UDP and TCP port 53 to the cluster's DNS");
    });
}

}  // namespace tierwall::lint
