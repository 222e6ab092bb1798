// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// DataplaneConfig: what a person chose for ports and workers.
///
/// Threads: boot only; values.
/// Memory:  small.
/// Cost:    none.

#include "dataplane/flow/timeouts.hpp"
#include "dataplane/io/switch.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::worker {

/// The least share of flows_max: fewer would be full with what one client opens.
inline constexpr std::uint32_t kFlowsMinPerWorker = 1024;

struct PortConfig {
    std::string name;
    std::string device;  ///< devargs of a virtual device, or a PCI address
    Side side = Side::Uplink;
    std::string pod;        ///< "namespace/name", may be empty; only shown, binding is the agent's
    bool reserved = false;  ///< configuration names its addresses: it claims no others
    io::Mac peer_mac{};     ///< of who lives there, if configuration says; else zero
};

struct DataplaneConfig {
    enum class Mode : std::uint8_t { Wire, Switch };

    std::vector<PortConfig> ports;
    Mode mode = Mode::Wire;
    std::uint32_t workers = 1;
    std::uint32_t flows_max = 1u << 18;  ///< of all workers together
    flow::Timeouts timeouts;
    std::uint32_t pickup_s = 60;
    bool boot_open = false;
    bool pass_non_ip = false;
    bool keep_established = false;  ///< see Pipeline::Config
};

}  // namespace tierwall::worker
