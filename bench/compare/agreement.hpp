// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Agreement: do a raw classifier over expanded rules and the product's pipeline say the same?
///
/// The probes are first packets of connections, as frames: what pods of the cluster try, some of
/// it with ports at the edges of rules' ranges, with another protocol, or from a node's address.
///
/// Threads: one control thread.
/// Memory:  a flow table for the probes.
/// Cost:    about a microsecond a probe.

#include "bench/compare/expansion.hpp"
#include "bench/compare/raw_acl.hpp"
#include "bench/path/enforced.hpp"

#include <cstddef>
#include <cstdint>

namespace tierwall::bench {

struct Agreement {
    std::size_t probes = 0;
    std::size_t allowed = 0;  ///< by the pipeline
    std::size_t different = 0;
};

struct Probing {
    std::size_t probes = 20'000;
    std::uint64_t seed = 1;
    bool pods_only = false;  ///< as the expansion
};

/// Fails: Invalid when a packet's verdict is no matter of policy; then the probes were no good.
base::Result<Agreement> compare_verdicts(Enforced& enforced, const Expansion& expansion,
                                         const RawAcl& acl, const Probing& probing);

}  // namespace tierwall::bench
