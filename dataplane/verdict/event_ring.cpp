// SPDX-License-Identifier: Apache-2.0
#include "dataplane/verdict/event_ring.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace tierwall::verdict {

base::Result<std::unique_ptr<EventRing>> EventRing::create(std::uint32_t events) {
    if (events > kEventsMax) return base::Error{base::Errc::Limit, "events", "too many"};
    const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(events, 2));
    std::unique_ptr<Event[]> memory(new (std::nothrow) Event[capacity]);
    if (!memory) return base::Error{base::Errc::Limit, "events", "no memory"};
    return std::unique_ptr<EventRing>(new EventRing(std::move(memory), capacity));
}

bool EventRing::push(const Event& event) noexcept {
    const std::uint64_t written = written_.load(std::memory_order_relaxed);
    if (written - read_.load(std::memory_order_acquire) > mask_) return false;
    events_[written & mask_] = event;
    written_.store(written + 1, std::memory_order_release);
    return true;
}

std::size_t EventRing::pop(std::span<Event> events) noexcept {
    const std::uint64_t read = read_.load(std::memory_order_relaxed);
    const std::uint64_t waiting = written_.load(std::memory_order_acquire) - read;
    const std::size_t count = std::min<std::size_t>(events.size(), waiting);
    for (std::size_t i = 0; i < count; ++i) events[i] = events_[(read + i) & mask_];
    read_.store(read + count, std::memory_order_release);
    return count;
}

}  // namespace tierwall::verdict
