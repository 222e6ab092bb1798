// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Loop: the one control thread, and how other threads have it do something.
///
/// Everything that touches the Enforcer runs here: applying snapshots, answering status queries,
/// freeing what is no longer used. So nothing of that needs a lock.
///
/// Threads: run() by the control thread; the others by any.
/// Memory:  the jobs that wait, at most kJobsMax.
/// Cost:    two hand-overs a job, some ten microseconds.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace tierwall::agent {

class Loop {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kJobsMax = 1024;

    /// Runs the job on the control thread and waits for it. False when the loop is closed or too
    /// many wait; then the job has not run and never will. Requires: not on the control thread.
    bool call(const std::function<void()>& job);

    /// Does jobs until `until` has come or close() was called; false once it is closed.
    bool run(Clock::time_point until);

    /// Jobs that wait are dropped, run() returns.
    void close();
    bool is_closed() const;

private:
    struct Job {
        const std::function<void()>* work = nullptr;
        bool done = false;
        bool dropped = false;
    };
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::condition_variable finished_;
    std::deque<Job*> jobs_;
    bool closed_ = false;
};

}  // namespace tierwall::agent
