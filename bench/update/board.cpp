// SPDX-License-Identifier: Apache-2.0
#include "bench/update/board.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <utility>

namespace tierwall::bench {
namespace {

base::Error io_error(const char* what) { return {base::Errc::Io, what, std::strerror(errno)}; }

void* mapped(int descriptor) {
    return ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
}

}  // namespace

base::Result<SharedBoard> SharedBoard::create() {
    const int descriptor = ::memfd_create("tierwall-bench", 0);
    if (descriptor < 0) return io_error("memfd_create");
    void* memory = MAP_FAILED;
    if (::ftruncate(descriptor, sizeof(Board)) == 0) memory = mapped(descriptor);
    if (memory == MAP_FAILED) {
        ::close(descriptor);
        return io_error("shared memory");
    }
    return SharedBoard(descriptor, new (memory) Board);
}

base::Result<SharedBoard> SharedBoard::open(int descriptor) {
    void* memory = mapped(descriptor);
    if (memory == MAP_FAILED) return io_error("shared memory");
    return SharedBoard(descriptor, static_cast<Board*>(memory));
}

SharedBoard::SharedBoard(SharedBoard&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      board_(std::exchange(other.board_, nullptr)) {}

SharedBoard::~SharedBoard() {
    if (board_ == nullptr) return;
    ::munmap(board_, sizeof(Board));
    ::close(descriptor_);
}

std::uint64_t now_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace tierwall::bench
