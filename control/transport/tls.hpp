// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// TlsFiles: the three PEM files that either end of a TCP connection needs.
///
/// Both ends show a certificate and check the other's against `ca`. The texts are read and looked
/// at before anything is started, so that a wrong path is an error of boot and not of the first
/// handshake.
///
/// Threads: values; read_tls() on any control thread.
/// Memory:  the texts; never logged.
/// Cost:    three small files.

#include "dataplane/base/result.hpp"

#include <string>

namespace tierwall::transport {

struct TlsFiles {
    std::string ca;
    std::string cert;
    std::string key;
    bool empty() const { return ca.empty() && cert.empty() && key.empty(); }
    friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

struct TlsTexts {
    std::string ca;
    std::string cert;
    std::string key;
};

inline constexpr std::size_t kPemBytesMax = 1u << 20;

/// Fails: Required when one of the three is missing, Io, Invalid when a file is not PEM.
base::Result<TlsTexts> read_tls(const TlsFiles& files);

}  // namespace tierwall::transport
