// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The dataplane's process: everything that tierwalld is, with the Presenter as its network.
///
/// Threads: run_dataplane() is the whole life of the process.
/// Memory:  tierwalld's.
/// Cost:    tierwalld's.

#include <cstdint>
#include <string>

namespace tierwall::bench {

struct DataplaneOptions {
    int board = -1;           ///< descriptor
    std::string folder;       ///< for its socket and its state
    std::string sync;         ///< local socket of the source
    std::uint32_t flows = 0;  ///< that it can hold
    bool verbose = false;
};

/// Answers with an exit status once SIGTERM has come.
int run_dataplane(const DataplaneOptions& options);

}  // namespace tierwall::bench
