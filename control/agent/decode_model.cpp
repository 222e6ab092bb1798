// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode_model.hpp"

#include "control/agent/decode_links.hpp"

#include <memory>
#include <set>

namespace tierwall::agent {

Edit::Edit(Model& target)
    : model(target),
      tiers(target.tiers),
      nodes(target.nodes),
      addresses(target.addresses),
      prefixes(target.prefixes),
      services(target.services),
      policies(target.policies),
      rules(target.rules),
      tables(target.tables),
      memberships(target.memberships) {}

void Edit::apply(const proto::Difference& difference, Problems& problems) {
    for (const proto::Key& key : difference.removals) erase(key);
    for (const auto& [key, body] : difference.upserts) {
        if (problems.full()) return;
        base::Status status = put(key, *body);
        if (status.ok()) continue;
        status.error().where = place(key);
        problems.add(std::move(status).error());
    }
}

base::Status Edit::put(const proto::Key& key, const std::string& body) {
    switch (key.type) {
        case v1::RESOURCE_TYPE_TIER: {
            TW_TRY(fact, decode_tier(key, body));
            const auto number = fact.number;
            tiers.put(number, std::move(fact));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_NODE: {
            TW_TRY(fact, decode_node(key, body));
            const auto number = fact.number;
            nodes.put(number, std::move(fact));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_ADDRESS: {
            TW_TRY(fact, decode_address(key, body));
            const auto ip = fact.ip;
            addresses.put(ip, std::move(fact));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_PREFIX: {
            TW_TRY(fact, decode_prefix(key, body));
            prefixes.put(fact.prefix, fact);
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_SERVICE_PREFIX: {
            TW_TRY(fact, decode_service(key, body));
            services.put(fact.prefix, fact);
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_POLICY: {
            TW_TRY(fact, decode_policy(key, body));
            const auto number = fact.number;
            policies.put(number, std::move(fact));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_RULE: {
            TW_TRY(fact, decode_rule(key, body));
            put_rule(std::move(fact));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_TABLE: {
            TW_TRY(fact, decode_table(key, body));
            const TableKey table = fact.key;
            tables.put(table, std::make_shared<const TableFacts>(std::move(fact)));
            return base::Done{};
        }
        case v1::RESOURCE_TYPE_MEMBERSHIP: {
            TW_TRY(fact, decode_membership(key, body));
            const auto membership = fact.key;
            memberships.put(membership, std::make_shared<const MembershipFacts>(std::move(fact)));
            return base::Done{};
        }
        default: return base::Error{base::Errc::NotSupported, {}, "unknown type of resource"};
    }
}

void Edit::erase(const proto::Key& key) {
    const auto number = [&] {
        const std::vector<std::uint32_t> numbers = key_numbers(key);
        return numbers.empty() ? 0 : numbers.front();
    };
    const auto prefix = [&] { return key_prefix(key).value_or(base::Prefix{}); };
    switch (key.type) {
        case v1::RESOURCE_TYPE_TIER: return tiers.erase(number());
        case v1::RESOURCE_TYPE_NODE: return nodes.erase(number());
        case v1::RESOURCE_TYPE_ADDRESS: return addresses.erase(key_address(key));
        case v1::RESOURCE_TYPE_PREFIX: return prefixes.erase(prefix());
        case v1::RESOURCE_TYPE_SERVICE_PREFIX: return services.erase(prefix());
        case v1::RESOURCE_TYPE_POLICY: return policies.erase(number());
        case v1::RESOURCE_TYPE_RULE: return erase_rule(number());
        case v1::RESOURCE_TYPE_TABLE: return tables.erase(table_key(key));
        case v1::RESOURCE_TYPE_MEMBERSHIP: return memberships.erase(table_key(key));
        default: return;
    }
}

void Edit::put_rule(RuleFacts fact) {
    const std::uint32_t number = fact.number;
    forget_rule(number);
    rules.put(number, std::move(fact));
    index_rule(number);
}

void Edit::erase_rule(std::uint32_t number) {
    forget_rule(number);
    rules.erase(number);
}

void Edit::index_rule(std::uint32_t number) {
    const auto rule = model.rules.find(number);
    if (rule != model.rules.end()) model.policy_rules.emplace(rule->second.policy, number);
}

void Edit::forget_rule(std::uint32_t number) {
    const auto rule = model.rules.find(number);
    if (rule != model.rules.end()) model.policy_rules.erase({rule->second.policy, number});
}

void Edit::check(Problems& problems) const { check_links(*this, problems); }

void Edit::undo() {
    tiers.undo();
    nodes.undo();
    addresses.undo();
    prefixes.undo();
    services.undo();
    policies.undo();
    const std::vector<std::uint32_t> numbers = rules.keys();
    const std::set<std::uint32_t> changed(numbers.begin(), numbers.end());
    for (const std::uint32_t number : changed) forget_rule(number);
    rules.undo();
    for (const std::uint32_t number : changed) index_rule(number);
    tables.undo();
    memberships.undo();
}

}  // namespace tierwall::agent
