// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// rule_fields: field paths, and which rule of a cluster-scoped policy one is about.
///
/// What is wrong inside a rule's peers, protocols and ports makes that rule fail closed; what is
/// wrong elsewhere concerns the whole object.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(length).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tierwall::kube {

struct RuleField {
    bool ingress = false;
    std::size_t index = 0;
    /// The rule, peer, protocol or port itself: it is empty, or has a field nobody here knows.
    bool is_element = false;
};

/// The path of one element of a list: "spec.ingress[2]".
std::string item(const std::string& list, std::size_t index);

/// Nothing for fields outside of rules, and for a rule's name and action.
std::optional<RuleField> rule_field(std::string_view field);

}  // namespace tierwall::kube
