// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Bindings: which addresses live behind which port, seen from the port, and where link-local
/// addresses live.
///
/// The address map knows the port of an address; a flooded packet needs the other way round: the
/// pods behind a port.
///
/// Threads: any worker, at once; the workers of one process share one object.
/// Memory:  24 bytes an address, allocated by the constructor; kPodsPerPortMax a port.
/// Cost:    one scan of the port's addresses, not on the path of established flows.

#include "dataplane/base/address.hpp"
#include "dataplane/worker/link_locals.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace tierwall::worker {

inline constexpr std::size_t kPodsPerPortMax = 8;

/// An address that one thread may write while others read.
class SharedAddress {
public:
    /// Nothing when it is empty or just being written.
    std::optional<base::Address> read() const noexcept;
    /// Replaces the value if it still is `expected` (nothing: empty). False: somebody else did.
    bool write(const std::optional<base::Address>& expected, const base::Address& value) noexcept;

private:
    std::atomic<std::uint32_t> sequence_{0};  ///< 0 empty, odd while being written
    std::atomic<std::uint64_t> high_{0};
    std::atomic<std::uint64_t> low_{0};
};

class Bindings {
public:
    using Pods = std::array<base::Address, kPodsPerPortMax>;

    explicit Bindings(std::size_t ports);

    /// Notes that `pod` lives behind `port`. False when there is no room.
    bool add_pod(std::uint16_t port, const base::Address& pod) noexcept;
    /// Puts `pod` in the place of one that went. False when `gone` was no longer there.
    bool replace_pod(std::uint16_t port, const base::Address& gone,
                     const base::Address& pod) noexcept;
    /// The pods behind `port`; answers how many.
    std::size_t pods(std::uint16_t port, Pods& pods) const noexcept;
    /// From now on the list of this port is not all of its pods.
    void set_incomplete(std::uint16_t port) noexcept;
    bool incomplete(std::uint16_t port) const noexcept;

    LinkLocals& link_locals() noexcept { return link_locals_; }

private:
    struct Port {
        std::array<SharedAddress, kPodsPerPortMax> pods;
        std::atomic<bool> incomplete{false};
    };
    std::unique_ptr<Port[]> ports_;
    std::size_t ports_count_;
    LinkLocals link_locals_;
};

}  // namespace tierwall::worker
