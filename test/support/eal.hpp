// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Eal: DPDK's environment for one test program, without hugepages, ports or shared files.
///
/// Use it as a Boost global fixture, once per program:
///
///     BOOST_TEST_GLOBAL_FIXTURE(Eal);   // after `using tierwall::support::Eal;`
///
/// Threads: the main thread; its affinity is put back, so that threads started later may run on
///          every core.
/// Memory:  512 MB of address space, touched only as it is used.
/// Cost:    about 0.2 s at the start of the program.

extern "C" {
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
}

#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace tierwall::support {

class Eal {
public:
    Eal() {
        cpu_set_t before;
        sched_getaffinity(0, sizeof before, &before);
        rte_log_set_global_level(RTE_LOG_ERR);
        std::string prefix = "--file-prefix=twtest" + std::to_string(getpid());
        std::array<std::string, 8> words{"test", "--no-huge", "--no-shconf",    "-m",
                                         "512",  "--no-pci",  "--no-telemetry", prefix};
        std::array<char*, 8> arguments{};
        for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
        if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
            std::fprintf(stderr, "rte_eal_init: %s\n", rte_strerror(rte_errno));
            std::abort();
        }
        sched_setaffinity(0, sizeof before, &before);
    }
    ~Eal() { rte_eal_cleanup(); }
    Eal(const Eal&) = delete;
    Eal& operator=(const Eal&) = delete;
};

}  // namespace tierwall::support
