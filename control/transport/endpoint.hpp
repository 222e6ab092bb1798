// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Endpoint: where a server listens or a client connects: `unix:PATH` or `HOST:PORT`.
///
/// Local sockets are guarded by file permissions, TCP by TLS on both sides; there is no third way.
///
/// Threads: values; the functions on files are for boot.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "dataplane/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tierwall::transport {

struct Endpoint {
    std::string path;  ///< local socket; empty for TCP
    std::string host;  ///< name or address without brackets
    std::uint16_t port = 0;

    bool is_local() const { return !path.empty(); }
    /// As a person writes it, and as gRPC understands it.
    std::string text() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Fails: Invalid or TooLong. A relative socket path is refused.
base::Result<Endpoint> parse_endpoint(const std::string& where, std::string_view text);

/// Makes room for a listener at `path`: removes a socket that nobody serves any more.
/// Fails: Duplicate when somebody does, Forbidden when the path is no socket, Io.
base::Status clear_socket(const std::string& path);

/// Permission 0660: the owner and the group may connect. Fails: Io.
base::Status guard_socket(const std::string& path);

}  // namespace tierwall::transport
