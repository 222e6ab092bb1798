// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// CoreWait: how long a thread was ready to run while somebody else had its core.
///
/// Threads: opened and read by the thread that it is about.
/// Memory:  a descriptor.
/// Cost:    a system call a look.

#include <cstdint>

namespace tierwall::tester {

class CoreWait {
public:
    /// Of the calling thread.
    CoreWait();
    ~CoreWait();
    CoreWait(const CoreWait&) = delete;
    CoreWait& operator=(const CoreWait&) = delete;

    /// Since the thread began; 0 where the kernel does not tell.
    std::uint64_t waited_ns() const noexcept;

private:
    int file_ = -1;
};

}  // namespace tierwall::tester
