// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SmallSnapshot: a valid snapshot of a small cluster, which tests bend and break.
///
/// Tier 1 isolates web pods inwards and lets db reach tcp/80; tier 0 forbids web tcp/22 outwards;
/// tier 2 forbids db everything outwards to 192.168.0.0/16.
///
/// Threads: one test.
/// Memory:  small.
/// Cost:    none worth mentioning.

#include "dataplane/base/address.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::agent::testing {

inline constexpr std::uint32_t kWeb = 1;
inline constexpr std::uint32_t kDb = 2;
inline constexpr std::uint32_t kNodes = 3;
inline constexpr std::uint32_t kOffice = 4;
inline constexpr std::uint32_t kCache = 5;

inline constexpr std::uint32_t kWebPolicy = 10;
inline constexpr std::uint32_t kGuard = 11;
inline constexpr std::uint32_t kFloor = 12;

inline constexpr std::uint32_t kAllowDb = 100;
inline constexpr std::uint32_t kIsolation = 101;
inline constexpr std::uint32_t kNoSsh = 110;
inline constexpr std::uint32_t kNoOffice = 120;

inline std::string sixteen(const std::string& text) {
    const base::Address address = *base::parse_address(text);
    return {reinterpret_cast<const char*>(address.bytes.data()), 16};
}

struct SmallSnapshot {
    proto::ResourceSet resources;

    SmallSnapshot() {
        tier(0, "Admin", v1::TIER_KIND_ORDERED);
        tier(1, "NetworkPolicy", v1::TIER_KIND_ISOLATING);
        tier(2, "Baseline", v1::TIER_KIND_ORDERED);
        node(1, "n1");
        node(2, "n2");
        pod("10.0.0.1", kWeb, 1, "shop/web-0");
        pod("10.0.0.2", kWeb, 2, "shop/web-1");
        pod("fd00::1", kWeb, 1, "shop/web-0");
        pod("10.0.0.3", kDb, 1, "shop/db-0");
        node_address("172.16.0.1", 1, "n1");
        node_address("172.16.0.2", 2, "n2");
        prefix("192.168.0.0/16", kOffice);
        service("10.96.0.0/12");
        policy(kWebPolicy, 1, "NetworkPolicy/shop/web");
        policy(kGuard, 0, "ClusterNetworkPolicy/guard");
        policy(kFloor, 2, "ClusterNetworkPolicy/floor");
        rule(kAllowDb, kWebPolicy, v1::DIRECTION_INGRESS, v1::ACTION_ALLOW);
        v1::Rule isolation = rule_body(kIsolation, kWebPolicy, v1::DIRECTION_INGRESS);
        isolation.set_action(v1::ACTION_DENY);
        isolation.set_isolation(true);
        put(isolation);
        rule(kNoSsh, kGuard, v1::DIRECTION_EGRESS, v1::ACTION_DENY);
        rule(kNoOffice, kFloor, v1::DIRECTION_EGRESS, v1::ACTION_DENY);
        put(web_table());
        put(web_members());
        put(guard_table());
        put(members(0, v1::DIRECTION_EGRESS, {{kWeb, 1}}, {}));
        put(floor_table());
        put(members(2, v1::DIRECTION_EGRESS, {{kDb, 1}}, {{kOffice, 7}}));
    }

    using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

    struct Row {
        std::uint32_t group, peer_class, protocol, first, last;
        v1::Action action;
        std::uint32_t rule;
    };

    static void add(v1::Table& table, const Row& row) {
        v1::Rows& rows = *table.mutable_rows();
        rows.add_group(row.group);
        rows.add_peer_class(row.peer_class);
        rows.add_protocol(row.protocol);
        rows.add_port_first(row.first);
        rows.add_port_last(row.last);
        rows.add_action(row.action);
        rows.add_rule(row.rule);
    }

    static v1::Table table(std::uint32_t tier, v1::Direction direction, std::uint32_t policy,
                           std::uint32_t isolation) {
        v1::Table table;
        table.set_tier(tier);
        table.set_direction(direction);
        v1::Group& group = *table.add_groups();
        group.set_number(1);
        group.add_policy(policy);
        group.set_isolation_rule(isolation);
        return table;
    }

    static v1::Table web_table(std::uint32_t port = 80) {
        v1::Table out = table(1, v1::DIRECTION_INGRESS, kWebPolicy, kIsolation);
        add(out, {1, 7, 6, port, port, v1::ACTION_ALLOW, kAllowDb});
        return out;
    }
    /// As it is while web is audited: it allows, and isolates nobody.
    static v1::Table open_web_table(std::uint32_t port = 80) {
        v1::Table out = web_table(port);
        out.mutable_groups(0)->set_isolation_rule(0);
        return out;
    }
    static v1::Table guard_table() {
        v1::Table out = table(0, v1::DIRECTION_EGRESS, kGuard, 0);
        add(out, {1, 65536, 6, 22, 22, v1::ACTION_DENY, kNoSsh});
        return out;
    }
    static v1::Table floor_table() {
        v1::Table out = table(2, v1::DIRECTION_EGRESS, kFloor, 0);
        add(out, {1, 7, 256, 0, 65535, v1::ACTION_DENY, kNoOffice});
        return out;
    }

    static v1::Membership web_members() {
        return members(1, v1::DIRECTION_INGRESS, {{kWeb, 1}}, {{kDb, 7}});
    }
    static v1::Membership members(std::uint32_t tier, v1::Direction direction, const Pairs& groups,
                                  const Pairs& classes) {
        v1::Membership out;
        out.set_tier(tier);
        out.set_direction(direction);
        for (const auto& [identity, group] : groups) {
            out.add_group_identity(identity);
            out.add_group(group);
        }
        for (const auto& [identity, number] : classes) {
            out.add_class_identity(identity);
            out.add_peer_class(number);
        }
        return out;
    }

