// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/cluster_policies.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tierwall::bench {
namespace {

using kube::ClusterNetworkPolicy;
using kube::ClusterPolicyPeer;
using kube::ClusterPolicyProtocol;
using kube::ClusterPolicyRule;
using kube::LabelSelector;

constexpr std::uint32_t kRulesMax = 25;
constexpr std::uint32_t kRulesUsual = 6;
constexpr std::uint32_t kPriorities = 1001;

LabelSelector one_label(const char* key, const std::string& value) {
    return {.match_labels = {{key, value}}, .match_expressions = {}};
}

ClusterPolicyProtocol tcp_port(std::int64_t port) {
    ClusterPolicyProtocol out;
    out.tcp.emplace().destination_port.emplace().number = port;
    return out;
}

ClusterPolicyProtocol tcp_range(std::int64_t first, std::int64_t last) {
    ClusterPolicyProtocol out;
    out.tcp.emplace().destination_port.emplace().range = {.start = first, .end = last};
    return out;
}

ClusterPolicyProtocol udp_port(std::int64_t port) {
    ClusterPolicyProtocol out;
    out.udp.emplace().destination_port.emplace().number = port;
    return out;
}

class ClusterAuthor {
public:
    ClusterAuthor(const Population& population, Random& random, bool admin)
        : population_(population), random_(random), admin_(admin) {}

    ClusterNetworkPolicy write(std::uint32_t number, std::uint32_t count) {
        ClusterNetworkPolicy policy;
        policy.name = std::string(admin_ ? "guard-" : "base-") + std::to_string(number);
        policy.tier = admin_ ? "Admin" : "Baseline";
        policy.priority = number % kPriorities;
        subject(policy, number);
        for (std::uint32_t i = 0; i < count; ++i) {
            // As many as one direction may have go to the other, too.
            const bool egress = random_.chance(50) ? policy.egress.size() < kRulesMax
                                                   : policy.ingress.size() >= kRulesMax;
            auto& rules = egress ? policy.egress : policy.ingress;
            if (rules.size() < kRulesMax) rules.push_back(rule(egress, i));
        }
        return policy;
    }

private:
    /// One in sixteen is about an environment, the others about a team and some of its pods.
    void subject(ClusterNetworkPolicy& policy, std::uint32_t number) {
        policy.subject.emplace();
        if (number % 16 == 0) {
            LabelSelector spaces = one_label("env", number % 32 == 0 ? "dev" : "staging");
            if (number % 64 == 16) spaces = one_label("compliance", "pci");
            policy.subject->namespaces = std::move(spaces);
            return;
        }
        LabelSelector spaces =
            one_label("team", population_.teams[number % population_.teams.size()]);
        if (random_.chance(30)) {
            spaces.match_expressions = {{"env", "NotIn", {"dev"}}};
        }
        if (random_.chance(60)) {
            policy.subject->namespaces = std::move(spaces);
            return;
        }
        static constexpr std::array<const char*, 3> kComponents{"db", "cache", "api"};
        policy.subject->pods = {.namespace_selector = std::move(spaces),
                                .pod_selector = one_label("component", random_.pick(kComponents))};
    }

    ClusterPolicyRule rule(bool egress, std::uint32_t place) {
        ClusterPolicyRule rule;
        rule.name = "rule-" + std::to_string(place);
        // Passes and denials, and acceptances: most of what a guard says is about some peer.
        const std::uint32_t kind = random_.below(10);
        rule.action = kind < 4 ? "Accept" : kind < 7 ? "Deny" : "Pass";
        rule.peers.emplace();
        rule.peers->push_back(peer(egress));
        if (random_.chance(20)) rule.peers->push_back(peer(egress));
        if (random_.chance(75)) rule.protocols = protocols();
        return rule;
    }

    ClusterPolicyPeer peer(bool egress) {
        ClusterPolicyPeer out;
        const std::uint32_t kind = random_.below(egress ? 10 : 6);
        if (kind < 3) {
            out.namespaces = one_label("team", random_.pick(population_.teams));
        } else if (kind < 5) {
            const Space& space = random_.pick(population_.spaces);
            out.namespaces = one_label("kubernetes.io/metadata.name", space.name);
        } else if (kind < 6) {
            const Space& space = random_.pick(population_.spaces);
            out.pods = {.namespace_selector = one_label("team", space.team),
                        .pod_selector = one_label("app", random_.pick(space.apps).name)};
        } else if (kind < 9) {
            out.networks.emplace();
            const std::uint32_t count = random_.between(1, 4);
            for (std::uint32_t i = 0; i < count; ++i) {
                const std::string& block = random_.pick(population_.outside);
                auto& networks = *out.networks;
                const bool there =
                    std::find(networks.begin(), networks.end(), block) != networks.end();
                if (!there) networks.push_back(block);
            }
        } else {
            out.nodes = one_label("node-role", "control-plane");
        }
        return out;
    }

    std::vector<ClusterPolicyProtocol> protocols() {
        static constexpr std::array<std::int64_t, 10> kPorts{22,   80,   443,  3306, 5432,
                                                             6379, 6443, 8080, 8443, 9090};
        std::vector<ClusterPolicyProtocol> out{tcp_port(random_.pick(kPorts))};
        if (random_.chance(20)) out.push_back(tcp_range(8000 + random_.below(64), 8999));
        if (random_.chance(10)) out.push_back(udp_port(53));
        if (random_.chance(15)) {
            out.emplace_back().named_port = random_.chance(50) ? "http" : "metrics";
        }
        return out;
    }

    const Population& population_;
    Random& random_;
    const bool admin_;
};

}  // namespace

std::vector<ClusterNetworkPolicy> cluster_policies(const Population& population, const char* tier,
                                                   const TierShape& shape) {
    const bool admin = std::string_view(tier) == "Admin";
    Random random(population.shape.seed ^ (admin ? 0x61646d696eu : 0x62617365u));
    const std::uint32_t count = std::max(shape.policies, shape.rules / kRulesMax);
    std::vector<ClusterNetworkPolicy> policies;
    std::uint32_t written = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t left = shape.rules > written ? shape.rules - written : 0;
        const std::uint32_t wanted =
            shape.rules == 0 ? kRulesUsual : (left + count - i - 1) / (count - i);
        policies.push_back(ClusterAuthor(population, random, admin).write(i, wanted));
        written += wanted;
    }
    return policies;
}

}  // namespace tierwall::bench
