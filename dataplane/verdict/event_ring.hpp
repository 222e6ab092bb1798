// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// EventRing: the denied packets of one worker, and those that an audited policy would have denied,
/// for whoever wants to read about them.
///
/// The worker writes and never waits: when the reader is slow, events are lost and counted, and
/// packets are not slowed down. Losing is the design; counters stay exact.
///
/// Threads: one writer (the worker), one reader (the control thread).
/// Memory:  64 bytes an event, allocated by create().
/// Cost:    one cache line written a denied packet.

#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/parse/headers.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace tierwall::verdict {

/// One packet that was denied, or let through only because a policy is audited.
struct Event {
    std::uint64_t time_ms = 0;  ///< of the clock that the worker judges by
    parse::Tuple tuple;         ///< as the packet had it
    base::Verdict verdict;
    std::uint16_t port = 0;  ///< where it came in
    bool audit = false;      ///< it was let through: `verdict` is what would have been
};
static_assert(sizeof(Event) == 64);

inline constexpr std::uint32_t kEventsMax = 1u << 20;

class EventRing {
public:
    /// Room for `events` (rounded up to a power of two). Fails: Limit above kEventsMax, and when
    /// the memory cannot be had.
    static base::Result<std::unique_ptr<EventRing>> create(std::uint32_t events);

    /// False when the ring is full: the event is lost. Worker.
    bool push(const Event& event) noexcept;
    /// Moves the oldest events into `events`; answers how many. Reader.
    std::size_t pop(std::span<Event> events) noexcept;

    std::size_t capacity() const noexcept { return mask_ + 1; }

private:
    EventRing(std::unique_ptr<Event[]> events, std::size_t capacity)
        : events_(std::move(events)), mask_(capacity - 1) {}

    std::unique_ptr<Event[]> events_;
    std::size_t mask_;
    alignas(64) std::atomic<std::uint64_t> written_{0};
    alignas(64) std::atomic<std::uint64_t> read_{0};
};

}  // namespace tierwall::verdict
