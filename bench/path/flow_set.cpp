// SPDX-License-Identifier: Apache-2.0
#include "bench/path/flow_set.hpp"

#include "dataplane/io/spread.hpp"

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

base::Status FlowSet::establish(Bed& bed, Firewall& firewall) {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        Share& share = shares_[worker];
        const auto pass = [&](auto&& part) {
            for (std::uint16_t port = 0; port < kPorts; ++port) {
                bed.feed(port, worker).show_once(part(port), kSmallest);
            }
            firewall.drain(worker);
        };
        const Tally before = firewall.tally(worker);
        pass([&](std::uint16_t port) { return share.openings(port); });
        pass([&](std::uint16_t port) { return share.replies(port); });
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            set_flags(share.frames[port].all(), kAck);
        }
        pass([&](std::uint16_t port) { return share.openings(port); });
        const Tally done = firewall.tally(worker) - before;
        const std::size_t flows = of_worker(worker);
        if (done.created != flows || done.established != 2 * flows || done.sent != 3 * flows) {
            return base::Error{base::Errc::Io, "traffic",
                               "of " + std::to_string(flows) + " connections " +
                                   std::to_string(done.created) + " were opened, and " +
                                   std::to_string(done.established) + " of " +
                                   std::to_string(2 * flows) + " packets belonged to them"};
        }
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            share.frames[port].shuffle(worker * kPorts + port + 1u);
            bed.feed(port, worker).hide();
        }
    }
    return base::Done{};
}

void FlowSet::show(Bed& bed, std::uint16_t frame_length) noexcept {
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        for (std::uint16_t port = 0; port < kPorts; ++port) {
            bed.feed(port, worker).show(shares_[worker].frames[port].all(), frame_length);
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
