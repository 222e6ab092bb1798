// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode.hpp"
#include "control/agent/decode_field.hpp"

#include <algorithm>
#include <array>

namespace tierwall::agent {
namespace {

using base::Errc;
using base::Error;
using Column = google::protobuf::RepeatedField<std::uint32_t>;

Error invalid(const std::string& what) { return {Errc::Invalid, {}, what}; }

base::Result<TableKey> decode_key(const proto::Key& key, std::uint32_t tier,
                                  v1::Direction direction, std::uint32_t number) {
    TW_TRY(valid, direction_of(direction));
    if (key.bytes != proto::number_key({tier, static_cast<std::uint32_t>(direction), number})) {
        return invalid("its key names another resource");
    }
    if (number > kTableNumberMax) {
        return Error{Errc::Limit, {}, "table number is above " + std::to_string(kTableNumberMax)};
    }
    return TableKey{tier, valid, number};
}

base::Status decode_groups(const v1::Table& body, TableFacts& table) {
    for (const v1::Group& group : body.groups()) {
        const std::string name = "group " + std::to_string(group.number());
        if (has_unknown_field(group)) {
            return Error{Errc::NotSupported, {}, name + " has an unknown field"};
        }
        if (group.number() == 0 || group.number() > 65535) {
            return invalid(name + " is not between 1 and 65535");
        }
        GroupFacts facts{{group.policy().begin(), group.policy().end()}, group.isolation_rule()};
        const auto number = static_cast<std::uint16_t>(group.number());
        if (!table.groups.emplace(number, std::move(facts)).second) {
            return Error{Errc::Duplicate, {}, name + " is there twice"};
        }
    }
    return base::Done{};
}

base::Result<tier::Row> decode_row(const v1::Rows& rows, int i, const TableFacts& table) {
    const std::uint32_t group = rows.group(i);
    if (group > 65535 || !table.groups.contains(static_cast<std::uint16_t>(group))) {
        return Error{Errc::NotFound, {}, "group " + std::to_string(group) + " is not in the table"};
    }
    if (rows.peer_class(i) > kAnyClass) return invalid("peer class is above 65536");
    if (rows.protocol(i) > kAnyProtocol) return invalid("protocol is above 256");
    if (rows.port_last(i) > 65535) return invalid("port is above 65535");
    if (rows.port_first(i) > rows.port_last(i)) return invalid("last port is below the first");
    if (rows.rule(i) == base::kNoRule) return invalid("rule is 0");
    TW_TRY(action, action_of(rows.action(i)));
    return tier::Row{.group = static_cast<std::uint16_t>(group),
                     .any_class = rows.peer_class(i) == kAnyClass,
                     .peer_class = static_cast<std::uint16_t>(rows.peer_class(i)),
                     .any_protocol = rows.protocol(i) == kAnyProtocol,
                     .protocol = static_cast<std::uint8_t>(rows.protocol(i)),
                     .port_first = static_cast<std::uint16_t>(rows.port_first(i)),
                     .port_last = static_cast<std::uint16_t>(rows.port_last(i)),
                     .action = action,
                     .rule = rows.rule(i)};
}

base::Status decode_rows(const v1::Rows& rows, TableFacts& table) {
    const int count = rows.group_size();
    const std::array<int, 6> sizes{rows.peer_class_size(), rows.protocol_size(),
                                   rows.port_first_size(), rows.port_last_size(),
                                   rows.action_size(),     rows.rule_size()};
    if (has_unknown_field(rows)) {
        return Error{Errc::NotSupported, {}, "rows have an unknown field"};
    }
    if (std::any_of(sizes.begin(), sizes.end(), [&](int size) { return size != count; })) {
        return invalid("columns of rows differ in length");
    }
    if (static_cast<std::size_t>(count) > tier::kRowsMax) {
        return Error{Errc::Limit, {}, "more than " + std::to_string(tier::kRowsMax) + " rows"};
    }
    table.rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        base::Result<tier::Row> row = decode_row(rows, i, table);
        if (!row.ok()) {
            row.error().what = "row " + std::to_string(i) + ": " + row.error().what;
            return std::move(row).error();
        }
        table.rows.push_back(*row);
    }
    return base::Done{};
}

struct Limits {
    const char* what;
    std::uint32_t lowest;  ///< 1 for groups, 0 for classes
};

base::Result<std::vector<Member>> decode_members(const Column& identities, const Column& values,
                                                 const Limits& limits) {
    const std::string what = limits.what;
    if (identities.size() != values.size()) return invalid(what + " columns differ in length");
    std::vector<Member> members;
    members.reserve(static_cast<std::size_t>(identities.size()));
    for (int i = 0; i < identities.size(); ++i) {
        TW_TRY(identity, check_identity(identities.Get(i)));
        if (i > 0 && identities.Get(i) <= identities.Get(i - 1)) {
            return invalid(what + " identities do not ascend");
        }
        const std::uint32_t value = values.Get(i);
        if (value < limits.lowest || value > 65535) {
            return invalid(what + " " + std::to_string(value) + " is out of range");
        }
        members.emplace_back(identities.Get(i), static_cast<std::uint16_t>(value));
    }
    return members;
}

}  // namespace

base::Result<TableFacts> decode_table(const proto::Key& key, const std::string& body) {
    v1::Table message;
    TW_TRY(parsed, parse_into(message, body));
    TW_TRY(name, decode_key(key, message.tier(), message.direction(), message.number()));
    TableFacts table;
    table.key = name;
    TW_TRY(groups, decode_groups(message, table));
    TW_TRY(rows, decode_rows(message.rows(), table));
    return table;
}

base::Result<MembershipFacts> decode_membership(const proto::Key& key, const std::string& body) {
    v1::Membership message;
    TW_TRY(parsed, parse_into(message, body));
    TW_TRY(name, decode_key(key, message.tier(), message.direction(), message.table()));
    TW_TRY(groups, decode_members(message.group_identity(), message.group(), {"group", 1}));
    TW_TRY(classes, decode_members(message.class_identity(), message.peer_class(), {"class", 0}));
    return MembershipFacts{name, std::move(groups), std::move(classes)};
}

}  // namespace tierwall::agent
