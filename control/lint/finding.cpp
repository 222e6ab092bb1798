// SPDX-License-Identifier: Apache-2.0
#include "control/lint/finding.hpp"

#include <algorithm>
#include <cassert>

namespace tierwall::lint {
namespace {

using base::Errc;

constexpr Kind kKinds[] = {
    {"priority-tie", "Two policies of one tier and priority disagree about the same traffic.",
     "The API does not say which of the two decides, so that another implementation, or another "
     "name, may turn the verdict round. Give the one that must win a lower number.",
     Errc::Duplicate},
    {"rule-shadowed", "A rule never decides, because earlier rules match all that it matches.",
     "Rules are asked in order of priority and then as written; the first that matches decides. "
     "Move the rule up, narrow the ones before it, or remove it.",
     Errc::Duplicate},
    {"one-address-family", "A rule is about every address of one family and none of the other.",
     "0.0.0.0/0 is all of IPv4 and ::/0 all of IPv6; a rule with one of them says nothing about "
     "the other, so that a Deny leaves it open and an Accept leaves it closed. Add the other "
     "block.",
     Errc::Required},
    {"dns-blocked", "Pods may send something, but no DNS query to anywhere.",
     "What is allowed is usually found by name. Allow UDP and TCP port 53 to the cluster's DNS.",
     Errc::Required},
    {"selector-matches-nothing", "A selector matches none of the objects given.",
     "Such a subject protects nobody and such a peer allows or denies nothing; often a label is "
     "misspelt or belongs to another object. Compare the labels.",
     Errc::NotFound},
    {"baseline-never-acts", "What Baseline rules match is always decided before them.",
     "Baseline rules are asked only where no NetworkPolicy isolates the pod in that direction, and "
     "no Accept or Deny of the Admin tier matches. Use the Admin tier for what must hold "
     "everywhere, or remove the rules.",
     Errc::Duplicate},
    {"named-port-unknown", "A port's name stands for nothing where the rule looks it up.",
     "A named port is looked up in the destination pod's container ports; where there is none the "
     "rule matches nothing. Name the container port so, or use its number.",
     Errc::NotFound},
    {"split-peer", "Two peers that were probably meant to be one.",
     "namespaceSelector and podSelector in one list element must both hold; in two elements each "
     "is enough. Remove the dash before the second.",
     Errc::Invalid},
    {"ignored-rules", "Rules are listed for a direction that policyTypes leaves out.",
     "They have no effect. Add the direction to policyTypes, or remove the rules.",
     Errc::Forbidden},
    {"mixed-admin-apis", "Policies of two versions of the admin policy API are used together.",
     "Nothing says in which order AdminNetworkPolicy and ClusterNetworkPolicy of one tier are "
     "asked. Use one of the two.",
     Errc::Forbidden},
    {"not-fully-checked",
     "The objects are too entangled for one of the rules to be applied to all.",
     "Every rule has a number of steps that grows with the objects, so that no manifest holds lint "
     "up; from the object named on it has not been applied, or not in full. Look at fewer objects "
     "at once, or split the policies that have thousands of rules.",
     Errc::TooMany},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

const Kind& kind(const std::string& id) {
    const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&id](const Kind& each) { return each.id == id; });
    assert(found != std::end(kKinds));
    return *found;
}

}  // namespace tierwall::lint
