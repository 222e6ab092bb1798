// SPDX-License-Identifier: Apache-2.0
#include "bench/update/dataplane_process.hpp"

#include "bench/update/board.hpp"
#include "bench/update/presenter.hpp"
#include "control/agent/config.hpp"
#include "control/agent/daemon.hpp"
#include "control/agent/loop.hpp"
#include "dataplane/io/eal.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

namespace tierwall::bench {
namespace {

constexpr const char* kPodsDevice = "net_null_pods";
constexpr const char* kUplinkDevice = "net_null_uplink";

agent::Config daemon_config(const DataplaneOptions& options) {
    agent::Config config;
    // Without huge pages, so that all memory is seen where the kernel tells how much a process has.
    config.eal = {"--no-huge",
                  "--no-shconf",
                  "-m",
                  "4096",
                  "--no-pci",
                  "--no-telemetry",
                  "--file-prefix=tierwall-bench-" + std::to_string(::getpid())};
    config.dataplane.ports = {
        {.name = "pods", .device = kPodsDevice, .side = worker::Side::Pods, .pod = {}},
        {.name = "uplink", .device = kUplinkDevice, .side = worker::Side::Uplink, .pod = {}}};
    config.dataplane.flows_max = options.flows;
    config.sync.path = options.sync;
    config.state_dir = options.folder + "/state";
    config.name = "bench";
    config.log_denied_per_s = 0;
    return config;
}

base::Status serve_board(const DataplaneOptions& options, Board& board, agent::Loop& loop) {
    const agent::Config config = daemon_config(options);
    TW_TRY(eal, io::start_eal(config.eal));
    Presenter presenter(board);
    {
        const bool verbose = options.verbose;
        TW_TRY(daemon, agent::Daemon::create(config, "bench", loop, [verbose](const auto& text) {
                   if (verbose) std::fprintf(stderr, "dataplane: %s\n", text.c_str());
               }));
        TW_TRY(attached, presenter.attach(kPodsDevice, kUplinkDevice));
        daemon->start();
        board.ready.store(1, std::memory_order_release);
        daemon->run();
    }
    io::stop_eal();
    return base::Done{};
}

}  // namespace

int run_dataplane(const DataplaneOptions& options) {
    // It must not outlive whoever measures.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    agent::Loop loop;
    std::thread([&loop, ending] {
        int number = 0;
        sigwait(&ending, &number);
        loop.close();
    }).detach();
    auto board = SharedBoard::open(options.board);
    const base::Status served =
        board.ok() ? serve_board(options, **board, loop) : base::Status(board.error());
    if (!served.ok()) {
        std::fprintf(stderr, "dataplane: %s\n", served.error().text().c_str());
        return 1;
    }
    // The thread that waits for the signal may still hold the loop.
    std::fflush(nullptr);
    ::_exit(0);
}

}  // namespace tierwall::bench
