// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Flows: connections that policy allows, and their frames in every stage of their lives.
///
/// Threads: one control thread.
/// Memory:  40 bytes a connection.
/// Cost:    about 100 ns a frame.

#include "bench/operator/load.hpp"
#include "bench/operator/policies.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tierwall::tester {

/// A TCP handshake, or a packet each way; then both ends speak.
enum class Stage : std::uint8_t { Opening, Answer, Confirming, OpenForth, OpenBack };

class Flows {
public:
    struct Wish {
        std::size_t count = 0;
        std::uint16_t workers = 1;         ///< they share connections by their addresses
        std::optional<std::uint8_t> from;  ///< only what is opened from this side
        bool between_pods = false;         ///< no others' addresses
    };
    /// So many connections, those that policy allows in turn, each time from another source port.
    /// Fails: Invalid when policy allows too few.
    static base::Result<Flows> plan(const Policies& policies, const Wish& wish);

    std::size_t size() const noexcept { return flows_.size(); }
    std::size_t pairs() const noexcept { return pairs_; }
    std::uint16_t workers() const noexcept { return workers_; }
    /// `head` holds the draft's bytes, at least kHeadBytes.
    Shipment frame(std::size_t number, Stage stage, std::uint16_t size,
                   std::span<std::uint8_t> head) const noexcept;

    /// Packets of both ends of open connections, in an order of no meaning, and openings of other
    /// connections between the same ends; packets have `size` bytes on the wire.
    Loads open_loads(std::uint16_t size) const;
    /// One stage of all connections.
    Loads stage_loads(Stage stage) const;
    /// Only these go on.
    void keep(const std::vector<bool>& wanted);

private:
    struct Flow {
        parse::Tuple tuple;
        std::uint8_t side = kPods;
        std::uint16_t worker = 0;
    };
    std::vector<Flow> flows_;
    std::size_t pairs_ = 0;
    std::uint16_t workers_ = 1;
};

/// The worker that both directions belong to. Requires: IP addresses of one family.
std::uint16_t worker_of(const base::Address& a, const base::Address& b, std::uint16_t workers);

}  // namespace tierwall::tester
