// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Probe: a question about the first packet of a connection, as a person writes it, and the
/// addresses it stands for.
///
/// Threads: values.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "control/kube/cluster.hpp"
#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::ctl {

struct Probe {
    std::string from;  ///< "namespace/pod" or an address
    std::string to;
    std::string protocol_name;  ///< as written
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;
    base::Family family = base::Family::IPv4;
    std::uint16_t source_port = 40000;
    std::optional<std::uint8_t> icmp_type;
    std::string place = {};  ///< "file:line"; empty where it is in none
};

/// The two ends of a probe.
struct Ends {
    base::Address source;
    base::Address destination;
};

/// "TCP", "UDP", "SCTP", "ICMP", "ICMPv6" in any case, or a number 0..255.
std::optional<std::uint8_t> parse_protocol(const std::string& word);

/// One JSON object a line; empty lines are skipped. `name` names the source in errors.
/// Fails: Invalid or Required, naming the line.
base::Result<std::vector<Probe>> parse_probes(const std::string& text, const std::string& name);

/// "tcp/80", "udp/53", "icmp", "47": fills protocol and port. Fails: Invalid.
base::Status parse_port(const std::string& word, Probe& probe);

/// Addresses of both ends in one family: the probe's, or else the one they have in common. A
/// hostNetwork pod stands for its node's address. Fails: NotFound, Invalid.
base::Result<Ends> resolve(const kube::Cluster& cluster, const Probe& probe);

/// A line for people about an end of a probe that is a pod which has terminated: no policy is about
/// it any more, and its address may be somebody else's, `owner`. Else empty.
std::string terminated_words(const kube::Cluster& cluster, const std::string& end,
                             const base::Address& address, const std::optional<std::string>& owner);

}  // namespace tierwall::ctl
