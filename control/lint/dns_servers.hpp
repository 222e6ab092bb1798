// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// DnsServers: can any peer of a rule be a DNS server, as far as the pods given show?
///
/// A no needs evidence. A pod that declares ports, and no DNS port among them, is none; one that
/// declares none is none only where the cluster's own DNS is among the pods given. Addresses,
/// nodes and pods of which none is given may be anything.
///
/// Threads: one.
/// Memory:  a few words a kind of pod, and a byte a set asked for.
/// Cost:    making one: O(pods); a question: O(peers), and once a set O(its members).

#include "control/lint/budget.hpp"
#include "control/lint/scene.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace tierwall::lint {

/// Is a port for DNS among these?
bool is_dns_port(std::uint16_t first, std::uint16_t last);

class DnsServers {
public:
    DnsServers(const Scene& scene, Budget& budget);

    /// True, too, when nobody knows.
    bool may_be_among(const policy::Rule& rule) const;

private:
    enum class Evidence : std::uint8_t { No, None, Yes };

    bool may_be_in(const policy::PodSet& set) const;
    bool look_at(const policy::PodSet& set, SetNumber number) const;
    bool are_all_given(const policy::PodSet& set) const;

    const Scene& scene_;
    Budget& budget_;
    bool knows_own_ = false;          ///< the cluster's DNS is among the pods given
    std::vector<Evidence> evidence_;  ///< of each kind of pod
    mutable std::map<SetNumber, bool> of_sets_;
};

}  // namespace tierwall::lint
