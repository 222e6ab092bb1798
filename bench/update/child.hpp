// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Child: the dataplane's process, started from this very program and ended with it.
///
/// Threads: one.
/// Memory:  none of its own.
/// Cost:    half a second to start.

#include "bench/update/dataplane_process.hpp"
#include "dataplane/base/result.hpp"

#include <sys/types.h>

namespace tierwall::bench {

class Child {
public:
    static base::Result<Child> start(const DataplaneOptions& options);
    /// Ends it and waits.
    ~Child();
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;

    bool is_alive() const;
    pid_t pid() const { return pid_; }

private:
    explicit Child(pid_t pid) : pid_(pid) {}
    mutable pid_t pid_;
};

/// The most memory that a process ever had since it started or forget_peak(), in megabytes.
double peak_mb(pid_t pid);
/// Processor time that it has used.
double cpu_s(pid_t pid);
/// Gives freed memory back to the kernel, and lets the peak of this process begin anew.
void forget_peak();

}  // namespace tierwall::bench
