// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Openings: small changes of policy whose effect one packet shows.
///
/// Each opens one port of one application, in one of the ways in which people do it, and can be
/// taken back.
///
/// Threads: values.
/// Memory:  copies of one policy.
/// Cost:    O(policies) to begin with.

#include "bench/cluster/random.hpp"
#include "bench/cluster/traffic.hpp"
#include "bench/update/rig.hpp"
#include "control/kube/decode.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::bench {

enum class Way : std::uint8_t {
    Block,        ///< a rule for a block of addresses that nobody spoke of before
    KnownPeer,    ///< a rule for pods that other policies speak of
    NewSelector,  ///< a rule for pods that nobody selected in this way before
    NewPolicy,    ///< a policy of its own, which goes again
};
inline constexpr std::uint32_t kWays = 4;

struct Opening {
    kube::Decoded open;
    std::optional<kube::Decoded> closed;  ///< nothing: the object goes
    ShownFrame frame;                     ///< allowed while it is open, otherwise denied
};

class Openings {
public:
    /// Chooses among the policies in force.
    Openings(const kube::Objects& objects, std::uint64_t seed);

    /// Requires: choices() not 0. Different numbers are different connections.
    Opening make(Way way, std::uint32_t number);
    std::size_t choices() const { return policies_.size(); }

    void open(Rig& rig, const Opening& opening) const { rig.put(opening.open); }
    void close(Rig& rig, const Opening& opening) const;

private:
    struct Choice {
        const kube::NetworkPolicy* policy = nullptr;
        base::Address subject;
    };
    Random random_;
    std::vector<Choice> policies_;
    base::Address ingress_;  ///< of a pod that no policy is about
};

}  // namespace tierwall::bench
