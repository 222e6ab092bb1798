// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tier/acl_table.hpp"

extern "C" {
#include <rte_vect.h>
// rte_vect.h goes first: rte_acl.h expects its types.
#include <rte_acl.h>
#include <rte_errno.h>
}

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace tierwall::tier {
namespace {

/// What rte_acl reads: network byte order, the first field one byte, then groups of four bytes.
struct KeyBytes {
    std::uint8_t protocol = 0;
    std::array<std::uint8_t, 3> gap{};
    std::array<std::uint8_t, 2> group{};
    std::array<std::uint8_t, 2> peer_class{};
    std::array<std::uint8_t, 2> port{};
    std::array<std::uint8_t, 2> unused{};  ///< completes the last group of four
};
static_assert(sizeof(KeyBytes) == 12);

enum Field : std::uint8_t { kProtocol, kGroup, kClass, kPort, kUnused, kFields };

RTE_ACL_RULE_DEF(AclRule, kFields);

/// Room for the run-time structures. With a limit rte_acl first tries few, large tries, which are
/// the fastest to walk, and takes smaller ones when they do not fit.
constexpr std::size_t kContextBytesMax = std::size_t{128} << 20;

rte_acl_field_def field(Field index, std::uint8_t type, std::uint8_t input, std::size_t offset) {
    const std::uint8_t size = index == kProtocol ? 1 : 2;
    return {type, size, index, input, static_cast<std::uint32_t>(offset)};
}

rte_acl_config layout(std::size_t bytes_max) {
    rte_acl_config config{};
    config.num_categories = 1;
    config.num_fields = kFields;
    config.max_size = bytes_max;
    config.defs[0] = field(kProtocol, RTE_ACL_FIELD_TYPE_BITMASK, 0, offsetof(KeyBytes, protocol));
    config.defs[1] = field(kGroup, RTE_ACL_FIELD_TYPE_BITMASK, 1, offsetof(KeyBytes, group));
    config.defs[2] = field(kClass, RTE_ACL_FIELD_TYPE_BITMASK, 1, offsetof(KeyBytes, peer_class));
    config.defs[3] = field(kPort, RTE_ACL_FIELD_TYPE_RANGE, 2, offsetof(KeyBytes, port));
    config.defs[4] = field(kUnused, RTE_ACL_FIELD_TYPE_BITMASK, 2, offsetof(KeyBytes, unused));
    return config;
}

AclRule rule_of(const Row& row, std::size_t index, std::size_t count) {
    AclRule rule{};
    rule.data.category_mask = 1;
    // Distinct and descending: with equal priorities the winner would be undefined.
    rule.data.priority = static_cast<std::int32_t>(count - index);
    // 0 means "no match" to rte_acl, so rows count from 1 there.
    rule.data.userdata = static_cast<std::uint32_t>(index + 1);
    rule.field[kProtocol].value.u8 = row.any_protocol ? std::uint8_t{0} : row.protocol;
    rule.field[kProtocol].mask_range.u8 = row.any_protocol ? 0 : 0xff;
    rule.field[kGroup].value.u16 = row.group;
    rule.field[kGroup].mask_range.u16 = 0xffff;
    rule.field[kClass].value.u16 = row.any_class ? std::uint16_t{0} : row.peer_class;
    rule.field[kClass].mask_range.u16 = row.any_class ? 0 : 0xffff;
    rule.field[kPort].value.u16 = row.any_protocol ? std::uint16_t{0} : row.port_first;
    rule.field[kPort].mask_range.u16 = row.any_protocol ? std::uint16_t{0xffff} : row.port_last;
    return rule;
}

base::Error limit(const std::string& what) { return {base::Errc::Limit, {}, what}; }

base::Result<base::Done> check(std::span<const Row> rows) {
    if (rows.size() > kRowsMax) {
        return limit(std::to_string(rows.size()) + " rows, at most " + std::to_string(kRowsMax));
    }
    for (const Row& row : rows) {
        if (row.group == 0) return base::Error{base::Errc::Invalid, {}, "row with group 0"};
        if (row.port_last < row.port_first) {
            return base::Error{base::Errc::Invalid, {}, "row whose last port is below its first"};
        }
    }
    return base::Done{};
}

/// A built context, or null with rte_errno's value in `problem`.
rte_acl_ctx* build_context(std::span<const AclRule> rules, std::size_t bytes_max, int& problem) {
    // A name that exists already would silently give us the existing context.
    static std::atomic<std::uint64_t> names{0};
    std::array<char, RTE_ACL_NAMESIZE> name{};
    std::snprintf(name.data(), name.size(), "tw%llx",
                  static_cast<unsigned long long>(names.fetch_add(1, std::memory_order_relaxed)));
    rte_acl_param parameters{};
    parameters.name = name.data();
    parameters.socket_id = -1;
    parameters.rule_size = RTE_ACL_RULE_SZ(kFields);
    parameters.max_rule_num = static_cast<std::uint32_t>(rules.size());
    rte_acl_ctx* context = rte_acl_create(&parameters);
    if (context == nullptr) {
        problem = rte_errno;
        return nullptr;
    }
    const rte_acl_config config = layout(bytes_max);
    problem = rte_acl_add_rules(context, reinterpret_cast<const rte_acl_rule*>(rules.data()),
                                static_cast<std::uint32_t>(rules.size()));
    if (problem == 0) problem = rte_acl_build(context, &config);
    if (problem == 0) return context;
    problem = -problem;
    rte_acl_free(context);
    return nullptr;
}

}  // namespace

AclTable::AclTable(std::vector<Row> rows) : rows_(std::move(rows)) {}

AclTable::~AclTable() { rte_acl_free(context_); }

base::Result<std::shared_ptr<const AclTable>> AclTable::build(std::span<const Row> rows) {
    TW_TRY(valid, check(rows));
    std::shared_ptr<AclTable> table(new AclTable({rows.begin(), rows.end()}));
    // rte_acl refuses to build without rules; classify() answers for an empty table itself.
    if (rows.empty()) return std::shared_ptr<const AclTable>(std::move(table));
    std::vector<AclRule> rules;
    rules.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rules.push_back(rule_of(rows[i], i, rows.size()));
    }
    int problem = 0;
    table->context_ = build_context(rules, kContextBytesMax, problem);
    // Large tries may fail for want of memory where small ones fit.
    if (table->context_ == nullptr) table->context_ = build_context(rules, 0, problem);
    if (table->context_ == nullptr) {
        return limit("rte_acl cannot hold " + std::to_string(rows.size()) +
                     " rows: " + std::strerror(problem));
    }
    return std::shared_ptr<const AclTable>(std::move(table));
}

