// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Published<T>: one immutable object that workers read and the control thread replaces.
///
/// replace() swaps a pointer and retires the old object; reclaim(), called now and then, deletes
/// the retired ones that no worker can hold any more. Neither ever waits.
///
/// Threads: load() by online workers; everything else by one control thread.
/// Memory:  owns the current object and the retired ones.
/// Cost:    load() is one acquire load, once a burst.

#include "dataplane/worker/readers.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

namespace tierwall::worker {

template <typename T>
class Published {
public:
    explicit Published(Readers& readers) : readers_(readers) {}
    /// Requires: no worker is running.
    ~Published() { delete current_.load(std::memory_order_relaxed); }
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    /// Null before the first replace().
    const T* load() const noexcept { return current_.load(std::memory_order_acquire); }

    void replace(std::unique_ptr<const T> next) {
        const T* old = current_.exchange(next.release(), std::memory_order_acq_rel);
        if (old != nullptr) retired_.push_back({std::unique_ptr<const T>(old), readers_.start()});
    }

    /// Deletes what no worker can hold; answers how many retired objects still wait.
    std::size_t reclaim() {
        while (!retired_.empty() && readers_.passed(retired_.front().token)) retired_.pop_front();
        return retired_.size();
    }

    /// The oldest object that a worker may hold: the oldest retired one, else the current one.
    const T* oldest() const noexcept {
        return retired_.empty() ? load() : retired_.front().object.get();
    }

private:
    struct Retired {
        std::unique_ptr<const T> object;
        Readers::Token token;
    };
    Readers& readers_;
    std::atomic<const T*> current_{nullptr};
    std::deque<Retired> retired_;
};

}  // namespace tierwall::worker
