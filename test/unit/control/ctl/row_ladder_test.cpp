// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/row_ladder.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <memory>

namespace tierwall::ctl {
namespace {

using base::Action;
using base::Direction;

constexpr std::uint32_t kPod = 1;
constexpr std::uint32_t kPeer = 2;
constexpr std::uint32_t kIsolation = 9;

/// One table in which `kPod` is group 1.
void add_table(agent::Model& model, std::uint32_t tier, std::uint32_t isolation, tier::Row row) {
    const agent::TableKey key{tier, Direction::Ingress, 0};
    row.group = 1;
    row.any_class = true;
    row.rule = tier + 1;
    agent::TableFacts table{key, {{std::uint16_t{1}, {{tier + 1}, isolation}}}, {row}};
    model.tables[key] = std::make_shared<const agent::TableFacts>(std::move(table));
    model.memberships[key] = std::make_shared<const agent::MembershipFacts>(
        agent::MembershipFacts{key, {{kPod, std::uint16_t{1}}}, {}});
}

/// A NetworkPolicy allows TCP 80, Baseline denies everything.
agent::Model model_with(std::uint32_t isolation) {
    agent::Model model;
    model.tiers[1] = {1, "NetworkPolicy", tier::TierKind::Isolating, {}};
    model.tiers[2] = {2, "Baseline", tier::TierKind::Ordered, {}};
    add_table(model, 1, isolation,
              {.protocol = 6, .port_first = 80, .port_last = 80, .action = Action::Allow});
    add_table(model, 2, base::kNoRule, {.any_protocol = true, .action = Action::Deny});
    return model;
}

base::Decision ask(const agent::Model& model, std::uint16_t port, bool own_node) {
    const std::array<tier::Question, 1> questions{{{.subject = kPod,
                                                    .peer = kPeer,
                                                    .destination_port = port,
                                                    .protocol = 6,
                                                    .own_node = own_node}}};
    std::array<base::Decision, 1> decisions;
    decided_by_rows(model)(Direction::Ingress, questions, decisions);
    return decisions[0];
}

constexpr base::Decision kByRow{Action::Allow, 0, 1, 2};
constexpr base::Decision kByBaseline{Action::Deny, 0, 2, 3};

}  // namespace

BOOST_AUTO_TEST_SUITE(row_ladder)

BOOST_AUTO_TEST_CASE(isolation_denies_what_no_row_allows_but_the_own_node) {
    const agent::Model model = model_with(kIsolation);
    BOOST_CHECK((ask(model, 80, false) == kByRow));
    BOOST_CHECK((ask(model, 81, false) == base::Decision{Action::Deny, 0, 1, kIsolation}));
    BOOST_CHECK((ask(model, 81, true) ==
                 base::Decision{Action::Allow, 0, base::kTierOwnNode, base::kNoRule}));
}

BOOST_AUTO_TEST_CASE(without_isolation_the_next_tier_is_asked_what_no_row_allows) {
    const agent::Model model = model_with(base::kNoRule);
    for (const bool own_node : {false, true}) {
        BOOST_CHECK((ask(model, 80, own_node) == kByRow));
        BOOST_CHECK((ask(model, 81, own_node) == kByBaseline));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tierwall::ctl