void AclTable::classify(std::span<const Key> keys, std::span<std::uint32_t> rows) const noexcept {
    assert(keys.size() == rows.size() && keys.size() <= kBurstMax);
    if (context_ == nullptr) {
        for (std::uint32_t& row : rows) row = kNoRow;
        return;
    }
    std::array<KeyBytes, kBurstMax> bytes;
    std::array<const std::uint8_t*, kBurstMax> pointers;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const Key& key = keys[i];
        const auto high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
        const auto low = [](std::uint16_t value) { return static_cast<std::uint8_t>(value); };
        bytes[i] = {.protocol = key.protocol,
                    .gap = {},
                    .group = {high(key.group), low(key.group)},
                    .peer_class = {high(key.peer_class), low(key.peer_class)},
                    .port = {high(key.destination_port), low(key.destination_port)},
                    .unused = {}};
        pointers[i] = &bytes[i].protocol;
    }
    std::array<std::uint32_t, kBurstMax> results;
    rte_acl_classify(context_, pointers.data(), results.data(),
                     static_cast<std::uint32_t>(keys.size()), 1);
    // No match is 0 and becomes kNoRow by itself.
    static_assert(std::uint32_t{0} - 1 == kNoRow);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = results[i] - 1;
}

}  // namespace tierwall::tier
