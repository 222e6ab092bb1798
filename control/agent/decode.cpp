// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode.hpp"

#include "control/agent/decode_field.hpp"

#include <cstring>

namespace tierwall::agent {
namespace {

using base::Errc;
using base::Error;

const char* type_name(v1::ResourceType type) {
    switch (type) {
        case v1::RESOURCE_TYPE_TIER: return "Tier";
        case v1::RESOURCE_TYPE_NODE: return "Node";
        case v1::RESOURCE_TYPE_ADDRESS: return "Address";
        case v1::RESOURCE_TYPE_PREFIX: return "Prefix";
        case v1::RESOURCE_TYPE_POLICY: return "Policy";
        case v1::RESOURCE_TYPE_RULE: return "Rule";
        case v1::RESOURCE_TYPE_TABLE: return "Table";
        case v1::RESOURCE_TYPE_MEMBERSHIP: return "Membership";
        case v1::RESOURCE_TYPE_SERVICE_PREFIX: return "ServicePrefix";
        default: return "Resource";
    }
}

base::Status check_key(const proto::Key& key, const std::string& expected) {
    if (key.bytes == expected) return base::Done{};
    return Error{Errc::Invalid, {}, "its key names another resource"};
}

base::Status check_name(const std::string& value, const char* field) {
    if (value.empty()) return Error{Errc::Required, {}, std::string(field) + " is empty"};
    if (value.size() <= kNameBytesMax) return base::Done{};
    return Error{Errc::TooLong, {}, std::string(field) + " is longer than 512 bytes"};
}

base::Status check_number(std::uint32_t number) {
    if (number != 0) return base::Done{};
    return Error{Errc::Invalid, {}, "number is 0"};
}

base::Status check_tier(std::uint32_t number) {
    if (number < base::kTiersMax) return base::Done{};
    return Error{Errc::TooMany, {}, "tier number " + std::to_string(number) + " is above 7"};
}

base::Result<base::Prefix> decode_block(const std::string& ip, std::uint32_t length) {
    if (ip.size() != 16) return Error{Errc::Invalid, {}, "ip has not 16 bytes"};
    const std::optional<base::Prefix> prefix = prefix_of(ip, length);
    if (prefix.has_value()) return *prefix;
    return Error{Errc::Invalid, {}, "no block has this address and length"};
}

}  // namespace

std::string text(const TableKey& key) {
    return std::to_string(key.tier) + "/" + base::name(key.direction) + "/" +
           std::to_string(key.number);
}

std::string place(const proto::Key& key) {
    std::string out = type_name(key.type);
    const bool has_address = key.type == v1::RESOURCE_TYPE_ADDRESS ||
                             key.type == v1::RESOURCE_TYPE_PREFIX ||
                             key.type == v1::RESOURCE_TYPE_SERVICE_PREFIX;
    if (has_address) {
        return key.bytes.size() < 16 ? out : out + " " + base::text(key_address(key));
    }
    if (key.bytes.empty() || key.bytes.size() % 4 != 0 || key.bytes.size() > 12) return out;
    char separator = ' ';
    for (const std::uint32_t number : key_numbers(key)) {
        out += separator + std::to_string(number);
        separator = '/';
    }
    return out;
}

base::Result<TierFacts> decode_tier(const proto::Key& key, const std::string& bytes) {
    v1::Tier body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(right_key, check_key(key, proto::number_key({body.number()})));
    TW_TRY(number, check_tier(body.number()));
    TW_TRY(name, check_name(body.name(), "name"));
    TierFacts tier{body.number(), body.name(), tier::TierKind::Ordered, std::nullopt};
    if (body.has_audits()) tier.audits = body.audits();
    switch (body.kind()) {
        case v1::TIER_KIND_ORDERED: return tier;
        case v1::TIER_KIND_ISOLATING: tier.kind = tier::TierKind::Isolating; return tier;
        default: return Error{Errc::NotSupported, {}, "unknown kind of tier"};
    }
}

base::Result<NodeFacts> decode_node(const proto::Key& key, const std::string& bytes) {
    v1::Node body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(right_key, check_key(key, proto::number_key({body.number()})));
    TW_TRY(number, check_number(body.number()));
    TW_TRY(name, check_name(body.name(), "name"));
    return NodeFacts{body.number(), body.name()};
}

base::Result<AddressFacts> decode_address(const proto::Key& key, const std::string& bytes) {
    v1::Address body;
    TW_TRY(parsed, parse_into(body, bytes));
    if (body.ip().size() != 16) return Error{Errc::Invalid, {}, "ip has not 16 bytes"};
    TW_TRY(right_key, check_key(key, proto::address_key(body.ip())));
    TW_TRY(identity, check_identity(body.identity()));
    TW_TRY(name, check_name(body.name(), "name"));
    if (body.kind() != v1::ADDRESS_KIND_POD && body.kind() != v1::ADDRESS_KIND_NODE) {
        return Error{Errc::NotSupported, {}, "unknown kind of address"};
    }
    AddressFacts facts{.ip = key_address(key),
                       .identity = body.identity(),
                       .node = body.node(),
                       .is_pod = body.kind() == v1::ADDRESS_KIND_POD,
                       .name = body.name(),
                       .incarnation = body.incarnation(),
                       .sharing = nullptr};
    if (body.nodes_size() != 0 || body.one_of_several()) {
        AddressSharing sharing{{body.nodes().begin(), body.nodes().end()}, body.one_of_several()};
        facts.sharing = std::make_shared<const AddressSharing>(std::move(sharing));
    }
    return facts;
}

base::Result<PrefixFacts> decode_prefix(const proto::Key& key, const std::string& bytes) {
    v1::Prefix body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(prefix, decode_block(body.ip(), body.length()));
    TW_TRY(right_key,
           check_key(key, proto::address_key(body.ip(), static_cast<int>(body.length()))));
    TW_TRY(identity, check_identity(body.identity()));
    return PrefixFacts{prefix, body.identity()};
}

base::Result<ServiceFacts> decode_service(const proto::Key& key, const std::string& bytes) {
    v1::ServicePrefix body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(prefix, decode_block(body.ip(), body.length()));
    TW_TRY(right_key,
           check_key(key, proto::address_key(body.ip(), static_cast<int>(body.length()))));
    return ServiceFacts{prefix};
}

base::Result<PolicyFacts> decode_policy(const proto::Key& key, const std::string& bytes) {
    v1::Policy body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(right_key, check_key(key, proto::number_key({body.number()})));
    TW_TRY(number, check_number(body.number()));
    TW_TRY(path, check_name(body.path(), "path"));
    return PolicyFacts{body.number(), body.tier(), body.path(), body.audit()};
}

base::Result<RuleFacts> decode_rule(const proto::Key& key, const std::string& bytes) {
    v1::Rule body;
    TW_TRY(parsed, parse_into(body, bytes));
    TW_TRY(right_key, check_key(key, proto::number_key({body.number()})));
    TW_TRY(number, check_number(body.number()));
    TW_TRY(direction, direction_of(body.direction()));
    if (body.name().size() > kNameBytesMax) {
        return Error{Errc::TooLong, {}, "name is longer than 512 bytes"};
    }
    if (body.index() > 0x7fffffff) return Error{Errc::Invalid, {}, "index is too large"};
    RuleFacts rule{.number = body.number(),
                   .policy = body.policy(),
                   .direction = direction,
                   .index = body.index(),
                   .name = body.name(),
                   .action = base::Action::Deny,
                   .isolation = body.isolation(),
                   .failed_closed = body.failed_closed()};
    // Isolation can only mean Deny, whether it says so or not.
    if (!rule.isolation || body.action() != v1::ACTION_UNSPECIFIED) {
        TW_TRY(action, action_of(static_cast<std::uint32_t>(body.action())));
        rule.action = action;
    }
    if (rule.isolation && rule.action != base::Action::Deny) {
        return Error{Errc::Invalid, {}, "isolation with an action other than Deny"};
    }
    return rule;
}

std::vector<std::uint32_t> key_numbers(const proto::Key& key) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t at = 0; at + 4 <= key.bytes.size(); at += 4) {
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            number = number << 8 | static_cast<unsigned char>(key.bytes[at + i]);
        }
        numbers.push_back(number);
    }
    return numbers;
}

