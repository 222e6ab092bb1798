// SPDX-License-Identifier: Apache-2.0
#include "control/agent/keeper.hpp"

#include <utility>

namespace tierwall::agent {

Keeper::Keeper(Store store, Log log, std::chrono::milliseconds pause)
    : store_(std::move(store)), log_(std::move(log)), pause_(pause), thread_([this] { run(); }) {}

Keeper::~Keeper() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Keeper::keep(const proto::ResourceSet& resources, std::uint64_t epoch) {
    {
        const std::lock_guard lock(mutex_);
        waiting_ = Stored{resources, epoch};
    }
    changed_.notify_all();
}

std::uint64_t Keeper::stored_epoch() const {
    const std::lock_guard lock(mutex_);
    return stored_epoch_;
}

std::string Keeper::error() const {
    const std::lock_guard lock(mutex_);
    return error_;
}

void Keeper::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || waiting_; });
        if (!waiting_) return;
        const Stored next = *std::exchange(waiting_, std::nullopt);
        lock.unlock();
        const base::Status saved = store_.save(next.resources, next.epoch);
        if (!saved.ok()) log_("the snapshot could not be stored: " + saved.error().text());
        lock.lock();
        if (saved.ok()) stored_epoch_ = next.epoch;
        error_ = saved.ok() ? "" : saved.error().text();
        changed_.wait_for(lock, pause_, [this] { return stopping_; });
    }
}

}  // namespace tierwall::agent
