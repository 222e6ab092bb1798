// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/pipeline_config.hpp"

#include <memory>

namespace tierwall::worker {

Pipeline::Config pipeline_config(const Fabric& fabric) {
    const DataplaneConfig& config = fabric.config();
    Pipeline::Config wanted;
    for (std::uint16_t port = 0; port < fabric.ports(); ++port) {
        const PortConfig& each = config.ports[port];
        const bool wire = config.mode == DataplaneConfig::Mode::Wire;
        wanted.ports.push_back({.side = each.side,
                                .mtu = fabric.port(port).mtu(),
                                .reserved = each.reserved && !wire,
                                .wire = wire});
    }
    wanted.flows_max = config.flows_max / config.workers;
    wanted.timeouts = config.timeouts;
    wanted.pickup_s = config.pickup_s;
    wanted.boot_open = config.boot_open;
    wanted.pass_non_ip = config.pass_non_ip;
    wanted.keep_established = config.keep_established;
    wanted.bindings = std::make_shared<Bindings>(fabric.ports());
    return wanted;
}

}  // namespace tierwall::worker