    template <typename Message>
    void put(v1::ResourceType type, const std::string& key, const Message& body) {
        resources.put(proto::Key{type, key}, body.SerializeAsString());
    }
    void put(const v1::Table& body) { put(body, body.number()); }
    void put(const v1::Table& body, std::uint32_t number) {
        put(v1::RESOURCE_TYPE_TABLE, key(body.tier(), body.direction(), number), body);
    }
    void put(const v1::Membership& body) {
        put(v1::RESOURCE_TYPE_MEMBERSHIP, key(body.tier(), body.direction(), body.table()), body);
    }
    void put(const v1::Rule& body) {
        put(v1::RESOURCE_TYPE_RULE, proto::number_key({body.number()}), body);
    }
    void erase(v1::ResourceType type, std::initializer_list<std::uint32_t> numbers) {
        resources.erase(proto::Key{type, proto::number_key(numbers)});
    }
    void erase_address(const std::string& ip) {
        resources.erase(proto::Key{v1::RESOURCE_TYPE_ADDRESS, proto::address_key(sixteen(ip))});
    }

    static std::string key(std::uint32_t tier, v1::Direction direction, std::uint32_t number) {
        return proto::number_key({tier, static_cast<std::uint32_t>(direction), number});
    }

    void tier(std::uint32_t number, const std::string& name, v1::TierKind kind) {
        v1::Tier out;
        out.set_number(number);
        out.set_name(name);
        out.set_kind(kind);
        put(v1::RESOURCE_TYPE_TIER, proto::number_key({number}), out);
    }
    /// A tier that holds what the enforced one would be if audited policies were enforced.
    void audit_tier(std::uint32_t number, std::uint32_t audits, v1::TierKind kind,
                    const std::string& name = "audited") {
        v1::Tier out;
        out.set_number(number);
        out.set_name(name);
        out.set_kind(kind);
        out.set_audits(audits);
        put(v1::RESOURCE_TYPE_TIER, proto::number_key({number}), out);
    }
    /// NetworkPolicy/shop/web is audited: it only allows, and its whole table is there for those
    /// who ask what would be.
    void audit_web() {
        v1::Policy web = policy_body(kWebPolicy, 1, "NetworkPolicy/shop/web");
        web.set_audit(true);
        put(v1::RESOURCE_TYPE_POLICY, proto::number_key({kWebPolicy}), web);
        put(open_web_table());
        audit_tier(5, 1, v1::TIER_KIND_ISOLATING);
        v1::Table table = web_table();
        table.set_tier(5);
        put(table);
        v1::Membership members = web_members();
        members.set_tier(5);
        put(members);
    }
    void node(std::uint32_t number, const std::string& name) {
        v1::Node out;
        out.set_number(number);
        out.set_name(name);
        put(v1::RESOURCE_TYPE_NODE, proto::number_key({number}), out);
    }
    static v1::Address address_body(const std::string& ip, std::uint32_t identity,
                                    std::uint32_t node, const std::string& name) {
        v1::Address out;
        out.set_ip(sixteen(ip));
        out.set_identity(identity);
        out.set_node(node);
        out.set_kind(v1::ADDRESS_KIND_POD);
        out.set_name(name);
        return out;
    }
    void put(const v1::Address& body) {
        put(v1::RESOURCE_TYPE_ADDRESS, proto::address_key(body.ip()), body);
    }
    void pod(const std::string& ip, std::uint32_t identity, std::uint32_t node,
             const std::string& name) {
        put(address_body(ip, identity, node, name));
    }
    void node_address(const std::string& ip, std::uint32_t node, const std::string& name) {
        v1::Address out = address_body(ip, kNodes, node, name);
        out.set_kind(v1::ADDRESS_KIND_NODE);
        put(out);
    }
    void prefix(const std::string& cidr, std::uint32_t identity) {
        const base::Prefix block = *base::parse_prefix(cidr);
        v1::Prefix out;
        out.set_ip(sixteen(base::text(block.address)));
        out.set_length(block.mapped_length());
        out.set_identity(identity);
        put(out);
    }
    void put(const v1::Prefix& body) {
        put(v1::RESOURCE_TYPE_PREFIX,
            proto::address_key(body.ip(), static_cast<int>(body.length())), body);
    }
    void service(const std::string& cidr) {
        const base::Prefix block = *base::parse_prefix(cidr);
        v1::ServicePrefix out;
        out.set_ip(sixteen(base::text(block.address)));
        out.set_length(block.mapped_length());
        put(v1::RESOURCE_TYPE_SERVICE_PREFIX,
            proto::address_key(out.ip(), static_cast<int>(out.length())), out);
    }
    static v1::Policy policy_body(std::uint32_t number, std::uint32_t tier,
                                  const std::string& path) {
        v1::Policy out;
        out.set_number(number);
        out.set_tier(tier);
        out.set_path(path);
        return out;
    }
    void policy(std::uint32_t number, std::uint32_t tier, const std::string& path) {
        put(v1::RESOURCE_TYPE_POLICY, proto::number_key({number}), policy_body(number, tier, path));
    }
    static v1::Rule rule_body(std::uint32_t number, std::uint32_t policy, v1::Direction direction) {
        v1::Rule out;
        out.set_number(number);
        out.set_policy(policy);
        out.set_direction(direction);
        return out;
    }
    void rule(std::uint32_t number, std::uint32_t policy, v1::Direction direction,
              v1::Action action) {
        v1::Rule out = rule_body(number, policy, direction);
        out.set_action(action);
        put(out);
    }
};

}  // namespace tierwall::agent::testing
