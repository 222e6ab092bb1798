// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Pages: one big piece of zeroed memory, present from the start and in huge pages where possible.
///
/// It comes straight from the kernel, not from the DPDK heap: its size is the operator's choice,
/// must not depend on how many huge pages were reserved for packets, and tools need no EAL for it.
/// Transparent huge pages are asked for; where they are off it works with small ones.
///
/// Threads: create and destroy anywhere; the bytes belong to the owner.
/// Memory:  rounded up to whole huge pages once it is larger than one; touched by create().
/// Cost:    no page fault after create().

#include "dataplane/base/result.hpp"

#include <cstddef>

namespace tierwall::flow {

class Pages {
public:
    /// `numa_socket` -1: wherever the caller runs. Fails: Limit when the memory cannot be had.
    static base::Result<Pages> create(std::size_t bytes, int numa_socket);
    ~Pages();
    Pages(Pages&& other) noexcept;
    Pages& operator=(Pages&& other) noexcept;
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    void* data() const noexcept { return data_; }

private:
    Pages(void* data, std::size_t bytes) : data_(data), bytes_(bytes) {}
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace tierwall::flow
