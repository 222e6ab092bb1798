// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RandomWorld: a World that grows, shrinks and changes at random, from a seed.
///
/// It is kept small and its words few, so that selectors meet pods, policies overlap, and the same
/// sets come and go.
///
/// Threads: one.
/// Memory:  a World.
/// Cost:    none to speak of.

#include "test/unit/control/compile/world.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace tierwall::compile {

class RandomWorld {
public:
    explicit RandomWorld(std::uint32_t seed) : engine_(seed) {}

    World world;
    Changes changes;  ///< what change() did since the last clear

    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(engine_() % limit);
    }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    template <typename List>
    const auto& pick(const List& list) {
        return list[below(static_cast<std::uint32_t>(std::size(list)))];
    }

    void change() {
        switch (below(9)) {
            case 0:
            case 1: return set_policy();
            case 2: return drop_policy();
            case 3:
            case 4: return set_pod();
            case 5: return drop_pod();
            case 6: return set_namespace();
            case 7: return set_node();
            default: return set_names();
        }
    }

    World::Packet packet() {
        World::Packet out;
        out.source = address();
        out.destination = address();
        out.protocol = pick(kProtocols);
        static constexpr std::uint16_t kNumbers[] = {0, 79, 80, 81, 443, 8080, 8081, 9000, 65535};
        out.port = pick(kNumbers);
        return out;
    }

