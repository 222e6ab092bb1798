// SPDX-License-Identifier: Apache-2.0
#include "bench/path/heap.hpp"

#include <rte_malloc.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace {

thread_local std::uint64_t t_allocations = 0;

}  // namespace

// The linker sends every call to the C library's allocator here (--wrap does not reach into shared
// libraries; a definition in the program does).
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
    ++t_allocations;
    return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
    ++t_allocations;
    return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) {
    ++t_allocations;
    return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    ++t_allocations;
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
    constexpr int kNoMemory = 12;
    ++t_allocations;
    *block = __libc_memalign(alignment, bytes);
    return *block == nullptr ? kNoMemory : 0;
}
}

namespace tierwall::bench {

std::uint64_t heap_allocations() noexcept { return t_allocations; }

std::uint64_t dpdk_heap_blocks() noexcept {
    rte_malloc_socket_stats stats{};
    if (rte_malloc_get_socket_stats(0, &stats) != 0) return 0;
    return stats.alloc_count;
}

std::uint64_t huge_bytes_free() {
    std::uint64_t sum = 0;
    std::error_code problem;
    const std::filesystem::path folder = "/sys/kernel/mm/hugepages";
    for (const auto& size : std::filesystem::directory_iterator(folder, problem)) {
        unsigned long long kilobytes = 0;
        if (std::sscanf(size.path().filename().c_str(), "hugepages-%llukB", &kilobytes) != 1) {
            continue;
        }
        std::uint64_t pages = 0;
        if (std::ifstream(size.path() / "free_hugepages") >> pages) sum += pages * kilobytes * 1024;
    }
    return sum;
}

}  // namespace tierwall::bench
