// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/port_warnings.hpp"

#include <cstdint>
#include <cstdio>

namespace tierwall::worker {
namespace {

std::string text_of(const io::Mac& mac) {
    char out[18];
    std::snprintf(out, sizeof(out), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                  mac[4], mac[5]);
    return out;
}

}  // namespace

std::vector<std::string> port_warnings(const std::vector<PortConfig>& ports, const io::Switch& macs,
                                       const Bindings& bindings) {
    std::vector<std::string> warnings;
    for (const io::Switch::Dispute& dispute : macs.disputes()) {
        warnings.push_back("MAC address " + text_of(dispute.mac) + " was used at port " +
                           ports[dispute.holder].name + " and at port " +
                           ports[dispute.claimant].name +
                           ": one of them lies, or the MAC has moved; tie it to its port with mac: "
                           "in the configuration");
    }
    const auto count = static_cast<std::uint16_t>(ports.size());
    for (std::uint16_t port = 0; port < count; ++port) {
        if (!bindings.incomplete(port)) continue;
        warnings.push_back("port " + ports[port].name + " has more than " +
                           std::to_string(kPodsPerPortMax) +
                           " pod addresses and receives no flooded packets any more (multicast, "
                           "broadcast): give its pods ports of their own");
    }
    return warnings;
}

}  // namespace tierwall::worker
