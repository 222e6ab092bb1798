// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Deal: to which of many workers the connections of a generated cluster belong.
///
/// Asked twice, and for both directions: of the product, with a frame in hand, and of a network
/// card, as the standard for receive-side scaling describes one that was given the product's key
/// and indirection table. All four answers must be one.
///
/// Threads: one.
/// Memory:  8 bytes a connection.
/// Cost:    about a microsecond a connection.

#include "bench/cluster/traffic.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tierwall::bench {

struct Deal {
    std::vector<std::uint32_t> owner;  ///< of each connection
    std::size_t same_both_ways = 0;    ///< the product gives both directions to one worker
    std::size_t same_by_card = 0;      ///< and the card, too, and to the same one
    std::uint32_t workers = 0;
};
/// Requires: workers is 1 to io::kSpreadEntries.
Deal deal(std::span<const Connection> connections, std::uint32_t workers);

/// The queue where a card puts a packet with these addresses.
std::uint32_t card_queue(const base::Address& source, const base::Address& destination,
                         std::uint32_t queues);

/// What each worker gets, over the mean.
struct Balance {
    double max_over_mean = 0;
    double min_over_mean = 0;
    double largest_connection = 0;  ///< part of the whole
};
/// `weights`: how many packets a connection has, to any scale.
Balance balance(const Deal& deal, std::span<const double> weights);

/// Weight 1/rank, ranks at random: few connections have most packets.
std::vector<double> heavy_tail(std::size_t connections, std::uint64_t seed);

}  // namespace tierwall::bench