TableKey table_key(const proto::Key& key) {
    const std::vector<std::uint32_t> numbers = key_numbers(key);
    if (numbers.size() != 3) return {};
    const bool egress = numbers[1] == v1::DIRECTION_EGRESS;
    return {numbers[0], egress ? base::Direction::Egress : base::Direction::Ingress, numbers[2]};
}

base::Address key_address(const proto::Key& key) {
    base::Address address;
    if (key.bytes.size() >= 16) std::memcpy(address.bytes.data(), key.bytes.data(), 16);
    return address;
}

std::optional<base::Prefix> prefix_of(const std::string& sixteen_bytes, std::uint32_t length) {
    if (sixteen_bytes.size() != 16 || length > 128) return std::nullopt;
    base::Prefix prefix;
    std::memcpy(prefix.address.bytes.data(), sixteen_bytes.data(), 16);
    // A shorter length would have host bits in the mapped form's ffff, which is refused below.
    const bool v4 = prefix.address.is_v4() && length >= 96;
    prefix.family = v4 ? base::Family::IPv4 : base::Family::IPv6;
    prefix.length = static_cast<std::uint8_t>(v4 ? length - 96 : length);
    for (std::uint32_t bit = length; bit < 128; ++bit) {
        if ((prefix.address.bytes[bit / 8] & (0x80u >> (bit % 8))) != 0) return std::nullopt;
    }
    return prefix;
}

std::optional<base::Prefix> key_prefix(const proto::Key& key) {
    const std::vector<std::uint32_t> numbers = key_numbers(key);
    if (numbers.size() != 5) return std::nullopt;
    return prefix_of(key.bytes.substr(0, 16), numbers[4]);
}

}  // namespace tierwall::agent
