// SPDX-License-Identifier: Apache-2.0
#include "bench/path/flow_set.hpp"

#include "dataplane/io/spread.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace tierwall::bench {
namespace {

using namespace parse::tcp_flag;

/// Above the ports of services.
constexpr std::size_t kFirstSourcePort = 20'000;
constexpr std::size_t kSourcePorts = 40'000;
/// Connections that are opened at a time, of each port.
constexpr std::size_t kTogether = 1u << 15;

parse::Tuple flow_at(std::span<const Connection> connections, std::size_t number) {
    const Connection& each = connections[number % connections.size()];
    const std::size_t port = kFirstSourcePort + number / connections.size();
    return {each.source, each.destination, static_cast<std::uint16_t>(port), each.destination_port,
            each.protocol};
}

std::uint32_t owner_of(const parse::Tuple& tuple, std::uint16_t workers) {
    std::array<std::uint8_t, 8> pair;
    std::memcpy(pair.data(), tuple.source.bytes.data() + 12, 4);
    std::memcpy(pair.data() + 4, tuple.destination.bytes.data() + 12, 4);
    return io::spread_worker(io::spread_hash(pair.data(), 8), workers);
}

void set_flags(std::span<FrameBytes> frames, std::uint8_t flags) {
    for (FrameBytes& frame : frames) set_tcp_flags(frame, flags);
}

}  // namespace

base::Result<std::unique_ptr<FlowSet>> FlowSet::create(const Enforced& enforced,
                                                       std::span<const Connection> connections,
                                                       std::size_t flows, std::uint16_t workers) {
    if (connections.empty() || flows > connections.size() * kSourcePorts) {
        return base::Error{base::Errc::Invalid, "traffic",
                           "policy allows too few connections for " + std::to_string(flows)};
    }
    std::unique_ptr<FlowSet> set(new FlowSet(flows));
    set->shares_.resize(workers);
    std::vector<std::size_t> counts(workers);
    for (std::size_t i = 0; i < flows; ++i) {
        const parse::Tuple tuple = flow_at(connections, i);
        const std::uint32_t owner = owner_of(tuple, workers);
        ++counts[owner];
        ++set->shares_[owner].opened[enforced.port_of(tuple.source)];
    }
    std::vector<std::array<std::size_t, kPorts>> opening(workers);
    std::vector<std::array<std::size_t, kPorts>> reply(workers);
    for (std::uint16_t worker = 0; worker < workers; ++worker) {
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            TW_TRY(frames, Frames::create(counts[worker]));
            set->shares_[worker].frames.push_back(std::move(frames));
        }
        reply[worker] = set->shares_[worker].opened;
    }
    for (std::size_t i = 0; i < flows; ++i) {
        const parse::Tuple tuple = flow_at(connections, i);
        const std::uint32_t owner = owner_of(tuple, workers);
        const std::uint16_t port = enforced.port_of(tuple.source);
        Share& share = set->shares_[owner];
        write_frame(tuple, kSyn, share.frames[port].all()[opening[owner][port]++]);
        const std::uint16_t other = port ^ 1;
        write_frame(tuple.reversed(), kSyn | kAck,
                    share.frames[other].all()[reply[owner][other]++]);
    }
    return set;
}

base::Status FlowSet::establish(Bed& bed, Firewall& firewall, Order order) {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        TW_TRY(established, establish_share(bed, firewall, worker));
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            const std::uint64_t seed = worker * kPorts + port + 1u;
            Share& share = shares_[worker];
            if (order == Order::Mixed) {
                shuffle(share.frames[port].all(), seed);
            } else {
                shuffle(share.openings(port), seed);
                shuffle(share.replies(port), seed);
            }
            bed.feed(port, worker).hide();
        }
    }
    return base::Done{};
}

// Some at a time, as connections come about: half of a handshake is not kept for long.
base::Status FlowSet::establish_share(Bed& bed, Firewall& firewall, std::uint16_t worker) {
    Share& share = shares_[worker];
    const Tally before = firewall.tally(worker);
    const std::size_t most = std::max(share.opened[0], share.opened[1]);
    for (std::size_t first = 0; first < most; first += kTogether) {
        const auto part = [&](std::span<FrameBytes> all) {
            const std::size_t begin = std::min(first, all.size());
            return all.subspan(begin, std::min(kTogether, all.size() - begin));
        };
        const auto pass = [&](auto&& frames_of) {
            for (std::uint16_t port = 0; port < kPorts; ++port) {
                bed.feed(port, worker).show_once(part(frames_of(port)), kSmallest);
            }
            firewall.drain(worker);
        };
        const auto openings = [&](std::uint16_t port) { return share.openings(port); };
        pass(openings);
        // The answers to a port's openings come in at the other one, in the same order.
        pass([&](std::uint16_t port) { return share.replies(port); });
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            set_flags(part(share.openings(port)), kAck);
            set_flags(part(share.replies(port)), kAck);
        }
        pass(openings);
    }
    const Tally done = firewall.tally(worker) - before;
    const std::size_t flows = of_worker(worker);
    if (done.created != flows || done.established != 2 * flows || done.sent != 3 * flows) {
        return base::Error{base::Errc::Io, "traffic",
                           "of " + std::to_string(flows) + " connections " +
                               std::to_string(done.created) + " were opened, and " +
                               std::to_string(done.established) + " of " +
                               std::to_string(2 * flows) + " packets belonged to them"};
    }
    return base::Done{};
}

void FlowSet::set_length(std::uint16_t frame_length) noexcept {
    for (Share& share : shares_) {
        for (Frames& frames : share.frames) {
            for (FrameBytes& frame : frames.all()) set_frame_length(frame, frame_length);
        }
    }
}

void FlowSet::show(Bed& bed, std::uint16_t frame_length) noexcept {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            bed.feed(port, worker).show(shares_[worker].frames[port].all(), frame_length);
        }
    }
}

void FlowSet::show_originators(Bed& bed) noexcept {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            bed.feed(port, worker).show(shares_[worker].openings(port), kSmallest);
        }
    }
}

void FlowSet::show_openings(Bed& bed) noexcept {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            bed.feed(port, worker).show_once(shares_[worker].openings(port), kSmallest);
        }
    }
}

}  // namespace tierwall::bench
