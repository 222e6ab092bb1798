// SPDX-License-Identifier: Apache-2.0
// tierwall-bench-micro: what single functions of the packet path cost. Options are those of Google
// Benchmark (--help).
#include "bench/path/core.hpp"
#include "dataplane/io/eal.hpp"

#include <benchmark/benchmark.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

/// Under valgrind there are no huge pages, though the kernel says so.
bool may_use_hugepages() {
    return std::getenv("TIERWALL_NO_HUGE") == nullptr && tierwall::io::hugepages_free();
}

std::vector<std::string> eal_arguments() {
    const std::string prefix = "--file-prefix=tierwall-micro-" + std::to_string(getpid());
    if (may_use_hugepages()) {
        return {"--in-memory", "--iova-mode=va", "--no-pci", prefix};
    }
    return {"--no-huge", "--no-shconf", "-m", "2048", "--no-pci", "--no-telemetry", prefix};
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    tierwall::bench::cores();  // before anything binds this thread
    if (const auto started = tierwall::io::start_eal(eal_arguments()); !started) {
        std::fprintf(stderr, "tierwall-bench-micro: %s\n", started.error().text().c_str());
        return 2;
    }
    tierwall::bench::sit_on_core(0);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
