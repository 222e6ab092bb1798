// SPDX-License-Identifier: Apache-2.0
#include "bench/spread/deal.hpp"

#include "bench/path/frames.hpp"
#include "dataplane/io/spread.hpp"
#include "dataplane/worker/distribution.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>

namespace tierwall::bench {
namespace {

constexpr std::size_t kIp = 14;
constexpr std::size_t kIpv6Transport = kIp + 40;
constexpr std::uint16_t kUdpBytes = 8;

/// As much of a frame as the hash looks at; all of the smallest UDP packet.
void write_v6(const Connection& connection, FrameBytes& frame) {
    frame.bytes.fill(0);
    frame.bytes[12] = 0x86;
    frame.bytes[13] = 0xdd;
    frame.bytes[kIp] = 0x60;
    frame.bytes[kIp + 5] = kUdpBytes;
    frame.bytes[kIp + 6] = 17;
    frame.bytes[kIp + 7] = 63;
    std::memcpy(&frame.bytes[kIp + 8], connection.source.bytes.data(), 16);
    std::memcpy(&frame.bytes[kIp + 24], connection.destination.bytes.data(), 16);
    frame.bytes[kIpv6Transport + 5] = kUdpBytes;
}

Connection reversed(const Connection& connection) {
    return {.source = connection.destination,
            .destination = connection.source,
            .protocol = connection.protocol,
            .destination_port = connection.source_port,
            .source_port = connection.destination_port};
}

std::optional<std::uint32_t> owner_of(const Connection& connection, std::uint32_t workers) {
    FrameBytes frame;
    if (connection.source.is_v4()) {
        write_frame({connection.source, connection.destination, connection.source_port,
                     connection.destination_port, connection.protocol},
                    parse::tcp_flag::kAck, frame);
    } else {
        write_v6(connection, frame);
    }
    const auto hash = worker::address_pair_hash(frame.bytes);
    if (!hash) return std::nullopt;
    return io::spread_worker(*hash, workers);
}

/// The addresses as they stand in the packet.
std::vector<std::uint8_t> hash_input(const base::Address& source,
                                     const base::Address& destination) {
    const std::size_t skipped = source.is_v4() ? 12 : 0;
    std::vector<std::uint8_t> out(source.bytes.begin() + skipped, source.bytes.end());
    out.insert(out.end(), destination.bytes.begin() + skipped, destination.bytes.end());
    return out;
}

/// Bit for bit, as cards are specified: for each bit that is set, the 32 bits of the key from there
/// on are added.
std::uint32_t toeplitz(std::span<const std::uint8_t> input) {
    const auto key_bit = [](std::size_t bit) { return io::kSpreadKey >> (15 - bit % 16) & 1u; };
    std::uint32_t hash = 0;
    for (std::size_t bit = 0; bit < 8 * input.size(); ++bit) {
        if ((input[bit / 8] & (0x80u >> (bit % 8))) == 0) continue;
        std::uint32_t window = 0;
        for (std::size_t i = 0; i < 32; ++i) window = window << 1 | key_bit(bit + i);
        hash ^= window;
    }
    return hash;
}

}  // namespace

std::uint32_t card_queue(const base::Address& source, const base::Address& destination,
                         std::uint32_t queues) {
    const std::uint32_t entry = toeplitz(hash_input(source, destination)) % io::kSpreadEntries;
    // What the product writes into the card's table.
    return io::spread_worker(static_cast<std::uint16_t>(entry), queues);
}

Deal deal(std::span<const Connection> connections, std::uint32_t workers) {
    Deal out;
    out.workers = workers;
    out.owner.reserve(connections.size());
    for (const Connection& there : connections) {
        const Connection back = reversed(there);
        const auto owner = owner_of(there, workers);
        out.owner.push_back(owner.value_or(0));
        if (!owner || owner_of(back, workers) != owner) continue;
        ++out.same_both_ways;
        const bool by_card = card_queue(there.source, there.destination, workers) == *owner &&
                             card_queue(back.source, back.destination, workers) == *owner;
        out.same_by_card += by_card;
    }
    return out;
}

Balance balance(const Deal& deal, std::span<const double> weights) {
    std::vector<double> shares(deal.workers);
    for (std::size_t i = 0; i < weights.size(); ++i) shares[deal.owner[i]] += weights[i];
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double mean = sum / deal.workers;
    return {*std::max_element(shares.begin(), shares.end()) / mean,
            *std::min_element(shares.begin(), shares.end()) / mean,
            *std::max_element(weights.begin(), weights.end()) / sum};
}

std::vector<double> heavy_tail(std::size_t connections, std::uint64_t seed) {
    std::vector<double> weights(connections);
    for (std::size_t i = 0; i < connections; ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
    Random random(seed);
    for (std::size_t left = connections; left > 1; --left) {
        std::swap(weights[left - 1], weights[random.below(static_cast<std::uint32_t>(left))]);
    }
    return weights;
}

}  // namespace tierwall::bench
