// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Traffic: one concrete packet between two ends, and which ports it is for.
///
/// A check that claims something about policies shows it by such a packet: it reads the policy rule
/// by rule, as the API describes it.
///
/// Threads: values; pure.
/// Memory:  borrows labels and ports.
/// Cost:    O(ports) a question.

#include "control/kube/cluster.hpp"
#include "control/policy/policy.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tierwall::lint {

/// A pod, a node, or an address of somebody else.
struct End {
    enum class Kind { Pod, Node, External };
    Kind kind = Kind::External;
    std::string namespace_name = {};
    kube::Labels namespace_labels = {};
    kube::Labels labels = {};
    std::vector<kube::ContainerPort> ports = {};
    std::vector<base::Address> addresses = {};  ///< any of them
    std::string owner = {};                     ///< "namespace/pod" of a pod that is there
    std::string domain = {};                    ///< a name that was seen to have its address
};

struct Traffic {
    const End* subject = nullptr;
    const End* peer = nullptr;
    base::Direction direction = base::Direction::Egress;
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;

    const End& destination() const {
        return direction == base::Direction::Egress ? *peer : *subject;
    }
};

/// Does a name of a rule stand for this one? "*.x.org" stands for one or more labels before x.org.
bool is_name_for(std::string_view name, std::string_view domain);

/// Is the packet for one of the rule's ports?
bool matches_ports(const policy::Rule& rule, const Traffic& traffic);

}  // namespace tierwall::lint
