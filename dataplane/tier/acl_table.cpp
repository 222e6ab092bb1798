// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tier/acl_table.hpp"

extern "C" {
#include <rte_vect.h>
// rte_vect.h goes first: rte_acl.h expects its types.
#include <rte_acl.h>
#include <rte_errno.h>
}

#include <algorithm>
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

// What rte_acl reads: network byte order, the first field one byte, then groups of four bytes.

/// For tables whose groups and classes fit a byte each, as nearly all do. What a table costs, to
/// build and to walk, grows with the bytes of a key. Groups come first, because rows of different
/// groups then have nothing in common below the root; ports come last, because what lies below a
/// range is there once for each part into which other ranges cut it.
struct NarrowKey {
    std::uint8_t group = 0;
    std::array<std::uint8_t, 3> gap{};
    std::uint8_t peer_class = 0;
    std::uint8_t protocol = 0;
    std::array<std::uint8_t, 2> port{};
};
static_assert(sizeof(NarrowKey) == 8);
/// Stands for all numbers from it on, which no row names.
constexpr std::uint16_t kBeyondNarrow = 255;

/// For all others.
struct WideKey {
    std::uint8_t protocol = 0;
    std::array<std::uint8_t, 3> gap{};
    std::array<std::uint8_t, 2> group{};
    std::array<std::uint8_t, 2> peer_class{};
    std::array<std::uint8_t, 2> port{};
    std::array<std::uint8_t, 2> unused{};  ///< completes the last group of four
};
static_assert(sizeof(WideKey) == 12);

namespace narrow {
enum Field : std::uint8_t { kGroup, kClass, kProtocol, kPort };
}
namespace wide {
enum Field : std::uint8_t { kProtocol, kGroup, kClass, kPort, kUnused };
}
constexpr std::size_t kFields = wide::kUnused + 1;

RTE_ACL_RULE_DEF(AclRule, kFields);

/// Room for the run-time structures. With a limit rte_acl first tries few, large tries, which are
/// the fastest to walk, and takes smaller ones when they do not fit.
constexpr std::size_t kContextBytesMax = std::size_t{128} << 20;

rte_acl_config layout(bool is_narrow, std::size_t bytes_max) {
    constexpr std::uint8_t kMask = RTE_ACL_FIELD_TYPE_BITMASK;
    constexpr std::uint8_t kRange = RTE_ACL_FIELD_TYPE_RANGE;
    rte_acl_config config{};
    config.num_categories = 1;
    config.max_size = bytes_max;
    if (is_narrow) {
        using namespace narrow;
        config.num_fields = kPort + 1;
        config.defs[0] = {kMask, 1, kGroup, 0, offsetof(NarrowKey, group)};
        config.defs[1] = {kRange, 1, kClass, 1, offsetof(NarrowKey, peer_class)};
        config.defs[2] = {kMask, 1, kProtocol, 1, offsetof(NarrowKey, protocol)};
        config.defs[3] = {kRange, 2, kPort, 1, offsetof(NarrowKey, port)};
        return config;
    }
    using namespace wide;
    config.num_fields = kUnused + 1;
    config.defs[0] = {kMask, 1, kProtocol, 0, offsetof(WideKey, protocol)};
    config.defs[1] = {kMask, 2, kGroup, 1, offsetof(WideKey, group)};
    config.defs[2] = {kMask, 2, kClass, 1, offsetof(WideKey, peer_class)};
    config.defs[3] = {kRange, 2, kPort, 2, offsetof(WideKey, port)};
    config.defs[4] = {kMask, 2, kUnused, 2, offsetof(WideKey, unused)};
    return config;
}

/// Where the parts of a rule are that both layouts have alike.
struct CommonFields {
    std::uint8_t protocol;
    std::uint8_t port;
};

AclRule rule_of(const Row& row, std::size_t index, std::size_t count, const CommonFields& at) {
    AclRule rule{};
    rule.data.category_mask = 1;
    // Distinct and descending: with equal priorities the winner would be undefined.
    rule.data.priority = static_cast<std::int32_t>(count - index);
    // 0 means "no match" to rte_acl, so rows count from 1 there.
    rule.data.userdata = static_cast<std::uint32_t>(index + 1);
    rule.field[at.protocol].value.u8 = row.any_protocol ? std::uint8_t{0} : row.protocol;
    rule.field[at.protocol].mask_range.u8 = row.any_protocol ? 0 : 0xff;
    rule.field[at.port].value.u16 = row.any_protocol ? std::uint16_t{0} : row.port_first;
    rule.field[at.port].mask_range.u16 = row.any_protocol ? std::uint16_t{0xffff} : row.port_last;
    return rule;
}

/// How many rows from this one on differ by their classes only, which follow one another.
std::size_t run_length(std::span<const Row> rows) {
    if (rows.front().any_class) return 1;
    std::size_t length = 1;
    for (Row next = rows.front(); length < rows.size(); ++length) {
        if (next.peer_class == 65535) break;
        ++next.peer_class;
        if (rows[length] != next) break;
    }
    return length;
}

