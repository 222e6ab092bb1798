// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/core_wait.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace tierwall::tester {

CoreWait::CoreWait() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

CoreWait::~CoreWait() {
    if (file_ >= 0) ::close(file_);
}

// Three numbers: nanoseconds that it ran, that it waited, and how often it was given the core.
std::uint64_t CoreWait::waited_ns() const noexcept {
    char text[96];
    const ssize_t length = file_ < 0 ? -1 : ::pread(file_, text, sizeof(text) - 1, 0);
    if (length <= 0) return 0;
    text[length] = '\0';
    char* second = nullptr;
    std::strtoull(text, &second, 10);
    return std::strtoull(second, nullptr, 10);
}

}  // namespace tierwall::tester
