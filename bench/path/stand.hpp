// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Stand: one set of flows in front of one firewall, ready to be measured in turns with others.
///
/// Threads: one control thread, which is also the measuring one.
/// Memory:  the flow table and 128 bytes a flow for frames.
/// Cost:    opening: three packets a flow.

#include "bench/path/enforced.hpp"
#include "bench/path/flow_set.hpp"
#include "bench/path/results.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tierwall::bench {

/// Different pairs of ends at most; with more flows each pair has several.
inline constexpr std::size_t kConnectionsMax = 1u << 18;

/// What a stand needs and does not own.
struct Ground {
    Bed& bed;
    Enforced& enforced;
    std::span<const Connection> connections;
};

/// Rules, tables, flows and the rest, as they stand beside a result.
Results::Json conditions(const Enforced& enforced, std::size_t flows);

/// Packets of open connections.
class EstablishedStand {
public:
    static base::Result<std::unique_ptr<EstablishedStand>> open(const Ground& ground,
                                                                std::string name,
                                                                std::size_t flows);
    const std::string& name() const { return name_; }
    std::size_t flows() const { return set_->size(); }
    Contender contender(std::uint16_t frame_length = kSmallest);
    Contender base_contender(std::uint16_t frame_length = kSmallest);
    /// Fails: Io when a packet did not belong to an open connection or was not sent on.
    base::Status check() const;

    std::uint64_t packets() const { return packets_; }
    /// Of both heaps, while packets were judged.
    std::uint64_t allocations() const { return allocations_; }
    std::size_t bytes_per_flow() const { return firewall_->pipeline(0).flows().bytes_per_flow(); }

private:
    EstablishedStand(Bed& bed, std::string name) : bed_(bed), name_(std::move(name)) {}
    Slice run(double seconds, std::uint16_t frame_length);
    void show(std::uint16_t frame_length);

    Bed& bed_;
    std::string name_;
    std::unique_ptr<Firewall> firewall_;
    std::unique_ptr<FlowSet> set_;
    std::uint16_t frame_length_ = kSmallest;
    Tally before_;
    std::uint64_t packets_ = 0;
    std::uint64_t allocations_ = 0;
};

/// First packets of connections that nobody knows yet. Between two rounds the table is emptied.
class NewFlowsStand {
public:
    static base::Result<std::unique_ptr<NewFlowsStand>> open(const Ground& ground, std::string name,
                                                             std::size_t flows);
    const std::string& name() const { return name_; }
    Contender contender();
    Contender base_contender();
    /// Fails: Io when a packet did not open a connection.
    base::Status check() const;

private:
    NewFlowsStand(Bed& bed, std::string name) : bed_(bed), name_(std::move(name)) {}
    Slice run(double seconds);

    Bed& bed_;
    std::string name_;
    std::unique_ptr<Firewall> firewall_;
    std::unique_ptr<FlowSet> set_;
    Tally before_;
    std::uint64_t packets_ = 0;
};

}  // namespace tierwall::bench
