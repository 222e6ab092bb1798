// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace tierwall::lint {
namespace {

/// Rules that belong together: those of one author's intent about one subject.
struct Scope {
    std::uint16_t tier;
    base::Direction direction;
    base::Action action;
    const policy::PodSet* subject;

    friend bool operator<(const Scope& a, const Scope& b) {
        const auto rest = [](const Scope& s) { return std::tie(s.tier, s.direction, s.action); };
        if (rest(a) != rest(b)) return rest(a) < rest(b);
        return *a.subject < *b.subject;
    }
};

struct Families {
    bool named[2] = {false, false};  ///< is there any block of the family?
};

const policy::NetworkSet* networks_of(const policy::Peer& peer) {
    return std::get_if<policy::NetworkSet>(&peer);
}

/// The only family of which the rule names everything, with the peer that does.
struct CatchAll {
    base::Family family;
    std::size_t peer;
};
std::vector<CatchAll> catch_alls(const policy::Rule& rule) {
    std::vector<CatchAll> found;
    for (std::size_t i = 0; i < rule.peers.size(); ++i) {
        const auto* networks = networks_of(rule.peers[i]);
        if (networks == nullptr) continue;
        for (const base::Prefix& block : networks->cidrs) {
            if (block.length == 0) found.push_back({block.family, i});
        }
    }
    return found;
}

void note_families(const policy::Rule& rule, Families& families) {
    if (rule.any_peer) families = {{true, true}};
    for (const policy::Peer& peer : rule.peers) {
        const auto* networks = networks_of(peer);
        if (networks == nullptr) continue;
        for (const base::Prefix& block : networks->cidrs) {
            families.named[static_cast<std::size_t>(block.family)] = true;
        }
    }
}

std::string message(base::Family family, const policy::Rule& rule) {
    const bool v4 = family == base::Family::IPv4;
    const std::string named = v4 ? "0.0.0.0/0" : "::/0";
    const std::string other = v4 ? "::/0" : "0.0.0.0/0";
    const std::string left = v4 ? "IPv6" : "IPv4";
    const std::string effect = rule.action == base::Action::Deny   ? " stays open"
                               : rule.action == base::Action::Pass ? " is not passed on"
                                                                   : " is not allowed";
    return "names all of " + std::string(v4 ? "IPv4" : "IPv6") + " (" + named +
           ") and nothing of " + left + ", which" + effect + "; add " + other;
}

}  // namespace

void check_address_families(const Scene& scene, Findings& findings) {
    std::map<Scope, Families> scopes;
    const auto scope_of = [](const policy::Policy& policy, base::Direction direction,
                             const policy::Rule& rule) {
        return Scope{policy.tier, direction, rule.action, &policy.subject};
    };
    for (const policy::Policy& policy : scene.policies()) {
        for (const base::Direction direction : kBothDirections) {
            for (const policy::Rule& rule : rules_of(policy, direction)) {
                note_families(rule, scopes[scope_of(policy, direction, rule)]);
            }
        }
    }
    for (const policy::Policy& policy : scene.policies()) {
        for (const base::Direction direction : kBothDirections) {
            for (const policy::Rule& rule : rules_of(policy, direction)) {
                for (const auto& [family, peer] : catch_alls(rule)) {
                    const auto other =
                        family == base::Family::IPv4 ? base::Family::IPv6 : base::Family::IPv4;
                    const Families& seen = scopes[scope_of(policy, direction, rule)];
                    if (!scene.uses(other) || seen.named[static_cast<std::size_t>(other)]) continue;
                    add(findings, "one-address-family",
                        {policy.path(), peer_field(policy, direction, rule, peer)},
                        message(family, rule));
                    break;
                }
            }
        }
    }
}

}  // namespace tierwall::lint
