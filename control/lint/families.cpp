// SPDX-License-Identifier: Apache-2.0
#include "control/lint/checks.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace tierwall::lint {
namespace {

/// Rules that belong together, those of one author's intent about one subject: tier, direction,
/// action and subject; and whether what audited policies deny counts, which it does for these.
using Scope = std::tuple<std::uint16_t, base::Direction, base::Action, SetNumber, bool>;

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

void check_address_families(const Work& work) {
    const Scene& scene = work.scene;
    std::map<Scope, Families> scopes;
    const auto scope_of = [&scene](std::uint32_t number, base::Direction direction,
                                   const policy::Rule& rule, bool audit) {
        const std::uint16_t tier = scene.policies()[number].tier;
        return Scope{tier, direction, rule.action, scene.subject(number), audit};
    };
    for (std::uint32_t i = 0; i < scene.policies().size(); ++i) {
        for (const base::Direction direction : kBothDirections) {
            for (const policy::Rule& rule : rules_of(scene.policies()[i], direction)) {
                work.budget.spend(1 + rule.peers.size());
                note_families(rule, scopes[scope_of(i, direction, rule, true)]);
                const bool denies = rule.action == base::Action::Deny;
                if (scene.policies()[i].audit && denies) continue;
                note_families(rule, scopes[scope_of(i, direction, rule, false)]);
            }
        }
    }
    each_policy(work, [&](std::uint32_t number) {
        const policy::Policy& policy = scene.policies()[number];
        for (const base::Direction direction : kBothDirections) {
            for (const policy::Rule& rule : rules_of(policy, direction)) {
                work.budget.spend(1 + rule.peers.size());
                const Families& seen = scopes[scope_of(number, direction, rule, policy.audit)];
                for (const auto& [family, peer] : catch_alls(rule)) {
                    const auto other =
                        family == base::Family::IPv4 ? base::Family::IPv6 : base::Family::IPv4;
                    if (!scene.uses(other) || seen.named[static_cast<std::size_t>(other)]) continue;
                    add(work.findings, work.kind,
                        {policy.path(), peer_field(policy, direction, rule, peer)},
                        message(family, rule));
                    break;
                }
            }
        }
    });
}

}  // namespace tierwall::lint
