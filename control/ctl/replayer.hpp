// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Replayer: plays the steps of a flow case through what tierwall-sync and tierwalld run.
///
/// One store, one compiler, one enforcer and one packet path live for the whole story, as in a
/// running pair of programs; what a step changes is published as the difference to what was in
/// force. Only the clock is the story's own.
///
/// Every pod has a port of its own, nodes and everybody else come from the uplink.
///
/// Requires: an Eal.
/// Threads: one.
/// Memory:  a cluster's tables, and a flow for each packet at most.
/// Cost:    for tools; an advance costs about 0.1 us a second.

#include "control/agent/enforcer.hpp"
#include "control/compile/compiler.hpp"
#include "control/ctl/flow_case.hpp"
#include "control/kube/store.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/worker/pipeline.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace tierwall::ctl {

class Replayer {
public:
    /// What became of a packet, and what decided it.
    struct Seen {
        base::Action action = base::Action::Deny;
        base::Reason reason = base::Reason::Malformed;
        std::string tier;
        std::string policy;       ///< empty: no rule decided
        std::int32_t rule = -1;   ///< -1: isolation, when there is a policy
        std::size_t changed = 0;  ///< resources that a publication added, changed or removed

        bool allowed() const { return action == base::Action::Allow; }
    };

    /// Publishes what the case begins with. Fails: as Enforcer and Pipeline do, and when an object
    /// blocks enforcement.
    static base::Result<std::unique_ptr<Replayer>> create(const FlowCase& flow_case);

    /// Requires: a step that needs no DNS. Fails: NotFound or Invalid for an end that is not there;
    /// as create() for objects.
    base::Result<Seen> play(const CaseStep& step);

private:
    explicit Replayer(const FlowCase& flow_case) : family_(flow_case.family) {}
    base::Status start(const FlowCase& flow_case);
    base::Result<std::size_t> publish();
    base::Result<PacketFields> addressed(const CasePacket& packet) const;
    base::Result<PacketFields> packet_of(const CaseStep& step) const;
    base::Result<Seen> send(const CaseStep& step);
    std::uint16_t port_of_pod(const std::string& pod);
    std::uint16_t port_of(const base::Address& source);
    void advance(std::uint32_t seconds);

    base::Family family_;
    kube::Store store_;
    compile::Compiler compiler_;
    proto::ResourceSet carried_;  ///< what the differences told the enforcer
    std::unique_ptr<agent::Enforcer> enforcer_;
    std::unique_ptr<worker::Pipeline> pipeline_;
    std::map<std::string, std::uint16_t> ports_;  ///< by pod
    std::uint64_t epoch_ = 0;
    std::uint64_t now_ms_ = 1000;
};

}  // namespace tierwall::ctl
