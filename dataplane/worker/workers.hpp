// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Workers: the threads that run the loops.
///
/// A worker is bound to a core of its own when the process has more cores than workers; otherwise
/// the kernel places it, because a busy worker would starve what else lives on its core.
///
/// Threads: one control thread.
/// Memory:  a stack a worker.
/// Cost:    stop() waits for the longest sleep and the burst at hand.

#include "dataplane/worker/loop.hpp"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace tierwall::worker {

class Workers {
public:
    explicit Workers(std::vector<std::unique_ptr<Loop>> loops);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    void start();
    void stop();
    bool running() const noexcept { return !threads_.empty(); }
    /// The core a worker is bound to, or -1.
    int core(std::uint32_t worker) const noexcept { return cores_[worker]; }

private:
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<int> cores_;
    std::vector<std::thread> threads_;
};

}  // namespace tierwall::worker
