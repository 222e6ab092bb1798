// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/workers.hpp"

#include <rte_lcore.h>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// A worker that wakes goes before what has the core: to Linux a thread that asks for short slices
// is one that should run soon. Where the kernel knows no slices this changes nothing.
void ask_for_short_slices() {
    constexpr std::uint64_t kShortest_ns = 100'000;
    struct Attributes {  // as the kernel reads it; older libraries do not declare it
        std::uint32_t size = 48;
        std::uint32_t policy = 0;
        std::uint64_t flags = 0;
        std::int32_t nice = 0;
        std::uint32_t priority = 0;
        std::uint64_t runtime_ns = 0;
        std::uint64_t deadline_ns = 0;
        std::uint64_t period_ns = 0;
    };
    static_assert(sizeof(Attributes) == 48);
    Attributes attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
    if (attributes.policy != SCHED_OTHER) return;
    attributes.runtime_ns = kShortest_ns;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void run(Loop& loop, std::uint32_t worker, int core) {
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(worker)).c_str());
    // The default slack of 50 us would double the shortest sleep.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    ask_for_short_slices();
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
