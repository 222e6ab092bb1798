// SPDX-License-Identifier: Apache-2.0
#include "bench/path/core.hpp"

#include <pthread.h>
#include <sched.h>

#include <vector>

namespace tierwall::bench {
namespace {

/// As the process was started; later calls narrow what a thread may use.
const std::vector<unsigned>& allowed() {
    static const std::vector<unsigned> list = [] {
        std::vector<unsigned> found;
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof(set), &set);
        for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
            if (CPU_ISSET(core, &set)) found.push_back(core);
        }
        return found;
    }();
    return list;
}

}  // namespace

std::uint32_t cores() { return static_cast<std::uint32_t>(allowed().size()); }

void sit_on_core(std::uint32_t number) {
    const std::vector<unsigned>& list = allowed();
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(list[list.size() - 1 - number % list.size()], &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

}  // namespace tierwall::bench
