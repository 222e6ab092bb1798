// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SnapshotReader: what a snapshot says about the first packet of a connection, read slowly.
///
/// A reading of proto/snapshot.proto that shares nothing with the compiler or the dataplane: maps
/// and linear searches only. Every pod is a subject.
///
/// Threads: immutable after construction.
/// Memory:  the parsed resources.
/// Cost:    O(rows) a question.

#include "dataplane/base/address.hpp"
#include "dataplane/base/verdict.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace tierwall::support {

class SnapshotReader {
public:
    explicit SnapshotReader(const proto::ResourceSet& resources) {
        resources.for_each(
            [this](const proto::Key& key, const std::string& body) { take(key, body); });
    }

    struct Answer {
        bool allowed = true;
        std::uint16_t tier = base::kTierDefault;
        std::string policy;  ///< path; empty: no policy decided
        int index = -1;      ///< of the rule; -1: isolation or no rule
        std::string action;  ///< "allow", "deny", "reject"; of what decided
        friend bool operator==(const Answer&, const Answer&) = default;
    };

    /// One direction: the subject's policies about its peer.
    Answer judge(v1::Direction direction, const base::Address& subject, const base::Address& peer,
                 std::uint8_t protocol, std::uint16_t port) const {
        return judge({direction, false}, subject, peer, protocol, port);
    }
    /// The same, if audited policies were enforced.
    Answer would_judge(v1::Direction direction, const base::Address& subject,
                       const base::Address& peer, std::uint8_t protocol, std::uint16_t port) const {
        return judge({direction, true}, subject, peer, protocol, port);
    }

    /// Both directions.
    bool allowed(const base::Address& source, const base::Address& destination,
                 std::uint8_t protocol, std::uint16_t port) const {
        return judge(v1::DIRECTION_EGRESS, source, destination, protocol, port).allowed &&
               judge(v1::DIRECTION_INGRESS, destination, source, protocol, port).allowed;
    }

    std::uint32_t identity(const base::Address& address) const {
        if (const v1::Address* entry = find(address)) return entry->identity();
        std::uint32_t found = 0;
        int longest = -1;
        for (const v1::Prefix& prefix : prefixes_) {
            const int length = static_cast<int>(prefix.length());
            if (length > longest && holds(prefix, address)) {
                longest = length;
                found = prefix.identity();
            }
        }
        return found;
    }

    const v1::Address* find(const base::Address& address) const {
        const auto entry = addresses_.find(address);
        return entry == addresses_.end() ? nullptr : &entry->second;
    }
    /// Group of a subject: table number and group number; nothing when no policy selects it.
    std::optional<std::pair<std::uint32_t, std::uint32_t>> group(std::uint32_t tier,
                                                                 v1::Direction direction,
                                                                 std::uint32_t identity) const {
        const auto place = place_of(tier, direction, identity);
        if (!place) return std::nullopt;
        return std::pair{place->first->number(), place->second};
    }
    using TableKey = std::tuple<std::uint32_t, v1::Direction, std::uint32_t>;
    const std::map<TableKey, v1::Table>& tables() const { return tables_; }
    const std::map<TableKey, v1::Membership>& memberships() const { return memberships_; }
    const std::map<std::uint32_t, v1::Rule>& rules() const { return rules_; }
    const std::map<std::uint32_t, v1::Policy>& policies() const { return policies_; }
    const std::map<std::uint32_t, v1::Node>& nodes() const { return nodes_; }
    const std::map<base::Address, v1::Address>& addresses() const { return addresses_; }
    const std::vector<v1::Prefix>& prefixes() const { return prefixes_; }

private:
    struct How {
        v1::Direction direction;
        bool audit;  ///< as if audited policies were enforced
    };

    static bool is_of_node(const v1::Address& address, std::uint32_t node) {
        if (address.kind() != v1::ADDRESS_KIND_NODE) return false;
        if (address.node() == node) return true;
        return std::find(address.nodes().begin(), address.nodes().end(), node) !=
               address.nodes().end();
    }
    Answer judge(const How& how, const base::Address& subject, const base::Address& peer,
                 std::uint8_t protocol, std::uint16_t port) const {
        const v1::Address* own = find(subject);
        if (!is_pod(own)) return outcome(base::kTierNotSubject);
        const v1::Address* other = find(peer);
        if (is_pod(other) && other->name() == own->name()) return outcome(base::kTierSelf);
        const bool own_node = how.direction == v1::DIRECTION_INGRESS && other != nullptr &&
                              own->node() != 0 && is_of_node(*other, own->node());
        for (const auto& [number, tier] : tiers_) {
            if (tier.has_audits()) continue;
            const auto place = place_of(number, how, own->identity());
            if (!place) continue;
            const auto& [table, group] = *place;
            const int row =
                first_match(*table, group, class_of(*table, identity(peer)), protocol, port);
            if (row >= 0 && table->rows().action(row) != v1::ACTION_PASS) {
                const v1::Rule& rule = rules_.at(table->rows().rule(row));
                return decided(rule, table->rows().action(row), number);
            }
            if (tier.kind() != v1::TIER_KIND_ISOLATING) continue;
            const std::uint32_t isolation = isolation_rule(*table, group);
            if (isolation == 0) continue;
            if (own_node) return outcome(base::kTierOwnNode);
            return decided(rules_.at(isolation), v1::ACTION_DENY, number);
        }
        return outcome(base::kTierDefault);
    }

