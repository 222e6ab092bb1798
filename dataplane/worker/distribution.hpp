// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Distribution: which worker a frame belongs to.
///
/// The pair of IP addresses decides, without the ports: so both directions of a connection, its
/// later fragments and the ICMP errors about it (by the packet they quote) meet on one worker.
/// Frames that belong to no connection stay with the worker that received them.
///
/// Threads: any; a function of the frame's bytes.
/// Memory:  none.
/// Cost:    about 10 ns once the frame's first line is in the cache.

#include <cstdint>
#include <optional>
#include <span>

namespace tierwall::worker {

/// The symmetric hash of the frame's address pair; none when it is no readable IP packet.
/// Never reads outside `frame`.
std::optional<std::uint16_t> address_pair_hash(std::span<const std::uint8_t> frame) noexcept;

}  // namespace tierwall::worker
