// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// port_warnings: what is odd about who lives behind the ports, each as one sentence with its fix:
/// MAC addresses that two ports use, and ports with more pods than can be asked about a flood.
///
/// Threads: any, while workers run.
/// Memory:  the sentences.
/// Cost:    a status query.

#include "dataplane/io/switch.hpp"
#include "dataplane/worker/bindings.hpp"
#include "dataplane/worker/dataplane_config.hpp"

#include <string>
#include <vector>

namespace tierwall::worker {

std::vector<std::string> port_warnings(const std::vector<PortConfig>& ports, const io::Switch& macs,
                                       const Bindings& bindings);

}  // namespace tierwall::worker
