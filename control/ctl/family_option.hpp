// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Options of commands about all connections at once: which ports and which address families.
///
/// Threads: one.
/// Memory:  none.
/// Cost:    none on the packet path.

#include "dataplane/base/address.hpp"

#include <CLI/App.hpp>

#include <string>
#include <vector>

namespace tierwall::ctl {

inline void offer_ports(CLI::App& command, std::vector<std::string>& ports) {
    command.add_option("--port", ports, "Only these: tcp/80, udp/53, icmp ...")
        ->option_text("PORT...");
}

inline void offer_families(CLI::App& command, std::string& family) {
    family = "both";
    command.add_option("--family", family, "Whose addresses are looked at")
        ->check(CLI::IsMember({"IPv4", "IPv6", "both"}))
        ->capture_default_str();
}

inline std::vector<base::Family> families_of(const std::string& word) {
    if (word == "IPv4") return {base::Family::IPv4};
    if (word == "IPv6") return {base::Family::IPv6};
    return {base::Family::IPv4, base::Family::IPv6};
}

}  // namespace tierwall::ctl
