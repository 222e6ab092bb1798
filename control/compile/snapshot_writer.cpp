// SPDX-License-Identifier: Apache-2.0
#include "control/compile/snapshot_writer.hpp"

#include "control/compile/message_enum.hpp"

#include <algorithm>
#include <vector>

namespace tierwall::compile {
namespace {

std::string bytes_of(const base::Address& address) {
    return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

proto::Key key_of(v1::ResourceType type, std::uint32_t number) {
    return {type, proto::number_key({number})};
}

proto::Key key_of(const base::Address& address) {
    return {v1::RESOURCE_TYPE_ADDRESS, proto::address_key(bytes_of(address))};
}

proto::Key key_of(v1::ResourceType type, const base::Prefix& prefix) {
    return {type, proto::address_key(bytes_of(prefix.address), prefix.mapped_length())};
}

proto::Key key_of(v1::ResourceType type, const Side& side, std::uint32_t table) {
    const auto direction = static_cast<std::uint32_t>(direction_of(side.direction));
    return {type, proto::number_key({tier_number(side), direction, table})};
}

/// Numbers of a policy's rules and isolation rules.
std::vector<std::uint32_t> rule_numbers(const CompiledPolicy& policy) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t direction = 0; direction < kDirections; ++direction) {
        for (const CompiledRule& rule : policy.rules[direction]) numbers.push_back(rule.number);
        const std::uint32_t isolation = policy.isolation_rule[direction];
        if (isolation != 0) numbers.push_back(isolation);
    }
    return numbers;
}

}  // namespace

void SnapshotWriter::put_tier(std::uint16_t tier, View view) {
    v1::Tier out;
    out.set_number(tier_number({tier, base::Direction::Egress, view}));
    out.set_name(base::tier_name(tier));
    if (view == View::Audit) {
        out.mutable_name()->append(" with audited denials");
        out.set_audits(tier);
    }
    out.set_kind(tier == base::kTierNetworkPolicy ? v1::TIER_KIND_ISOLATING
                                                  : v1::TIER_KIND_ORDERED);
    resources_.put(key_of(v1::RESOURCE_TYPE_TIER, out.number()), out.SerializeAsString());
}

void SnapshotWriter::erase_tier(std::uint16_t tier, View view) {
    const std::uint16_t number = tier_number({tier, base::Direction::Egress, view});
    resources_.erase(key_of(v1::RESOURCE_TYPE_TIER, number));
}

void SnapshotWriter::put_node(std::uint32_t number, const std::string& name) {
    v1::Node node;
    node.set_number(number);
    node.set_name(name);
    resources_.put(key_of(v1::RESOURCE_TYPE_NODE, number), node.SerializeAsString());
}

void SnapshotWriter::erase_node(std::uint32_t number) {
    resources_.erase(key_of(v1::RESOURCE_TYPE_NODE, number));
}

void SnapshotWriter::put_address(const base::Address& address,
                                 const resolve::AddressBook::Entry& entry,
                                 resolve::IdentityNumber identity) {
    v1::Address out;
    out.set_ip(bytes_of(address));
    out.set_identity(identity);
    out.set_node(entry.node);
    out.set_kind(entry.cell.kind == resolve::Kind::Pod ? v1::ADDRESS_KIND_POD
                                                       : v1::ADDRESS_KIND_NODE);
    out.set_name(entry.owner);
    out.set_incarnation(entry.incarnation);
    for (const std::uint32_t node : entry.nodes) out.add_nodes(node);
    out.set_one_of_several(entry.one_of_several);
    resources_.put(key_of(address), out.SerializeAsString());
}

void SnapshotWriter::erase_address(const base::Address& address) {
    resources_.erase(key_of(address));
}

void SnapshotWriter::put_prefix(const base::Prefix& prefix, resolve::IdentityNumber identity) {
    v1::Prefix out;
    out.set_ip(bytes_of(prefix.address));
    out.set_length(prefix.mapped_length());
    out.set_identity(identity);
    resources_.put(key_of(v1::RESOURCE_TYPE_PREFIX, prefix), out.SerializeAsString());
}

