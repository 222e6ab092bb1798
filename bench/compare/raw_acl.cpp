// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/raw_acl.hpp"

extern "C" {
#include <rte_vect.h>
// rte_vect.h goes first: rte_acl.h expects its types.
#include <rte_acl.h>
#include <rte_errno.h>
}

#include <cassert>
#include <cstdio>
#include <cstring>
#include <string>

namespace tierwall::bench {
namespace {

enum Field : std::uint8_t { kProtocol, kSource, kDestination, kSourcePort, kPort, kFields };

RTE_ACL_RULE_DEF(TupleRule, kFields);

/// What a step may say; 0 is rte_acl's own word for no match.
enum Word : std::uint32_t { kSilent, kAllow, kDeny, kPass, kWords };

/// As for the tables of the product: with room, rte_acl makes few and large parts.
constexpr std::size_t kContextBytesMax = std::size_t{512} << 20;

/// Offsets are from the protocol's place in the IPv4 header.
rte_acl_config layout(std::uint32_t categories, std::size_t bytes_max) {
    rte_acl_config config{};
    config.num_categories = categories;
    config.num_fields = kFields;
    config.max_size = bytes_max;
    config.defs[0] = {RTE_ACL_FIELD_TYPE_BITMASK, 1, kProtocol, 0, 0};
    config.defs[1] = {RTE_ACL_FIELD_TYPE_MASK, 4, kSource, 1, 3};
    config.defs[2] = {RTE_ACL_FIELD_TYPE_MASK, 4, kDestination, 2, 7};
    config.defs[3] = {RTE_ACL_FIELD_TYPE_RANGE, 2, kSourcePort, 3, 11};
    config.defs[4] = {RTE_ACL_FIELD_TYPE_RANGE, 2, kPort, 3, 13};
    return config;
}

std::uint32_t word(base::Action action) {
    if (action == base::Action::Allow) return kAllow;
    return action == base::Action::Pass ? kPass : kDeny;
}

TupleRule rule_of(const TupleRow& row, std::size_t index, std::size_t count) {
    TupleRule rule{};
    rule.data.category_mask = 1u << row.step;
    // Distinct and descending: with equal priorities the winner would be undefined.
    rule.data.priority = static_cast<std::int32_t>(count - index);
    rule.data.userdata = word(row.action);
    const FiveTuples& match = row.match;
    rule.field[kProtocol].value.u8 = match.any_protocol ? std::uint8_t{0} : match.protocol;
    rule.field[kProtocol].mask_range.u8 = match.any_protocol ? 0 : 0xff;
    rule.field[kSource].value.u32 = match.source.first;
    rule.field[kSource].mask_range.u32 = match.source.length;
    rule.field[kDestination].value.u32 = match.destination.first;
    rule.field[kDestination].mask_range.u32 = match.destination.length;
    rule.field[kSourcePort].mask_range.u16 = 0xffff;
    rule.field[kPort].value.u16 = match.any_protocol ? std::uint16_t{0} : match.port_first;
    rule.field[kPort].mask_range.u16 = match.any_protocol ? std::uint16_t{0xffff} : match.port_last;
    return rule;
}

/// A built context, or null and what was wrong.
rte_acl_ctx* build_context(std::span<const TupleRule> rules, const rte_acl_config& config,
                           int& problem) {
    // A name that exists already would silently give us the existing context.
    static std::uint64_t names = 0;
    const std::string name = "raw" + std::to_string(names++);
    rte_acl_param parameters{};
    parameters.name = name.c_str();
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

RawAcl::~RawAcl() { rte_acl_free(context_); }

base::Result<std::unique_ptr<RawAcl>> RawAcl::build(const Expansion& expansion) {
    if (expansion.rows.empty() || expansion.steps.size() > 2 * base::kTiersMax) {
        return base::Error{base::Errc::Invalid, "rte_acl", "no rows, or too many tiers"};
    }
    std::unique_ptr<RawAcl> acl(new RawAcl);
    const std::size_t steps = expansion.steps.size();
    acl->steps_ = static_cast<std::uint32_t>(steps);
    // rte_acl takes one category, or a multiple of four.
    acl->categories_ = static_cast<std::uint32_t>(steps == 1 ? 1 : (steps + 3) / 4 * 4);
    acl->tabulate(expansion.steps);
    std::vector<TupleRule> rules;
    rules.reserve(expansion.rows.size());
    for (std::size_t i = 0; i < expansion.rows.size(); ++i) {
        rules.push_back(rule_of(expansion.rows[i], i, expansion.rows.size()));
    }
    int problem = 0;
    for (const std::size_t bytes_max : {kContextBytesMax, std::size_t{0}}) {
        acl->context_ = build_context(rules, layout(acl->categories_, bytes_max), problem);
        if (acl->context_ != nullptr) return acl;
    }
    return base::Error{base::Errc::Limit, "rte_acl",
                       std::to_string(rules.size()) + " rows: " + std::strerror(problem)};
}

void RawAcl::tabulate(std::span<const Step> steps) {
    allows_.resize(std::size_t{1} << (2 * steps.size()));
    for (std::size_t said = 0; said < allows_.size(); ++said) {
        bool decided[2]{};
        bool allowed = true;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const std::size_t step = said >> (2 * i) & 3;
            bool& is_decided = decided[static_cast<std::size_t>(steps[i].direction)];
            const bool denies = step == kDeny || (step == kSilent && steps[i].denies_silence);
            if (is_decided || (!denies && step != kAllow)) continue;
            is_decided = true;
            allowed = allowed && !denies;
        }
        allows_[said] = allowed;
    }
}

void RawAcl::judge(std::span<const std::uint8_t* const> headers,
                   std::span<bool> allowed) const noexcept {
    assert(headers.size() == allowed.size() && headers.size() <= kBurst);
    std::array<std::uint32_t, kBurst * RTE_ACL_MAX_CATEGORIES> words;
    // rte_acl does not write to what it reads, whatever its declaration says.
    rte_acl_classify(context_, const_cast<const std::uint8_t**>(headers.data()), words.data(),
                     static_cast<std::uint32_t>(headers.size()), categories_);
    for (std::size_t i = 0; i < headers.size(); ++i) {
        std::size_t said = 0;
        for (std::uint32_t step = 0; step < steps_; ++step) {
            said |= std::size_t{words[i * categories_ + step]} << (2 * step);
        }
        allowed[i] = allows_[said];
    }
}

}  // namespace tierwall::bench
