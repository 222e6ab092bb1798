// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// FlowCase: a story of packets and changes, as a case file of kind "flow" tells it.
///
/// docs/CLI.md describes the file. Everything is checked when it is read, except what depends on
/// the cluster of the moment: whether a pod that a packet names is there.
///
/// Threads: values.
/// Memory:  the file's objects.
/// Cost:    none on the packet path.

#include "control/ctl/probe_packet.hpp"
#include "control/kube/store.hpp"
#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::ctl {

/// One packet; its addresses are found when it is played.
struct CasePacket {
    std::string from;  ///< "namespace/pod" or an address
    std::string to;
    PacketFields fields;
    bool is_icmp_reply = false;
};

struct CaseStep {
    enum class Kind { Packet, IcmpError, SetPolicies, SetCluster, Advance, Dns };

    Kind kind = Kind::Packet;
    std::string words;  ///< what happens, for people
    std::uint32_t line = 0;
    std::string field;  ///< "steps[3]"

    // Packet, IcmpError.
    CasePacket packet;
    std::optional<CasePacket> quoted;  ///< what the error is about
    std::string via;                   ///< pod whose port it comes from, "uplink", or its sender's
    bool allow = true;                 ///< expected
    bool either = false;               ///< both are right
    std::string reason;                ///< expected too, when not empty

    kube::Contents objects;     ///< SetPolicies, SetCluster: all there are from now on
    std::uint32_t seconds = 0;  ///< Advance

    bool is_judged() const { return kind == Kind::Packet || kind == Kind::IcmpError; }
};

struct FlowCase {
    std::string file;
    std::string name;
    std::string basis;
    base::Family family = base::Family::IPv4;
    std::uint32_t pickup_s = 0;  ///< 0: the dataplane has been running for long
    kube::Contents cluster;
    kube::Contents policies;
    std::vector<CaseStep> steps;

    /// The first step that cannot be played without learning names from DNS answers.
    const CaseStep* needs_dns() const;
};

/// `file` is what errors call the text. Fails with the first thing that is wrong: `where` is
/// "file:line", and the words name the field.
base::Result<FlowCase> parse_flow_case(const std::string& text, const std::string& file);

}  // namespace tierwall::ctl
