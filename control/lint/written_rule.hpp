// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// WrittenRule: a rule as its author wrote it, one or more rules of the model that stand together.
///
/// Threads: one; pure.
/// Memory:  none to speak of.
/// Cost:    covering(): that of Coverage, for each part.

#include "control/lint/coverage.hpp"
#include "control/lint/rule_index.hpp"
#include "control/lint/scene.hpp"

#include <string>
#include <vector>

namespace tierwall::lint {

/// Its rules in an index: the first, and one after the last.
struct WrittenRule {
    RuleNumber first;
    RuleNumber end;
};

/// Those of a policy, in order.
std::vector<WrittenRule> written_rules(const RuleIndex& index, std::uint32_t policy);

/// Each rule that matches what one part of the rule matches, ascending; nothing if a part is left
/// something. The question's own rule is set here.
RuleNumbers covering(const Coverage& coverage, const RuleIndex& index, const WrittenRule& rule,
                     CoverageQuestion question);

/// Where a list of rules is spoken of: those of `own` without its name.
struct Speech {
    const Scene& scene;
    const RuleIndex& index;
    base::Direction direction;
    std::uint32_t own;
};
/// "spec.egress[0] (Deny), ClusterNetworkPolicy/guard spec.egress[2] (Accept) and 4 more".
std::string words_for(const Speech& speech, const RuleNumbers& rules);

}  // namespace tierwall::lint
