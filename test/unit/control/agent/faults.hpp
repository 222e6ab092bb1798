// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// kFaults: everything that may be wrong with a snapshot, each put into a good one by itself.
///
/// Threads: immutable.
/// Memory:  small.
/// Cost:    none.

#include "control/agent/decode.hpp"
#include "dataplane/base/result.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tierwall::agent::testing {

using base::Errc;

struct Fault {
    const char* name;
    void (*inject)(SmallSnapshot&);
    Errc code;
    const char* where;
};
inline std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

using S = SmallSnapshot;

inline void break_row(S& s, S::Row row) {
    v1::Table table = S::web_table();
    S::add(table, row);
    s.put(table);
}

inline const std::vector<Fault> kFaults{
    {"audit_of_no_tier", [](S& s) { s.audit_tier(4, 3, v1::TIER_KIND_ORDERED); }, Errc::NotFound,
     "Tier 4"},
    {"audit_of_an_audit",
     [](S& s) {
         s.audit_tier(4, 0, v1::TIER_KIND_ORDERED);
         s.audit_tier(5, 4, v1::TIER_KIND_ORDERED, "audit of audit");
     },
     Errc::Invalid, "Tier 5"},
    {"audit_of_itself", [](S& s) { s.audit_tier(4, 4, v1::TIER_KIND_ORDERED); }, Errc::Invalid,
     "Tier 4"},
    {"audit_of_another_kind", [](S& s) { s.audit_tier(4, 1, v1::TIER_KIND_ORDERED); },
     Errc::Invalid, "Tier 4"},
    {"two_audits_of_one_tier",
     [](S& s) {
         s.audit_tier(4, 0, v1::TIER_KIND_ORDERED);
         s.audit_tier(5, 0, v1::TIER_KIND_ORDERED, "again");
     },
     Errc::Duplicate, "Tier 5"},
    {"policy_of_an_audit_tier",
     [](S& s) {
         s.audit_tier(4, 0, v1::TIER_KIND_ORDERED);
         s.policy(77, 4, "ClusterNetworkPolicy/odd");
     },
     Errc::Invalid, "Policy 77"},
    {"rows_of_a_tier_that_is_not_audited_there",
     [](S& s) {
         s.audit_tier(4, 0, v1::TIER_KIND_ORDERED);
         v1::Table table = S::floor_table();
         table.set_tier(4);
         s.put(table);
     },
     Errc::Invalid, "Table 4/egress/0"},
    {"key_of_another_resource",
     [](S& s) { s.put(v1::RESOURCE_TYPE_NODE, proto::number_key({9}), v1::Node()); }, Errc::Invalid,
     "Node 9"},
    {"key_too_short",
     [](S& s) { s.put(v1::RESOURCE_TYPE_RULE, "x", S::rule_body(5, 10, v1::DIRECTION_EGRESS)); },
     Errc::Invalid, "Rule"},
    {"key_with_more",
     [](S& s) {
         s.put(v1::RESOURCE_TYPE_POLICY, proto::number_key({5, 0}), S::policy_body(5, 1, "p"));
     },
     Errc::Invalid, "Policy 5/0"},
    {"bytes_that_are_no_message",
     [](S& s) {
         s.resources.put(proto::Key{v1::RESOURCE_TYPE_RULE, proto::number_key({7})},
                         std::string("\xff\xff\xff", 3));
     },
     Errc::Invalid, "Rule 7"},
    {"unknown_field",
     [](S& s) {
         std::string body = S::rule_body(7, 10, v1::DIRECTION_EGRESS).SerializeAsString();
         body += std::string("\xf8\x07\x01", 3);  // field 127
         s.resources.put(proto::Key{v1::RESOURCE_TYPE_RULE, proto::number_key({7})}, body);
     },
     Errc::NotSupported, "Rule 7"},
    {"unknown_field_in_a_group",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)
             ->GetReflection()
             ->MutableUnknownFields(table.mutable_groups(0))
             ->AddVarint(99, 1);
         s.put(table);
     },
     Errc::NotSupported, "Table 1/2/0"},
    {"unknown_type", [](S& s) { s.put(static_cast<v1::ResourceType>(77), "k", v1::Node()); },
     Errc::NotSupported, "Resource"},
    {"tier_number_too_large", [](S& s) { s.tier(base::kTiersMax, "Late", v1::TIER_KIND_ORDERED); },
     Errc::TooMany, "Tier 8"},
    {"tier_kind_unspecified", [](S& s) { s.tier(3, "Odd", v1::TIER_KIND_UNSPECIFIED); },
     Errc::NotSupported, "Tier 3"},
    {"tier_name_twice", [](S& s) { s.tier(3, "Admin", v1::TIER_KIND_ORDERED); }, Errc::Duplicate,
     "Tier 3"},
    {"tier_name_empty", [](S& s) { s.tier(3, "", v1::TIER_KIND_ORDERED); }, Errc::Required,
     "Tier 3"},
    {"node_number_0", [](S& s) { s.node(0, "n0"); }, Errc::Invalid, "Node 0"},
    {"node_name_twice", [](S& s) { s.node(3, "n1"); }, Errc::Duplicate, "Node 3"},
    {"node_name_too_long", [](S& s) { s.node(3, std::string(kNameBytesMax + 1, 'n')); },
     Errc::TooLong, "Node 3"},
    {"ip_of_4_bytes",
     [](S& s) {
         v1::Address body = S::address_body("10.0.0.9", 1, 1, "a/b");
         body.set_ip("\x0a\x01\x01\x01");
         s.put(body);
     },
     Errc::Invalid, "Address"},
    {"ip_of_another_key",
     [](S& s) {
         s.put(v1::RESOURCE_TYPE_ADDRESS, proto::address_key(sixteen("10.0.0.8")),
               S::address_body("10.0.0.9", 1, 1, "a/b"));
     },
     Errc::Invalid, "Address 10.0.0.8"},
    {"identity_above_the_limit", [](S& s) { s.pod("10.0.0.9", kIdentitiesMax, 1, "a/b"); },
     Errc::Limit, "Address 10.0.0.9"},
    {"address_kind_unspecified",
     [](S& s) {
         v1::Address body = S::address_body("10.0.0.9", 1, 1, "a/b");
         body.set_kind(v1::ADDRESS_KIND_UNSPECIFIED);
         s.put(body);
     },
     Errc::NotSupported, "Address 10.0.0.9"},
    {"address_name_too_long",
     [](S& s) { s.pod("10.0.0.9", 1, 1, std::string(kNameBytesMax + 1, 'p')); }, Errc::TooLong,
     "Address 10.0.0.9"},
    {"node_of_an_address_unknown", [](S& s) { s.pod("10.0.0.9", 1, 77, "a/b"); }, Errc::NotFound,
     "Address 10.0.0.9"},
    {"prefix_with_host_bits",
     [](S& s) {
         v1::Prefix body;
         body.set_ip(sixteen("10.0.0.1"));
         body.set_length(104);
         s.put(body);
     },
     Errc::Invalid, "Prefix 10.0.0.1"},
    {"prefix_too_long",
     [](S& s) {
         v1::Prefix body;
         body.set_ip(sixteen("10.0.0.1"));
         body.set_length(129);
         s.put(body);
     },
     Errc::Invalid, "Prefix 10.0.0.1"},
    {"mapped_prefix_below_96",
     [](S& s) {
         v1::Prefix body;
         body.set_ip(sixteen("0.0.0.0"));
         body.set_length(95);
         s.put(body);
     },
     Errc::Invalid, "Prefix 0.0.0.0"},
    {"prefix_identity_above_the_limit", [](S& s) { s.prefix("10.0.0.0/8", kIdentitiesMax); },
     Errc::Limit, "Prefix 10.0.0.0"},
    {"policy_number_0", [](S& s) { s.policy(0, 1, "p"); }, Errc::Invalid, "Policy 0"},
    {"policy_of_an_unknown_tier", [](S& s) { s.policy(50, 5, "p"); }, Errc::NotFound, "Policy 50"},
    {"policy_path_too_long", [](S& s) { s.policy(50, 1, std::string(kNameBytesMax + 1, 'p')); },
     Errc::TooLong, "Policy 50"},
    {"policy_path_empty", [](S& s) { s.policy(50, 1, ""); }, Errc::Required, "Policy 50"},
    {"rule_number_0", [](S& s) { s.rule(0, 10, v1::DIRECTION_EGRESS, v1::ACTION_ALLOW); },
     Errc::Invalid, "Rule 0"},
    {"rule_of_an_unknown_policy",
     [](S& s) { s.rule(500, 99, v1::DIRECTION_EGRESS, v1::ACTION_ALLOW); }, Errc::NotFound,
     "Rule 500"},
    {"rule_without_direction",
     [](S& s) { s.rule(500, 11, v1::DIRECTION_UNSPECIFIED, v1::ACTION_ALLOW); }, Errc::Invalid,
     "Rule 500"},
    {"rule_without_action",
     [](S& s) { s.rule(500, 11, v1::DIRECTION_EGRESS, v1::ACTION_UNSPECIFIED); },
     Errc::NotSupported, "Rule 500"},
    {"rule_action_unknown",
     [](S& s) { s.rule(500, 11, v1::DIRECTION_EGRESS, static_cast<v1::Action>(9)); },
     Errc::NotSupported, "Rule 500"},
    {"rule_that_denies_in_an_isolating_tier",
     [](S& s) { s.rule(500, 10, v1::DIRECTION_INGRESS, v1::ACTION_DENY); }, Errc::Invalid,
     "Rule 500"},
    {"isolation_in_an_ordered_tier",
     [](S& s) {
         v1::Rule rule = S::rule_body(500, 11, v1::DIRECTION_EGRESS);
         rule.set_isolation(true);
         s.put(rule);
     },
     Errc::Invalid, "Rule 500"},
    {"isolation_that_allows",
     [](S& s) {
         v1::Rule rule = S::rule_body(500, 10, v1::DIRECTION_INGRESS);
         rule.set_isolation(true);
         rule.set_action(v1::ACTION_ALLOW);
         s.put(rule);
     },
     Errc::Invalid, "Rule 500"},
    {"table_of_an_unknown_tier", [](S& s) { s.put(S::table(6, v1::DIRECTION_EGRESS, 10, 0)); },
     Errc::NotFound, "Table 6/egress/0"},
    {"table_without_direction", [](S& s) { s.put(S::table(0, v1::DIRECTION_UNSPECIFIED, 11, 0)); },
     Errc::Invalid, "Table 0/0/0"},
    {"table_number_too_large",
     [](S& s) {
         v1::Table table = S::table(0, v1::DIRECTION_EGRESS, 11, 0);
         table.set_number(kTableNumberMax + 1);
         s.put(table);
     },
     Errc::Limit, "Table 0/1/65535"},
    {"group_0",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->set_number(0);
         s.put(table);
     },
     Errc::Invalid, "Table 1/2/0"},
    {"group_65536",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->set_number(65536);
         s.put(table);
     },
     Errc::Invalid, "Table 1/2/0"},
    {"group_twice",
     [](S& s) {
         v1::Table table = S::web_table();
         *table.add_groups() = table.groups(0);
         s.put(table);
     },
     Errc::Duplicate, "Table 1/2/0"},
    {"group_with_unknown_policy",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->add_policy(99);
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"group_with_a_policy_of_another_tier",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->add_policy(kGuard);
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"isolating_group_without_isolation_rule",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->set_isolation_rule(0);
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"open_group_of_an_audited_and_an_enforced_policy",
     [](S& s) {
         s.audit_web();
         s.policy(50, 1, "NetworkPolicy/shop/other");
         v1::Table table = S::open_web_table();
         table.mutable_groups(0)->add_policy(50);
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"open_group_of_nobody",
     [](S& s) {
         s.audit_web();
         v1::Table table = S::open_web_table();
         table.mutable_groups(0)->clear_policy();
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"open_group_in_a_tier_of_what_would_be",
     [](S& s) {
         s.audit_web();
         v1::Table table = S::open_web_table();
         table.set_tier(5);
         s.put(table);
     },
     Errc::Invalid, "Table 5/ingress/0"},
    {"isolation_rule_that_is_none",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_groups(0)->set_isolation_rule(kAllowDb);
         s.put(table);
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"isolation_rule_in_an_ordered_tier",
     [](S& s) {
         v1::Table table = S::guard_table();
         table.mutable_groups(0)->set_isolation_rule(kIsolation);
         s.put(table);
     },
     Errc::Invalid, "Table 0/egress/0"},
    {"columns_differ",
     [](S& s) {
         v1::Table table = S::web_table();
         table.mutable_rows()->add_protocol(6);
         s.put(table);
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_of_an_unknown_group",
     [](S& s) {
         break_row(s, {2, 0, 6, 1, 1, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::NotFound, "Table 1/2/0"},
    {"row_group_65537",
     [](S& s) {
         break_row(s, {65537, 0, 6, 1, 1, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::NotFound, "Table 1/2/0"},
    {"row_class_above_any",
     [](S& s) {
         break_row(s, {1, 65537, 6, 1, 1, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_protocol_above_any",
     [](S& s) {
         break_row(s, {1, 0, 257, 1, 1, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_ports_reversed",
     [](S& s) {
         break_row(s, {1, 0, 6, 2, 1, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_port_above_65535",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 65536, v1::ACTION_ALLOW, kAllowDb});
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_without_action",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_UNSPECIFIED, kAllowDb});
     },
     Errc::NotSupported, "Table 1/2/0"},
    {"row_that_denies_in_an_isolating_tier",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_DENY, kAllowDb});
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"row_that_passes_in_an_isolating_tier",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_PASS, kAllowDb});
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"row_rule_0",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_ALLOW, 0});
     },
     Errc::Invalid, "Table 1/2/0"},
    {"row_of_an_unknown_rule",
     [](S& s) {
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_ALLOW, 9999});
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"row_of_a_rule_of_another_tier",
     [](S& s) {
         s.rule(500, kGuard, v1::DIRECTION_INGRESS, v1::ACTION_ALLOW);
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_ALLOW, 500});
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"row_of_a_rule_of_the_other_direction",
     [](S& s) {
         s.rule(500, kWebPolicy, v1::DIRECTION_EGRESS, v1::ACTION_ALLOW);
         break_row(s, {1, 0, 6, 1, 1, v1::ACTION_ALLOW, 500});
     },
     Errc::Invalid, "Table 1/ingress/0"},
    {"membership_without_table",
     [](S& s) {
         s.put(S::members(0, v1::DIRECTION_INGRESS, {{1, 1}}, {}));
     },
     Errc::NotFound, "Membership 0/ingress/0"},
    {"member_of_an_unknown_group",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {{1, 2}}, {}));
     },
     Errc::NotFound, "Membership 1/ingress/0"},
    {"member_of_group_0",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {{1, 0}}, {}));
     },
     Errc::Invalid, "Membership 1/2/0"},
    {"member_of_group_65537",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {{1, 65537}}, {}));
     },
     Errc::Invalid, "Membership 1/2/0"},
    {"class_65536",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {}, {{1, 65536}}));
     },
     Errc::Invalid, "Membership 1/2/0"},
    {"identities_do_not_ascend",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {}, {{2, 1}, {2, 1}}));
     },
     Errc::Invalid, "Membership 1/2/0"},
    {"member_identity_above_the_limit",
     [](S& s) {
         s.put(S::members(1, v1::DIRECTION_INGRESS, {{kIdentitiesMax, 1}}, {}));
     },
     Errc::Limit, "Membership 1/2/0"},
    {"membership_columns_differ",
     [](S& s) {
         v1::Membership members = S::web_members();
         members.add_group(1);
         s.put(members);
     },
     Errc::Invalid, "Membership 1/2/0"},
    {"identity_in_two_tables",
     [](S& s) {
         v1::Table table = S::guard_table();
         table.set_number(3);
         s.put(table);
         v1::Membership members = S::members(0, v1::DIRECTION_EGRESS, {{kWeb, 1}}, {});
         members.set_table(3);
         s.put(members);
     },
     Errc::Duplicate, "Membership 0/egress/3"},
    {"policy_gone_but_its_rule_stays", [](S& s) { s.erase(v1::RESOURCE_TYPE_POLICY, {kGuard}); },
     Errc::NotFound, "Rule 110"},
    {"rule_gone_but_its_row_stays", [](S& s) { s.erase(v1::RESOURCE_TYPE_RULE, {kNoSsh}); },
     Errc::Invalid, "Table 0/egress/0"},
    {"tier_gone_but_its_policy_stays", [](S& s) { s.erase(v1::RESOURCE_TYPE_TIER, {2}); },
     Errc::NotFound, "Policy 12"},
    {"node_gone_but_its_address_stays", [](S& s) { s.erase(v1::RESOURCE_TYPE_NODE, {2}); },
     Errc::NotFound, "Address 10.0.0.2"},
    {"table_gone_but_its_membership_stays",
     [](S& s) {
         s.erase(v1::RESOURCE_TYPE_TABLE, {1, 2, 0});
     },
     Errc::NotFound, "Membership 1/ingress/0"},
    {"tier_turns_isolating_over_rows_that_deny",
     [](S& s) { s.tier(0, "Admin", v1::TIER_KIND_ISOLATING); }, Errc::Invalid, "Rule 110"},
};

}  // namespace tierwall::agent::testing
