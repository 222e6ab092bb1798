// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/pages.hpp"

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace tierwall::flow {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kSmallPage = 4096;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

/// Address space of `bytes` that begins on a huge page: maps one page more and cuts off the ends.
void* map_aligned(std::size_t bytes) {
    constexpr int kProtection = PROT_READ | PROT_WRITE;
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* mapped = mmap(nullptr, bytes + kHugePage, kProtection, kFlags, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    auto* first = static_cast<std::uint8_t*>(mapped);
    const std::size_t lead = -reinterpret_cast<std::uintptr_t>(first) % kHugePage;
    if (lead != 0) munmap(first, lead);
    munmap(first + lead + bytes, kHugePage - lead);
    return first + lead;
}

/// Memory of another node is slower, not wrong, so this is only a preference.
void prefer_node(void* data, std::size_t bytes, int numa_socket) {
    constexpr int kNodes = sizeof(unsigned long) * CHAR_BIT;
    if (numa_socket < 0 || numa_socket >= kNodes) return;
    const unsigned long mask = 1ul << numa_socket;
    // The kernel takes the number of bits plus one.
    syscall(SYS_mbind, data, bytes, MPOL_PREFERRED, &mask, kNodes + 1, 0);
}

/// Makes every page present, so that running out of memory shows now and not as a killed daemon.
bool populate(void* data, std::size_t bytes) {
    if (madvise(data, bytes, MADV_POPULATE_WRITE) == 0) return true;
    if (errno != EINVAL) return false;
    auto* byte = static_cast<volatile std::uint8_t*>(data);
    for (std::size_t at = 0; at < bytes; at += kSmallPage) byte[at] = 0;
    return true;
}

}  // namespace

base::Result<Pages> Pages::create(std::size_t bytes, int numa_socket) {
    const std::size_t unit = bytes > kHugePage ? kHugePage : kSmallPage;
    const std::size_t rounded = rounded_up(bytes, unit);
    void* data = map_aligned(rounded);
    if (data != nullptr) {
        Pages pages(data, rounded);
        prefer_node(data, rounded, numa_socket);
        madvise(data, rounded, MADV_HUGEPAGE);
        if (populate(data, rounded)) return pages;
    }
    return base::Error{base::Errc::Limit, "flow table",
                       "no memory for " + std::to_string(rounded >> 20) + " MB"};
}

Pages::~Pages() {
    if (data_ != nullptr) munmap(data_, bytes_);
}

Pages::Pages(Pages&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

}  // namespace tierwall::flow
