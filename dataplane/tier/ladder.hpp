// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ladder: the ordered tiers of one snapshot, and the decision they come to.
///
/// For one direction a Question names the subject's and the peer's identity; maps turn them into
/// the subject's group and the peer's class, and the group's AclTable answers. The first tier that
/// says Allow or Deny decides; Pass and silence go to the next; silence of all is the cluster
/// default, allow. An isolating tier (NetworkPolicy) is final for every subject that has a group
/// in it: no matching row means deny, except traffic from the pod's own node and, if that is
/// chosen, to it. A group of such a tier that has no isolation rule is allowed what its rows match;
/// for everything else the next tier is asked, as if the subject had no group.
///
/// Policies may be audited: what they would deny is let through and told. The tiers that are asked
/// first lack their denials; beside them stand tables that have them, with groups only for the
/// subjects for which that could matter, and would_decide() looks at these instead.
///
/// Threads: immutable after build; decide() by any worker.
/// Memory:  shares tables and maps with earlier ladders that had the same ones.
/// Cost:    per burst: one pass over each tier; questions are bucketed by table before classifying.

#include "dataplane/base/verdict.hpp"
#include "dataplane/tier/acl_table.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tierwall::tier {

enum class TierKind : std::uint8_t {
    Ordered,    ///< Admin, Baseline: first matching row; Pass and no match go to the next tier
    Isolating,  ///< NetworkPolicy: rows only allow; a group with an isolation rule is isolated
};

/// Where a subject stands in one tier and direction: table index in the upper, group in the lower
/// 16 bits. 0: no policy of this tier and direction selects it.
using GroupOf = std::vector<std::uint32_t>;
/// Peer class of each identity in one table. Identities beyond the end have class 0.
using ClassOf = std::vector<std::uint16_t>;

struct Shard {
    std::shared_ptr<const AclTable> table;  ///< null: no rows
    std::shared_ptr<const ClassOf> class_of;
    /// Indexed by group: the rule id that names the isolating policy when no row matches. kNoRule:
    /// the group is not isolated. A group without an entry is.
    std::shared_ptr<const std::vector<std::uint32_t>> isolation_rule;
};

struct DirectionTables {
    std::shared_ptr<const GroupOf> group_of;  ///< indexed by identity; beyond the end: 0
    std::vector<Shard> shards;
};

struct Tier {
    std::uint16_t number = 0;  ///< base::TierNumber
    TierKind kind = TierKind::Ordered;
    DirectionTables egress;
    DirectionTables ingress;
    // As they would be if audited policies were enforced. A subject without a group here stands as
    // it does above.
    DirectionTables audit_egress = {};
    DirectionTables audit_ingress = {};
};

struct Question {
    std::uint32_t subject = 0;  ///< identity of the pod that is judged
    std::uint32_t peer = 0;     ///< identity of the other end
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    bool own_node = false;  ///< the peer is the subject's own node
};

/// What one tier had to say, for people who ask why. A silent tier has action Pass and no rule; an
/// isolating one that denies for want of a match has its isolation rule; one that admits the own
/// node has action Allow and no rule.
struct Trace {
    std::uint16_t tier = 0;
    std::uint32_t table = 0;
    std::uint16_t group = 0;  ///< 0: no policy of this tier selects the subject
    bool matched = false;
    base::Action action = base::Action::Allow;
    std::uint32_t rule = base::kNoRule;
    std::uint32_t audit_table = 0;
    std::uint16_t audit_group = 0;  ///< 0: no audited policy would make a difference here
};

class Ladder {
public:
    /// Requires: tiers in ascending order of number, at most base::kTiersMax. `own_node_egress`:
    /// isolation admits what a pod sends to its own node, too.
    explicit Ladder(std::vector<Tier> tiers, bool own_node_egress = false);

    /// decisions[i] answers questions[i]. Requires: equal sizes, at most kBurstMax.
    void decide(base::Direction direction, std::span<const Question> questions,
                std::span<base::Decision> decisions) const noexcept;

    /// Is there anything to be audited? If not, would_decide() has nothing to add.
    bool audits(base::Direction direction) const noexcept {
        return direction == base::Direction::Egress ? audits_egress_ : audits_ingress_;
    }
    /// decisions[i] holds what decide() answered to questions[i], and becomes what it would answer
    /// if audited policies were enforced. Requires: as decide().
    /// Cost: two loads a tier for a subject that no audited policy is about.
    void would_decide(base::Direction direction, std::span<const Question> questions,
                      std::span<base::Decision> decisions) const noexcept;

    /// Every tier up to and including the one that decides. Control path.
    std::vector<Trace> trace(base::Direction direction, const Question& question) const;

    std::size_t rows() const noexcept;
    std::size_t tables() const noexcept;

private:
    /// Does isolation admit traffic with the own node in this direction? What comes in from it
    /// always: kubelet probes reach pods this way.
    bool admits_own_node(base::Direction direction) const noexcept {
        return direction == base::Direction::Ingress || own_node_egress_;
    }

    std::vector<Tier> tiers_;
    bool own_node_egress_ = false;
    bool audits_egress_ = false;
    bool audits_ingress_ = false;
};

}  // namespace tierwall::tier
