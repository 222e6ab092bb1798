// SPDX-License-Identifier: Apache-2.0
#include "bench/path/stand.hpp"

#include "bench/path/heap.hpp"

#include <utility>

namespace tierwall::bench {

Results::Json conditions(const Enforced& enforced, std::size_t flows) {
    return {{"rules", enforced.rules()},
            {"rows", enforced.rows()},
            {"tables", enforced.tables()},
            {"flows", flows},
            {"wire_bytes", 64},
            {"workers", 1}};
}

base::Result<std::unique_ptr<EstablishedStand>> EstablishedStand::open(const Ground& ground,
                                                                       std::string name,
                                                                       std::size_t flows) {
    std::unique_ptr<EstablishedStand> stand(new EstablishedStand(ground.bed, std::move(name)));
    const auto flows_max = static_cast<std::uint32_t>(flows + flows / 2);
    TW_TRY(firewall, Firewall::create(ground.bed, ground.enforced.enforcer(), flows_max));
    TW_TRY(set, FlowSet::create(ground.enforced, ground.connections, flows, 1));
    stand->firewall_ = std::move(firewall);
    stand->set_ = std::move(set);
    TW_TRY(established, stand->set_->establish(ground.bed, *stand->firewall_));
    stand->before_ = stand->firewall_->tally(0);
    return stand;
}

void EstablishedStand::show(std::uint16_t frame_length) {
    if (frame_length != frame_length_) set_->set_length(frame_length);
    frame_length_ = frame_length;
    set_->show(bed_, frame_length);
}

Slice EstablishedStand::run(double seconds, std::uint16_t frame_length) {
    show(frame_length);
    const std::uint64_t heap = heap_allocations();
    const std::uint64_t dpdk = dpdk_heap_blocks();
    const Slice slice = firewall_->run(0, seconds);
    allocations_ += heap_allocations() - heap;
    allocations_ += dpdk_heap_blocks() - dpdk;
    packets_ += slice.packets;
    return slice;
}

Contender EstablishedStand::contender(std::uint16_t frame_length) {
    return {name_, [this, frame_length](double seconds) { return run(seconds, frame_length); }};
}

Contender EstablishedStand::base_contender(std::uint16_t frame_length) {
    return {"base, " + name_, [this, frame_length](double seconds) {
                show(frame_length);
                return bed_.run_base(0, seconds);
            }};
}

base::Status EstablishedStand::check() const {
    const Tally done = firewall_->tally(0) - before_;
    if (done.established == packets_ && done.sent == packets_ && done.expired == 0) {
        return base::Done{};
    }
    return base::Error{base::Errc::Io, name_,
                       "of " + std::to_string(packets_) + " packets " +
                           std::to_string(done.established) + " were of open connections and " +
                           std::to_string(done.sent) + " were sent"};
}

base::Result<std::unique_ptr<NewFlowsStand>> NewFlowsStand::open(const Ground& ground,
                                                                 std::string name,
                                                                 std::size_t flows) {
    std::unique_ptr<NewFlowsStand> stand(new NewFlowsStand(ground.bed, std::move(name)));
    const auto flows_max = static_cast<std::uint32_t>(flows + flows / 2);
    TW_TRY(firewall, Firewall::create(ground.bed, ground.enforced.enforcer(), flows_max));
    TW_TRY(set, FlowSet::create(ground.enforced, ground.connections, flows, 1));
    stand->firewall_ = std::move(firewall);
    stand->set_ = std::move(set);
    stand->before_ = stand->firewall_->tally(0);
    return stand;
}

Slice NewFlowsStand::run(double seconds) {
    Slice sum;
    while (sum.wall_s < seconds) {
        firewall_->pipeline(0).forget_flows();
        set_->show_openings(bed_);
        const Slice round = firewall_->drain(0);
        sum.packets += round.packets;
        sum.cpu_s += round.cpu_s;
        sum.wall_s += round.wall_s;
    }
    packets_ += sum.packets;
    return sum;
}

Contender NewFlowsStand::contender() {
    return {name_, [this](double seconds) { return run(seconds); }};
}

Contender NewFlowsStand::base_contender() {
    return {"base, " + name_, [this](double seconds) {
                set_->show(bed_);
                return bed_.run_base(0, seconds);
            }};
}

base::Status NewFlowsStand::check() const {
    const Tally done = firewall_->tally(0) - before_;
    if (done.created == packets_ && done.sent == packets_) return base::Done{};
    return base::Error{base::Errc::Io, name_,
                       "of " + std::to_string(packets_) + " packets " +
                           std::to_string(done.created) + " opened a connection and " +
                           std::to_string(done.sent) + " were sent"};
}

}  // namespace tierwall::bench
