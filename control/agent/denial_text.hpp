// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// denial_text: one denied packet, or one that an audited policy would have denied, as a line for
/// people.
///
///     denied tcp shop/client (10.244.1.12) -> payments/db (10.244.2.11):5432: policy_deny by
///     Admin ClusterNetworkPolicy/guard rule 1 "keep-out" (ingress), from port p2
///     audit: would deny tcp shop/client ... and so on
///
/// Names are those of the moment of telling, some tenths of a second after the packet.
///
/// Threads: the control thread.
/// Memory:  the text.
/// Cost:    three look-ups by hash.

#include "control/agent/enforcer.hpp"
#include "dataplane/verdict/event_ring.hpp"

#include <string>

namespace tierwall::agent {

/// `port` is the name of the port that the packet came from.
std::string denial_text(const verdict::Event& event, const std::string& port,
                        const Enforcer& enforcer);

}  // namespace tierwall::agent
