// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Heap: counts what this program asks of the C heap and of DPDK's, whoever asks.
///
/// malloc and its relatives are wrapped, so that C++, libraries and DPDK are all counted.
///
/// Threads: any; the C heap's count is of the calling thread alone.
/// Memory:  none.
/// Cost:    an addition an allocation.

#include <cstdint>

namespace tierwall::bench {

/// Blocks that the calling thread has asked of the C heap so far.
std::uint64_t heap_allocations() noexcept;
/// Blocks that live on DPDK's heaps now. Requires: EAL started.
std::uint64_t dpdk_heap_blocks() noexcept;
/// In huge pages that nobody on this machine has yet.
std::uint64_t huge_bytes_free();

}  // namespace tierwall::bench
