// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/bindings.hpp"

#include <cstring>
#include <span>

namespace tierwall::worker {
namespace {

base::Address from_words(std::uint64_t high, std::uint64_t low) noexcept {
    base::Address address;
    std::memcpy(address.bytes.data(), &high, 8);
    std::memcpy(address.bytes.data() + 8, &low, 8);
    return address;
}

bool contains(std::span<const SharedAddress> places, const base::Address& wanted) noexcept {
    for (const SharedAddress& place : places) {
        if (place.read() == wanted) return true;
    }
    return false;
}

bool add(std::span<SharedAddress> places, const base::Address& value) noexcept {
    if (contains(places, value)) return true;
    for (SharedAddress& place : places) {
        if (!place.read() && place.write(std::nullopt, value)) return true;
    }
    return false;
}

}  // namespace

std::optional<base::Address> SharedAddress::read() const noexcept {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    if (before == 0 || (before & 1) != 0) return std::nullopt;
    const std::uint64_t high = high_.load(std::memory_order_acquire);
    const std::uint64_t low = low_.load(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) != before) return std::nullopt;
    return from_words(high, low);
}

bool SharedAddress::write(const std::optional<base::Address>& expected,
                          const base::Address& value) noexcept {
    std::uint32_t before = sequence_.load(std::memory_order_acquire);
    if ((before & 1) != 0 || read() != expected) return false;
    // Whoever moves the sequence to an odd number is the only writer until it is even again.
    if (!sequence_.compare_exchange_strong(before, before + 1, std::memory_order_acq_rel)) {
        return false;
    }
    high_.store(value.high(), std::memory_order_release);
    low_.store(value.low(), std::memory_order_release);
    sequence_.store(before + 2, std::memory_order_release);
    return true;
}

Bindings::Bindings(std::size_t ports) : ports_(new Port[ports]), ports_count_(ports) {}

bool Bindings::add_pod(std::uint16_t port, const base::Address& pod) noexcept {
    return port < ports_count_ && add(ports_[port].pods, pod);
}

bool Bindings::replace_pod(std::uint16_t port, const base::Address& gone,
                           const base::Address& pod) noexcept {
    if (port >= ports_count_) return false;
    for (SharedAddress& place : ports_[port].pods) {
        if (place.write(gone, pod)) return true;
    }
    return false;
}

std::size_t Bindings::pods(std::uint16_t port, Pods& pods) const noexcept {
    std::size_t count = 0;
    if (port >= ports_count_) return 0;
    for (const SharedAddress& place : ports_[port].pods) {
        if (const auto pod = place.read()) pods[count++] = *pod;
    }
    return count;
}

void Bindings::set_incomplete(std::uint16_t port) noexcept {
    if (port < ports_count_) ports_[port].incomplete.store(true, std::memory_order_relaxed);
}

bool Bindings::incomplete(std::uint16_t port) const noexcept {
    return port < ports_count_ && ports_[port].incomplete.load(std::memory_order_relaxed);
}

}  // namespace tierwall::worker
