// SPDX-License-Identifier: Apache-2.0
#include "control/push/roll.hpp"

#include <utility>

namespace tierwall::push {

void Roll::note(Event event) {
    if (events_.size() >= kEventsMax) {
        ++events_lost_;
        return;
    }
    events_.push_back(std::move(event));
    changed_.notify_all();
}

void Roll::report(bool force) {
    if (progress_.reported) return;
    Event event{.kind = Event::Kind::Enforced};
    std::string behind;
    for (const auto& [id, row] : rows_) {
        if (row.dataplane.empty()) continue;
        ++event.connected;
        if (row.acked_epoch >= progress_.epoch) {
            ++event.enforcing;
        } else if (event.connected - event.enforcing <= 3) {
            behind += (behind.empty() ? "waiting for " : ", ") + row.dataplane;
        }
    }
    const bool all = event.connected == event.enforcing;
    if (!all && !force) return;
    progress_.reported = all;
    event.epoch = progress_.epoch;
    event.changed = progress_.changed;
    event.what = behind;
    event.elapsed_ms =
        std::chrono::duration<double, std::milli>(Clock::now() - progress_.changed_at).count();
    note(std::move(event));
}

void Roll::enter(std::uint64_t id, std::string peer) {
    const std::lock_guard lock(mutex_);
    rows_[id].peer = std::move(peer);
}

void Roll::greet(std::uint64_t id, const std::string& dataplane, const std::string& scope,
                 const std::string& has) {
    const std::lock_guard lock(mutex_);
    Row& row = rows_[id];
    row.dataplane = dataplane;
    row.scope = scope;
    note({.kind = Event::Kind::Connected, .dataplane = dataplane, .peer = row.peer, .what = has});
}

void Roll::acked(std::uint64_t id, std::uint64_t epoch, const char* how) {
    const std::lock_guard lock(mutex_);
    Row& row = rows_[id];
    row.acked_epoch = epoch;
    if (row.acks++ == 0) {
        note({.kind = Event::Kind::Acknowledged,
              .dataplane = row.dataplane,
              .peer = row.peer,
              .what = how,
              .epoch = epoch});
    }
    report(false);
}

void Roll::nacked(std::uint64_t id, Event refused) {
    const std::lock_guard lock(mutex_);
    Row& row = rows_[id];
    ++row.nacks;
    refused.kind = Event::Kind::Refused;
    refused.dataplane = row.dataplane;
    refused.peer = row.peer;
    note(std::move(refused));
}

void Roll::leave(std::uint64_t id, const std::string& why) {
    const std::lock_guard lock(mutex_);
    const auto row = rows_.find(id);
    if (row == rows_.end()) return;
    note({.kind = Event::Kind::Disconnected,
          .dataplane = row->second.dataplane,
          .peer = row->second.peer,
          .what = why});
    rows_.erase(row);
    report(false);
}

void Roll::published(std::uint64_t epoch, std::size_t changed, Clock::time_point changed_at) {
    const std::lock_guard lock(mutex_);
    report(true);
    progress_ = {.epoch = epoch, .changed = changed, .changed_at = changed_at, .reported = false};
    report(false);
}

std::vector<Roll::Row> Roll::rows() const {
    const std::lock_guard lock(mutex_);
    std::vector<Row> out;
    for (const auto& [id, row] : rows_) {
        if (!row.dataplane.empty()) out.push_back(row);
    }
    return out;
}

std::deque<Event> Roll::take(Clock::time_point until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return woken_ || !events_.empty(); });
    woken_ = false;
    if (!progress_.reported && !progress_.late && Clock::now() - progress_.changed_at > kLate) {
        progress_.late = true;
        report(true);
    }
    return std::exchange(events_, {});
}

void Roll::wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
}

std::uint64_t Roll::events_lost() const {
    const std::lock_guard lock(mutex_);
    return events_lost_;
}

}  // namespace tierwall::push
