// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Is there such a packet? Nobody can say what policy decides about one that no host sends, or that
/// no link carries.
///
/// Threads: any; pure.
/// Memory:  one small packet.
/// Cost:    building and parsing it.

#include "control/ctl/probe.hpp"
#include "control/ctl/probe_packet.hpp"
#include "dataplane/base/result.hpp"

namespace tierwall::ctl {

/// The first packet of what is asked about.
PacketFields packet_of(const Probe& probe, const Ends& ends);

/// Fails: Invalid, naming the probe and its field.
base::Status check_sendable(const Probe& probe, const PacketFields& packet);

}  // namespace tierwall::ctl
