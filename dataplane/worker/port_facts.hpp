// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PortFacts: what judging a packet takes of the port it came in at.
///
/// Threads: any; values.
/// Memory:  4 bytes a port.
/// Cost:    none.

#include <cstddef>
#include <cstdint>

namespace tierwall::worker {

enum class Side : std::uint8_t { Pods, Uplink };

struct PortFacts {
    Side side = Side::Uplink;
    std::uint16_t mtu = 1500;
    /// Configuration says which addresses live here: it claims no others.
    bool reserved = false;
    /// Of a wire, whose pods side is a whole node with its own addresses. In switch mode a node
    /// that is not tied to a port is at the uplink.
    bool wire = false;
};

/// All uplink ports are one place: the same address may arrive at any of them. This is the number
/// that uplink addresses are bound to in the address map.
inline constexpr std::uint16_t kUplinkOrigin = 0xfe;

/// A flow keeps a place in one byte; 0xff stands for none.
inline constexpr std::size_t kPortsMax = kUplinkOrigin;

}  // namespace tierwall::worker
