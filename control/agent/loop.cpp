// SPDX-License-Identifier: Apache-2.0
#include "control/agent/loop.hpp"

namespace tierwall::agent {

bool Loop::call(const std::function<void()>& job) {
    Job mine{.work = &job};
    std::unique_lock lock(mutex_);
    if (closed_ || jobs_.size() >= kJobsMax) return false;
    jobs_.push_back(&mine);
    arrived_.notify_one();
    finished_.wait(lock, [&mine] { return mine.done || mine.dropped; });
    return mine.done;
}

bool Loop::run(Clock::time_point until) {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (!arrived_.wait_until(lock, until, [this] { return closed_ || !jobs_.empty(); })) {
            return true;
        }
        if (closed_) return false;
        Job* job = jobs_.front();
        jobs_.pop_front();
        lock.unlock();
        (*job->work)();
        lock.lock();
        job->done = true;
        finished_.notify_all();
        if (Clock::now() >= until) return true;
    }
}

bool Loop::is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

void Loop::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (Job* job : jobs_) job->dropped = true;
    jobs_.clear();
    arrived_.notify_all();
    finished_.notify_all();
}

}  // namespace tierwall::agent
