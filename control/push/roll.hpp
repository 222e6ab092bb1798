// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Roll: which dataplanes are connected and what each enforces, and the progress of an epoch.
///
/// Threads: any; one lock, held for moments. Events are taken by one observer thread.
/// Memory:  one row a connection; kEventsMax waiting events, the rest are counted.
/// Cost:    O(connections) an acknowledgement.

#include "control/push/event.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tierwall::push {

class Roll {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kEventsMax = 4096;
    /// An epoch that not all enforce by then is reported as late.
    static constexpr std::chrono::milliseconds kLate{1000};

    struct Row {
        std::string dataplane;  ///< empty before Hello
        std::string peer;
        std::string scope;
        std::uint64_t acked_epoch = 0;
        std::uint64_t acks = 0;
        std::uint64_t nacks = 0;
    };

    void enter(std::uint64_t id, std::string peer);
    void greet(std::uint64_t id, const std::string& dataplane, const std::string& scope,
               const std::string& has);
    void acked(std::uint64_t id, std::uint64_t epoch, const char* how);
    void nacked(std::uint64_t id, Event refused);
    void leave(std::uint64_t id, const std::string& why);
    /// A new epoch is on its way; what the last one came to is reported when it was not yet.
    void published(std::uint64_t epoch, std::size_t changed, Clock::time_point changed_at);

    std::vector<Row> rows() const;
    /// Waits until there are events or `until` has come; adds lateness.
    std::deque<Event> take(Clock::time_point until);
    void wake();
    std::uint64_t events_lost() const;

private:
    struct Progress {
        std::uint64_t epoch = 0;
        std::size_t changed = 0;
        Clock::time_point changed_at;
        bool reported = true;
        bool late = false;
    };
    void note(Event event);
    void report(bool force);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Row> rows_;
    std::deque<Event> events_;
    std::uint64_t events_lost_ = 0;
    Progress progress_;
    bool woken_ = false;
};

}  // namespace tierwall::push
