// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// RawAcl: an expansion as one rte_acl context over the classic IPv4 five-tuple, and nothing else.
///
/// It is what one would write with rte_acl alone: each packet is classified by its own header, in
/// place, and nobody remembers anything. So it knows no replies, which its rules do not speak of.
///
/// Threads: built on a control thread; judge() by any.
/// Memory:  rte_acl's, up to some hundred megabytes for 100,000 rows.
/// Cost:    see docs/PERFORMANCE.md.

#include "bench/compare/expansion.hpp"
#include "dataplane/base/result.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct rte_acl_ctx;

namespace tierwall::bench {

/// Where the header of a plain Ethernet frame has the protocol: what is read begins there.
inline constexpr std::size_t kFiveTupleAt = 14 + 9;

class RawAcl {
public:
    /// Fails: Limit when rte_acl cannot hold the rows.
    static base::Result<std::unique_ptr<RawAcl>> build(const Expansion& expansion);
    ~RawAcl();
    RawAcl(const RawAcl&) = delete;
    RawAcl& operator=(const RawAcl&) = delete;

    static constexpr std::size_t kBurst = 64;
    /// headers[i] points to the protocol in an IPv4 header without options; 15 bytes are read.
    /// Requires: equal sizes, at most kBurst.
    void judge(std::span<const std::uint8_t* const> headers,
               std::span<bool> allowed) const noexcept;

private:
    RawAcl() = default;
    void tabulate(std::span<const Step> steps);

    rte_acl_ctx* context_ = nullptr;
    std::uint32_t categories_ = 1;
    std::uint32_t steps_ = 0;
    /// By what the steps said, two bits each.
    std::vector<bool> allows_;
};

}  // namespace tierwall::bench