private:
    static constexpr const char* kSpaces[] = {"a", "b", "c"};
    static constexpr const char* kPods[] = {"p", "q", "r", "s"};
    static constexpr const char* kValues[] = {"x", "y", ""};
    static constexpr const char* kKeys[] = {"app", "tier"};
    static constexpr const char* kNodes[] = {"n1", "n2", "n3"};
    static constexpr const char* kPorts[] = {"http", "dns"};
    static constexpr const char* kDomains[] = {"a.example", "b.example", "x.b.example", "example"};
    static constexpr std::uint8_t kProtocols[] = {base::kIpTcp, base::kIpTcp, base::kIpUdp,
                                                  base::kIpIcmp};
    static constexpr const char* kCidrs[] = {
        "0.0.0.0/0",   "10.0.0.0/8",     "10.0.0.0/24", "10.0.1.0/24", "10.0.0.8/29",
        "10.0.0.9/32", "192.168.0.0/16", "8.8.8.0/24",  "8.8.8.8/32",  "::/0",
        "fd00::/16",   "fd00::/64",      "fd00::1/128"};

    base::Address address() {
        static const char* const kOutside[] = {"8.8.8.8",     "8.8.4.4",     "9.9.9.9",
                                               "2001:db8::1", "192.168.0.1", "192.168.0.2",
                                               "fd00::77"};
        if (chance(20)) return ip(pick(kOutside));
        return ip(pod_address());
    }
    std::string pod_address() {
        const std::string last = std::to_string(1 + below(12));
        if (chance(25)) return "fd00::" + last;
        return (chance(50) ? "10.0.0." : "10.0.1.") + last;
    }
    Pairs labels() {
        Pairs out;
        for (const char* key : kKeys) {
            if (chance(60)) out.emplace_back(key, pick(kValues));
        }
        return out;
    }

    void set_pod() {
        const std::string path = std::string(pick(kSpaces)) + "/" + pick(kPods);
        kube::Pod& pod = world.add_pod(path, pod_address(), labels(), pick(kNodes));
        if (chance(30)) pod.addresses.push_back(ip(pod_address()));
        if (chance(5)) pod.addresses.clear();
        pod.created = "2026-01-0" + std::to_string(1 + below(9)) + "T00:00:00Z";
        pod.host_network = chance(8);
        pod.terminated = chance(8);
        for (std::uint32_t i = below(3); i > 0; --i) {
            static constexpr std::uint16_t kNumbers[] = {80, 8080, 9000};
            pod.ports.push_back({pick(kPorts), pick(kProtocols), pick(kNumbers)});
        }
        changes.pods.push_back(path);
    }
    void drop_pod() {
        if (world.cluster.pods.empty()) return;
        auto pod = world.cluster.pods.begin();
        std::advance(pod, below(static_cast<std::uint32_t>(world.cluster.pods.size())));
        changes.pods.push_back(pod->first);
        world.cluster.pods.erase(pod);
    }
    void set_namespace() {
        const std::string name = pick(kSpaces);
        changes.namespaces.push_back(name);
        if (chance(20)) {
            world.cluster.namespaces.erase(name);
        } else {
            world.add_namespace(name, labels());
        }
    }
    void set_node() {
        const std::uint32_t which = below(3);
        const std::string name = kNodes[which];
        changes.nodes.push_back(name);
        if (chance(20)) {
            world.cluster.nodes.erase(name);
        } else {
            // One node may have the address of a pod.
            const bool odd = which == 2 && chance(50);
            world.add_node(name, odd ? "10.0.0.9" : "192.168.0." + std::to_string(which + 1),
                           labels());
        }
    }
    void set_names() {
        auto& addresses = world.names[pick(kDomains)];
        addresses.clear();
        for (std::uint32_t i = below(3); i > 0; --i) addresses.push_back(address());
    }

    policy::Selector selector() {
        policy::Selector out;
        for (const char* key : kKeys) {
            if (chance(50)) continue;
            const auto op = static_cast<policy::Operator>(below(4));
            policy::Requirement requirement{key, op, {}};
            if (op == policy::Operator::In || op == policy::Operator::NotIn) {
                requirement.values = {pick(kValues)};
                if (chance(30)) requirement.values.push_back(pick(kValues));
            }
            out.requirements.push_back(requirement);
        }
        policy::normalize(out);
        return out;
    }
    policy::PodSet pods() {
        if (chance(50)) return {pick(kSpaces), {}, selector()};
        return {{}, selector(), selector()};
    }
    policy::Peer peer(bool egress) {
        const std::uint32_t kind = below(10);
        if (kind < 5) return pods();
        if (kind < 8) {
            std::vector<std::string> cidrs;
            std::vector<std::string> except;
            for (std::uint32_t i = 1 + below(2); i > 0; --i) cidrs.emplace_back(pick(kCidrs));
            for (std::uint32_t i = below(3); i > 0; --i) except.emplace_back(pick(kCidrs));
            return networks(cidrs, except);
        }
        if (!egress) return pods();
        if (kind == 8) return policy::NodeSet{selector()};
        static const char* const kPatterns[] = {"a.example", "*.example", "*.b.example",
                                                "nowhere.org"};
        return policy::NameSet{{pick(kPatterns)}};
    }
    policy::Port port() {
        static constexpr std::uint16_t kFirst[] = {0, 80, 443, 8080};
        static constexpr std::uint16_t kLast[] = {79, 80, 8081, 65535};
        policy::Port out{pick(kProtocols), pick(kFirst), pick(kLast), {}};
        if (chance(40)) out.name = pick(kPorts);
        return out;
    }
    std::vector<policy::Rule> rules(bool egress, bool ordered) {
        std::vector<policy::Rule> out;
        for (std::uint32_t i = below(4); i > 0; --i) {
            policy::Rule one;
            static constexpr base::Action kActions[] = {base::Action::Allow, base::Action::Deny,
                                                        base::Action::Pass};
            if (ordered) one.action = pick(kActions);
            one.any_peer = chance(20);
            for (std::uint32_t p = below(4); p > 0; --p) one.peers.push_back(peer(egress));
            for (std::uint32_t p = below(3); p > 0; --p) one.ports.push_back(port());
            out.push_back(std::move(one));
        }
        return out;
    }
    void set_policy() {
        policy::Policy policy;
        const std::string name = "n" + std::to_string(below(4));
        if (chance(50)) {
            policy =
                network_policy(pick(kSpaces), name, {}, rules(false, false), rules(true, false));
            policy.subject.pods = selector();
            policy.isolates_ingress = chance(60);
            policy.isolates_egress = chance(60);
        } else {
            const auto tier = chance(50) ? base::kTierAdmin : base::kTierBaseline;
            policy = cluster_policy(tier, static_cast<std::int32_t>(below(3)), name, pods(),
                                    rules(false, true), rules(true, true));
        }
        const std::string path = policy.path();
        std::erase_if(world.policies, [&](const auto& old) { return old.path() == path; });
        world.policies.push_back(std::move(policy));
        changes.policies.push_back(path);
    }
    void drop_policy() {
        if (world.policies.empty()) return;
        const auto which = below(static_cast<std::uint32_t>(world.policies.size()));
        changes.policies.push_back(world.policies[which].path());
        world.policies.erase(world.policies.begin() + which);
    }

    std::mt19937 engine_;
};

}  // namespace tierwall::compile
