// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Traffic: connections that a generated cluster's pods would make, for generators of packets.
///
/// Proposals look like real traffic: neighbours in a namespace, DNS, the ingress, monitoring,
/// blocks outside, and some that nobody expects. Whether one is allowed is not decided here:
/// whoever picks asks what is enforced, Enforcer::ask() for example.
///
/// Threads: one each.
/// Memory:  a list of addresses, 32 bytes a pod.
/// Cost:    about 100 ns a proposal, plus the question.

#include "bench/cluster/cluster.hpp"
#include "bench/cluster/random.hpp"
#include "dataplane/base/address.hpp"

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

namespace tierwall::bench {

struct Connection {
    base::Address source;
    base::Address destination;
    std::uint8_t protocol = 6;
    std::uint16_t destination_port = 0;
    std::uint16_t source_port = 0;
    friend auto operator<=>(const Connection&, const Connection&) = default;
    friend bool operator==(const Connection&, const Connection&) = default;
};

struct ConnectionHash {
    std::size_t operator()(const Connection& connection) const noexcept {
        const std::uint64_t ports = std::uint64_t{connection.protocol} << 32 |
                                    std::uint64_t{connection.destination_port} << 16 |
                                    connection.source_port;
        std::uint64_t mix =
            connection.source.high() ^ std::rotl(connection.destination.high(), 7) ^ ports;
        mix = mix * 0x9e3779b97f4a7c15u + connection.source.low();
        mix = (mix ^ mix >> 32) * 0x9e3779b97f4a7c15u + connection.destination.low();
        return (mix ^ mix >> 32) * 0x9e3779b97f4a7c15u;
    }
};

class Traffic {
public:
    /// `generated` is only read here.
    Traffic(const Generated& generated, std::uint64_t seed);

    /// One that may or may not be allowed; source port 0. Both ends are of one family.
    Connection propose();

    /// Distinct ones (but for the source port) for which `wanted(const Connection&)` says yes;
    /// fewer than `count` when 50 times as many proposals did not do.
    template <typename Wanted>
    std::vector<Connection> pick(std::size_t count, Wanted&& wanted) {
        std::unordered_set<Connection, ConnectionHash> seen;
        std::vector<Connection> out;
        for (std::size_t tries = 50 * count; tries > 0 && out.size() < count; --tries) {
            const Connection proposal = propose();
            if (seen.insert(proposal).second && wanted(proposal)) out.push_back(proposal);
        }
        return out;
    }

    /// `count` different flows: the connections in turn, each time from another source port.
    /// Requires: connections, and at most 60,000 flows of each.
    static std::vector<Connection> flows(const std::vector<Connection>& connections,
                                         std::size_t count);

private:
    struct Place {
        const Space* space = nullptr;
        const App* app = nullptr;
        std::uint32_t first = 0;  ///< in ends_
    };
    struct End {
        base::Address v4;
        std::optional<base::Address> v6;
    };
    const End& end_of(const Place& place);
    const Place& place_in(std::size_t space);
    Connection between(const Place& from, const Place& to);
    Connection to_outside(const Place& from);

    const Population& population_;
    Random random_;
    std::vector<Place> places_;
    std::vector<std::size_t> first_place_;  ///< by space, and one behind the last
    std::vector<End> ends_;
    std::vector<base::Prefix> outside_;
};

}  // namespace tierwall::bench
