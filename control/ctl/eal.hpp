// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Eal: DPDK's environment for one short command: no hugepages, no devices, no shared files.
///
/// Any number of these may run at once, by any user, beside a running tierwalld. What DPDK prints
/// does not reach the command's own output.
///
/// Threads: the main thread; its affinity is put back.
/// Memory:  `megabytes` of address space, touched only as it is used.
/// Cost:    about 0.1 s to start.

#include "dataplane/base/result.hpp"

#include <cstddef>
#include <memory>

namespace tierwall::ctl {

class Eal {
public:
    /// Once per process. Fails: Io, Internal.
    static base::Result<std::unique_ptr<Eal>> start(std::size_t megabytes);
    ~Eal();
    Eal(const Eal&) = delete;
    Eal& operator=(const Eal&) = delete;

private:
    Eal() = default;
};

}  // namespace tierwall::ctl
