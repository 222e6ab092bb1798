// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Engine: a compiled snapshot, loaded as tierwalld loads it, that answers single questions.
///
/// It has no policy of its own: either the published tables are asked (Tiers), or real packets go
/// through the packet path from parse to verdict (Packets). Messages of the link, such as neighbour
/// discovery, always go that way.
///
/// Threads: one.
/// Memory:  the snapshot and its tables, in memory of DPDK's that grows with the snapshot.
/// Cost:    for tools; a question is a few microseconds.

#include "control/agent/enforcer.hpp"
#include "control/ctl/eal.hpp"
#include "control/ctl/probe_packet.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "proto/resource_set.hpp"

#include <memory>
#include <string>

namespace tierwall::ctl {

/// Megabytes of DPDK memory that a snapshot of this size needs at most.
std::size_t megabytes_for(const proto::ResourceSet& resources);

class Engine {
public:
    enum class Kind { Tiers, Packets };

    struct Reply {
        base::Action action = base::Action::Deny;
        base::Reason reason = base::Reason::Malformed;
        bool judged = false;  ///< policy was asked; otherwise `reason` says why not
        base::Decision egress;
        base::Decision ingress;
        /// Of what is allowed: the denial that audited policies would make. Allow: none.
        base::Decision audit;
    };

    /// Requires: an Eal. Fails: as Enforcer and Pipeline do.
    static base::Result<std::unique_ptr<Engine>> create(Kind kind, const std::string& scope,
                                                        const proto::ResourceSet& resources,
                                                        bool own_node_egress = false);

    /// About the first packet of a connection, whatever was asked before.
    Reply ask(const PacketFields& packet);
    const agent::Enforcer& enforcer() const { return *enforcer_; }

private:
    Engine() = default;
    Reply ask_tiers(const PacketFields& packet) const;
    Reply ask_packets(const PacketFields& packet);
    std::uint16_t port_of(const base::Address& source) const;

    std::unique_ptr<agent::Enforcer> enforcer_;
    std::unique_ptr<worker::Pipeline> pipeline_;
    Kind kind_ = Kind::Tiers;
};

}  // namespace tierwall::ctl
