// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// workers-sim: how the product would spread the traffic of a generated cluster over more workers
/// than this machine has.
///
/// Threads: one.
/// Memory:  a cluster's.
/// Cost:    some seconds.

#include "dataplane/base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>

namespace tierwall::bench {

struct WorkersSim {
    std::uint32_t workers = 16;
    std::size_t connections = 200'000;
    std::uint64_t seed = 1;
};

/// Fails: Io when the directions of a connection would be with different workers, or a card would
/// give it to another worker than the product does.
base::Result<nlohmann::ordered_json> simulate_workers(const WorkersSim& wanted);

}  // namespace tierwall::bench