void SnapshotWriter::erase_prefix(const base::Prefix& prefix) {
    resources_.erase(key_of(v1::RESOURCE_TYPE_PREFIX, prefix));
}

void SnapshotWriter::set_service_prefixes(std::span<const base::Prefix> prefixes) {
    std::vector<proto::Key> old;
    resources_.for_each(v1::RESOURCE_TYPE_SERVICE_PREFIX,
                        [&old](const proto::Key& key, const std::string&) { old.push_back(key); });
    std::vector<proto::Key> now;
    for (const base::Prefix& prefix : prefixes) {
        now.push_back(key_of(v1::RESOURCE_TYPE_SERVICE_PREFIX, prefix));
        v1::ServicePrefix out;
        out.set_ip(bytes_of(prefix.address));
        out.set_length(prefix.mapped_length());
        resources_.put(now.back(), out.SerializeAsString());
    }
    for (const proto::Key& key : old) {
        if (std::find(now.begin(), now.end(), key) == now.end()) resources_.erase(key);
    }
}

void SnapshotWriter::put_rules(const CompiledPolicy& policy) {
    for (const base::Direction direction : {base::Direction::Egress, base::Direction::Ingress}) {
        const std::size_t i = index_of(direction);
        const auto& written =
            direction == base::Direction::Egress ? policy.policy->egress : policy.policy->ingress;
        v1::Rule out;
        out.set_policy(policy.number);
        out.set_direction(direction_of(direction));
        for (std::size_t place = 0; place < written.size(); ++place) {
            out.set_number(policy.rules[i][place].number);
            out.set_index(written[place].index);
            out.set_name(written[place].name);
            out.set_action(action_of(written[place].action));
            out.set_failed_closed(written[place].failed_closed);
            resources_.put(key_of(v1::RESOURCE_TYPE_RULE, out.number()), out.SerializeAsString());
        }
        if (policy.isolation_rule[i] == 0) continue;
        v1::Rule isolation;
        isolation.set_number(policy.isolation_rule[i]);
        isolation.set_policy(policy.number);
        isolation.set_direction(direction_of(direction));
        isolation.set_action(v1::ACTION_DENY);
        isolation.set_isolation(true);
        resources_.put(key_of(v1::RESOURCE_TYPE_RULE, isolation.number()),
                       isolation.SerializeAsString());
    }
}

void SnapshotWriter::put_policy(const PolicyTable::Change& change) {
    std::vector<std::uint32_t> kept;
    if (change.now != nullptr) {
        v1::Policy out;
        out.set_number(change.now->number);
        out.set_tier(change.now->policy->tier);
        out.set_path(change.now->policy->path());
        out.set_priority(change.now->policy->priority);
        out.set_audit(change.now->policy->audit);
        resources_.put(key_of(v1::RESOURCE_TYPE_POLICY, out.number()), out.SerializeAsString());
        put_rules(*change.now);
        kept = rule_numbers(*change.now);
    } else {
        resources_.erase(key_of(v1::RESOURCE_TYPE_POLICY, change.before->number));
    }
    if (change.before == nullptr) return;
    for (const std::uint32_t number : rule_numbers(*change.before)) {
        if (std::find(kept.begin(), kept.end(), number) != kept.end()) continue;
        resources_.erase(key_of(v1::RESOURCE_TYPE_RULE, number));
    }
}

void SnapshotWriter::put_table(const Side& side, std::uint32_t table, const BuiltTable& built) {
    resources_.put(key_of(v1::RESOURCE_TYPE_TABLE, side, table), built.table);
    resources_.put(key_of(v1::RESOURCE_TYPE_MEMBERSHIP, side, table), built.membership);
}

void SnapshotWriter::erase_table(const Side& side, std::uint32_t table) {
    resources_.erase(key_of(v1::RESOURCE_TYPE_TABLE, side, table));
    resources_.erase(key_of(v1::RESOURCE_TYPE_MEMBERSHIP, side, table));
}

}  // namespace tierwall::compile
