// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Config: what tierwalld's YAML file says, checked. docs/CONFIGURATION.md explains every key.
///
/// Threads: boot only; a value afterwards.
/// Memory:  plain values.
/// Cost:    one small file.

#include "control/transport/endpoint.hpp"
#include "control/transport/tls.hpp"
#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/worker/dataplane.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::agent {

/// Addresses that are accepted from one port only.
struct PortBinding {
    std::uint16_t port = 0;
    std::string pod;                       ///< "namespace/name"; its addresses as they come and go
    std::vector<base::Address> addresses;  ///< these for ever
};

struct Config {
    static constexpr std::size_t kPortsMax = 32;

    std::vector<std::string> eal{"--in-memory", "--iova-mode=va"};
    worker::DataplaneConfig dataplane;
    std::vector<PortBinding> bindings;
    std::string scope = "all";
    transport::Endpoint sync;
    transport::TlsFiles tls;  ///< relative paths are made relative to the file's folder
    std::string state_dir = "/var/lib/tierwall";
    std::string name;  ///< empty: the host's name
    std::string status_socket = "/run/tierwall/tierwalld.sock";
    std::uint32_t addresses_max = 1u << 19;
    bool own_node_egress = false;         ///< own_node_egress: exempt
    std::uint32_t log_denied_per_s = 10;  ///< lines about denied packets; 0: none
};

/// `file` is what errors call the text. Fails with the first thing that is wrong: `where` is
/// "file:line" and names the key.
base::Result<Config> parse_config(std::string_view text, const std::string& file);
base::Result<Config> read_config(const std::string& path);

}  // namespace tierwall::agent
