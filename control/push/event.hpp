// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Event: something about the dataplanes that a person wants to read in the log.
///
/// Threads: values, handed to one observer thread.
/// Memory:  plain values.
/// Cost:    a few a published epoch.

#include "dataplane/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::push {

struct Event {
    enum class Kind {
        Connected,     ///< said Hello
        Disconnected,  ///< `what` says why
        Acknowledged,  ///< first Ack of a connection
        Refused,       ///< Nack: `problems` say why
        Enforced,      ///< an epoch is done, or late, or overtaken: enforcing of connected
    };
    Kind kind = Kind::Connected;
    std::string dataplane = {};  ///< empty for Enforced
    std::string peer = {};
    std::string what = {};
    std::uint64_t epoch = 0;
    std::vector<base::Error> problems = {};
    std::size_t changed = 0;
    std::size_t connected = 0;
    std::size_t enforcing = 0;
    double elapsed_ms = 0;

    /// One line. "epoch 12: 3 resources changed, 2 of 2 dataplanes enforce it after 4.1 ms".
    std::string text() const;
};

}  // namespace tierwall::push