/// One rule for each run of rows.
std::vector<AclRule> narrow_rules(std::span<const Row> rows) {
    constexpr CommonFields kAt{narrow::kProtocol, narrow::kPort};
    std::vector<AclRule> rules;
    for (std::size_t i = 0; i < rows.size();) {
        const Row& row = rows[i];
        const std::size_t run = run_length(rows.subspan(i));
        AclRule& rule = rules.emplace_back(rule_of(row, i, rows.size(), kAt));
        rule.field[narrow::kGroup].value.u8 = static_cast<std::uint8_t>(row.group);
        rule.field[narrow::kGroup].mask_range.u8 = 0xff;
        const std::size_t last = row.any_class ? kBeyondNarrow : row.peer_class + run - 1;
        rule.field[narrow::kClass].value.u8 =
            static_cast<std::uint8_t>(row.any_class ? 0 : row.peer_class);
        rule.field[narrow::kClass].mask_range.u8 = static_cast<std::uint8_t>(last);
        i += run;
    }
    return rules;
}

std::vector<AclRule> wide_rules(std::span<const Row> rows) {
    constexpr CommonFields kAt{wide::kProtocol, wide::kPort};
    std::vector<AclRule> rules;
    rules.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        AclRule& rule = rules.emplace_back(rule_of(row, i, rows.size(), kAt));
        rule.field[wide::kGroup].value.u16 = row.group;
        rule.field[wide::kGroup].mask_range.u16 = 0xffff;
        rule.field[wide::kClass].value.u16 = row.any_class ? std::uint16_t{0} : row.peer_class;
        rule.field[wide::kClass].mask_range.u16 = row.any_class ? 0 : 0xffff;
    }
    return rules;
}

bool fits_narrow(const Row& row) {
    return row.group < kBeyondNarrow && (row.any_class || row.peer_class < kBeyondNarrow);
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
rte_acl_ctx* build_context(std::span<const AclRule> rules, const rte_acl_config& config,
                           int& problem) {
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
    table->narrow_ = std::all_of(rows.begin(), rows.end(), fits_narrow);
    const auto rules = table->narrow_ ? narrow_rules(rows) : wide_rules(rows);
    int problem = 0;
    // Large tries may fail for want of memory where small ones fit.
    for (const std::size_t bytes_max : {kContextBytesMax, std::size_t{0}}) {
        if (table->context_ != nullptr) break;
        table->context_ = build_context(rules, layout(table->narrow_, bytes_max), problem);
    }
    if (table->context_ == nullptr) {
        return limit("rte_acl cannot hold " + std::to_string(rows.size()) +
                     " rows: " + std::strerror(problem));
    }
    return std::shared_ptr<const AclTable>(std::move(table));
}

namespace {

using Keys = std::span<const Key>;
using Bytes = std::array<std::uint8_t, 2>;

Bytes big_endian(std::uint16_t value) noexcept {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

std::uint8_t narrowed(std::uint16_t value) noexcept {
    return static_cast<std::uint8_t>(std::min(value, kBeyondNarrow));
}

void write(const Key& key, NarrowKey& out) noexcept {
    out.group = narrowed(key.group);
    out.peer_class = narrowed(key.peer_class);
    out.protocol = key.protocol;
    out.port = big_endian(key.destination_port);
}

void write(const Key& key, WideKey& out) noexcept {
    out.protocol = key.protocol;
    out.group = big_endian(key.group);
    out.peer_class = big_endian(key.peer_class);
    out.port = big_endian(key.destination_port);
}

/// results[i]: 1 more than the row, or 0.
template <typename KeyBytes>
void look_up(const rte_acl_ctx* context, Keys keys, std::uint32_t* results) noexcept {
    std::array<KeyBytes, kBurstMax> bytes;
    std::array<const std::uint8_t*, kBurstMax> pointers;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        write(keys[i], bytes[i]);
        pointers[i] = reinterpret_cast<const std::uint8_t*>(&bytes[i]);
    }
    rte_acl_classify(context, pointers.data(), results, static_cast<std::uint32_t>(keys.size()), 1);
}

}  // namespace

void AclTable::classify(std::span<const Key> keys, std::span<std::uint32_t> rows) const noexcept {
    assert(keys.size() == rows.size() && keys.size() <= kBurstMax);
    if (context_ == nullptr) {
        for (std::uint32_t& row : rows) row = kNoRow;
        return;
    }
    if (narrow_) {
        look_up<NarrowKey>(context_, keys, rows.data());
    } else {
        look_up<WideKey>(context_, keys, rows.data());
    }
    // No match is 0 and becomes kNoRow by itself.
    static_assert(std::uint32_t{0} - 1 == kNoRow);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint32_t first = --rows[i];
        if (!narrow_ || first == kNoRow || rows_[first].any_class) continue;
        // The first row of a run was found; the rows behind it have the classes behind its own.
        rows[i] += static_cast<std::uint32_t>(keys[i].peer_class - rows_[first].peer_class);
    }
}

}  // namespace tierwall::tier
