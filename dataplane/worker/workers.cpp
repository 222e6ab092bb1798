// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/workers.hpp"

#include <rte_lcore.h>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <string>
#include <utility>

namespace tierwall::worker {

namespace {

std::vector<int> allowed_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (pthread_getaffinity_np(pthread_self(), sizeof(set), &set) != 0) return cores;
    for (int core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
    return cores;
}

// The last cores: interrupts and everything else that is not told otherwise gather on the first.
std::vector<int> choose_cores(std::size_t workers) {
    const std::vector<int> allowed = allowed_cores();
    if (allowed.size() <= workers) return std::vector<int>(workers, -1);
    return {allowed.end() - static_cast<std::ptrdiff_t>(workers), allowed.end()};
}

void run(Loop& loop, std::uint32_t worker, int core) {
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(worker)).c_str());
    // The default slack of 50 us would double the shortest sleep.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<unsigned>(core), &set);
        pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    }
    // Gives the thread its caches in the mempools; without one it works, only slower.
    const bool registered = rte_thread_register() == 0;
    loop.run();
    if (registered) rte_thread_unregister();
}

}  // namespace

Workers::Workers(std::vector<std::unique_ptr<Loop>> loops)
    : loops_(std::move(loops)), cores_(loops_.size(), -1) {}

Workers::~Workers() { stop(); }

void Workers::start() {
    if (running()) return;
    cores_ = choose_cores(loops_.size());
    for (std::uint32_t worker = 0; worker < loops_.size(); ++worker) {
        loops_[worker]->allow();
        threads_.emplace_back(run, std::ref(*loops_[worker]), worker, cores_[worker]);
    }
}

void Workers::stop() {
    for (const auto& loop : loops_) loop->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

}  // namespace tierwall::worker
