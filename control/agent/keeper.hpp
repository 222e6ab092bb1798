// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Keeper: stores acknowledged snapshots in the background, the latest one at most once a second.
///
/// A disk is slower than a stream of epochs. Of those that come while one is written, only the last
/// is written next; after a crash the disk is at most about a second behind what was enforced.
///
/// Threads: keep() by any; writes on a thread of its own.
/// Memory:  shares the bodies of the snapshot that waits.
/// Cost:    keep() copies a ResourceSet, which is cheap.

#include "control/agent/store.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace tierwall::agent {

class Keeper {
public:
    using Log = std::function<void(const std::string&)>;

    /// `log` hears of failures.
    Keeper(Store store, Log log, std::chrono::milliseconds pause = std::chrono::milliseconds(1000));
    /// Writes what still waits.
    ~Keeper();

    void keep(const proto::ResourceSet& resources, std::uint64_t epoch);
    /// Epoch of the last one that is safely on disk, 0 for none.
    std::uint64_t stored_epoch() const;
    /// Why the last try failed; empty when it did not.
    std::string error() const;

private:
    void run();

    const Store store_;
    const Log log_;
    const std::chrono::milliseconds pause_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Stored> waiting_;
    std::uint64_t stored_epoch_ = 0;
    std::string error_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace tierwall::agent