    /// Where audited tables have the subject, they stand in for the enforced ones.
    std::optional<std::pair<const v1::Table*, std::uint32_t>> place_of(
        std::uint32_t tier, const How& how, std::uint32_t identity) const {
        for (const auto& [number, other] : tiers_) {
            if (!how.audit || !other.has_audits() || other.audits() != tier) continue;
            const auto place = place_of(number, how.direction, identity);
            if (place) return place;
        }
        return place_of(tier, how.direction, identity);
    }

    static bool is_pod(const v1::Address* entry) {
        return entry != nullptr && entry->kind() == v1::ADDRESS_KIND_POD;
    }
    static base::Address address_of(const std::string& bytes) {
        return base::Address::v6(reinterpret_cast<const std::uint8_t*>(bytes.data()));
    }
    template <typename Message>
    static Message parsed(const std::string& body) {
        Message message;
        message.ParseFromString(body);
        return message;
    }
    static TableKey key_of(const v1::Table& table) {
        return {table.tier(), table.direction(), table.number()};
    }

    void take(const proto::Key& key, const std::string& body) {
        if (key.type == v1::RESOURCE_TYPE_TIER) {
            const auto tier = parsed<v1::Tier>(body);
            tiers_[static_cast<std::uint16_t>(tier.number())] = tier;
        } else if (key.type == v1::RESOURCE_TYPE_NODE) {
            const auto node = parsed<v1::Node>(body);
            nodes_[node.number()] = node;
        } else if (key.type == v1::RESOURCE_TYPE_ADDRESS) {
            const auto address = parsed<v1::Address>(body);
            addresses_[address_of(address.ip())] = address;
        } else if (key.type == v1::RESOURCE_TYPE_PREFIX) {
            prefixes_.push_back(parsed<v1::Prefix>(body));
        } else if (key.type == v1::RESOURCE_TYPE_POLICY) {
            const auto policy = parsed<v1::Policy>(body);
            policies_[policy.number()] = policy;
        } else if (key.type == v1::RESOURCE_TYPE_RULE) {
            const auto rule = parsed<v1::Rule>(body);
            rules_[rule.number()] = rule;
        } else if (key.type == v1::RESOURCE_TYPE_TABLE) {
            const auto table = parsed<v1::Table>(body);
            tables_[key_of(table)] = table;
        } else if (key.type == v1::RESOURCE_TYPE_MEMBERSHIP) {
            const auto membership = parsed<v1::Membership>(body);
            memberships_[{membership.tier(), membership.direction(), membership.table()}] =
                membership;
        }
    }

    static bool holds(const v1::Prefix& prefix, const base::Address& address) {
        const base::Address block = address_of(prefix.ip());
        const bool v4 = prefix.length() >= 96 && block.is_v4();
        if (v4 != address.is_v4()) return false;
        for (std::uint32_t bit = 0; bit < prefix.length(); ++bit) {
            const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
            if ((block.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
        }
        return true;
    }

    std::optional<std::pair<const v1::Table*, std::uint32_t>> place_of(
        std::uint32_t tier, v1::Direction direction, std::uint32_t identity) const {
        for (const auto& [key, membership] : memberships_) {
            if (std::get<0>(key) != tier || std::get<1>(key) != direction) continue;
            for (int i = 0; i < membership.group_identity_size(); ++i) {
                if (membership.group_identity(i) != identity) continue;
                return std::pair{&tables_.at(key), membership.group(i)};
            }
        }
        return std::nullopt;
    }

    std::uint32_t class_of(const v1::Table& table, std::uint32_t identity) const {
        const v1::Membership& membership = memberships_.at(key_of(table));
        for (int i = 0; i < membership.class_identity_size(); ++i) {
            if (membership.class_identity(i) == identity) return membership.peer_class(i);
        }
        return 0;
    }

    static int first_match(const v1::Table& table, std::uint32_t group, std::uint32_t peer_class,
                           std::uint8_t protocol, std::uint16_t port) {
        const v1::Rows& rows = table.rows();
        for (int i = 0; i < rows.group_size(); ++i) {
            const bool any_protocol = rows.protocol(i) == 256;
            if (rows.group(i) == group &&
                (rows.peer_class(i) == 65536 || rows.peer_class(i) == peer_class) &&
                (any_protocol || (rows.protocol(i) == protocol && rows.port_first(i) <= port &&
                                  port <= rows.port_last(i)))) {
                return i;
            }
        }
        return -1;
    }

    static std::uint32_t isolation_rule(const v1::Table& table, std::uint32_t group) {
        for (const v1::Group& candidate : table.groups()) {
            if (candidate.number() == group) return candidate.isolation_rule();
        }
        return 0;
    }

    static Answer outcome(std::uint16_t tier) { return {true, tier, {}, -1, "allow"}; }

    Answer decided(const v1::Rule& rule, std::uint32_t action, std::uint16_t tier) const {
        Answer answer;
        answer.allowed = action == v1::ACTION_ALLOW;
        answer.action = "deny";
        if (answer.allowed) answer.action = "allow";
        if (action == v1::ACTION_REJECT) answer.action = "reject";
        answer.tier = tier;
        answer.policy = policies_.at(rule.policy()).path();
        answer.index = rule.isolation() ? -1 : static_cast<int>(rule.index());
        return answer;
    }

    std::map<std::uint16_t, v1::Tier> tiers_;
    std::map<std::uint32_t, v1::Node> nodes_;
    std::map<base::Address, v1::Address> addresses_;
    std::vector<v1::Prefix> prefixes_;
    std::map<std::uint32_t, v1::Policy> policies_;
    std::map<std::uint32_t, v1::Rule> rules_;
    std::map<TableKey, v1::Table> tables_;
    std::map<TableKey, v1::Membership> memberships_;
};

}  // namespace tierwall::support
