// SPDX-License-Identifier: Apache-2.0
#include "bench/path/firewall.hpp"

#include "dataplane/worker/pipeline_config.hpp"

namespace tierwall::bench {

Tally operator-(const Tally& a, const Tally& b) {
    return {a.received - b.received, a.sent - b.sent, a.established - b.established,
            a.created - b.created, a.expired - b.expired};
}

base::Result<std::unique_ptr<Firewall>> Firewall::create(Bed& bed, agent::Enforcer& enforcer,
                                                         std::uint32_t flows_max) {
    std::unique_ptr<Firewall> firewall(new Firewall(bed, enforcer));
    worker::Pipeline::Config config = worker::pipeline_config(bed.fabric());
    config.flows_max = flows_max;
    // As after the first minute, when connections from before the start are no longer looked for.
    config.pickup_s = 0;
    // Flows wait while others have their turns; expiry goes on looking at all of them.
    config.timeouts.udp_replied_s = config.timeouts.tcp_established_s;
    const worker::Loop::World world{bed.fabric(), enforcer.published(), enforcer.readers(),
                                    enforcer.addresses()};
    for (std::uint16_t worker = 0; worker < bed.workers(); ++worker) {
        TW_TRY(pipeline, worker::Pipeline::create(config, enforcer.addresses()));
        firewall->pipelines_.push_back(std::move(pipeline));
        firewall->loops_.push_back(
            std::make_unique<worker::Loop>(world, worker, *firewall->pipelines_.back()));
    }
    return firewall;
}

Slice Firewall::run(std::uint16_t worker, double seconds) noexcept {
    worker::Loop& loop = *loops_[worker];
    const worker::Clock& time = bed_.fabric().clock();
    enforcer_.readers().online(worker);
    std::uint64_t packets = 0;
    const SliceClock clock;
    std::uint64_t now_us = time.now_us();
    for (const std::uint64_t end_us = now_us + static_cast<std::uint64_t>(seconds * 1e6);
         now_us < end_us; now_us = time.now_us()) {
        packets += loop.turn(now_us);
    }
    const Slice slice = clock.since(packets);
    enforcer_.readers().offline(worker);
    return slice;
}

Slice Firewall::drain(std::uint16_t worker) noexcept {
    worker::Loop& loop = *loops_[worker];
    const worker::Clock& time = bed_.fabric().clock();
    enforcer_.readers().online(worker);
    std::uint64_t packets = 0;
    const SliceClock clock;
    while (!bed_.is_drained(worker)) packets += loop.turn(time.now_us());
    const Slice slice = clock.since(packets);
    enforcer_.readers().offline(worker);
    return slice;
}

Tally Firewall::tally(std::uint16_t worker) const {
    const base::Counters& counters = pipelines_[worker]->counters();
    return {counters.rx_packets.read(), counters.tx_packets.read(),
            counters.of(base::Reason::Established).read(), counters.flows_created.read(),
            counters.flows_expired.read()};
}

}  // namespace tierwall::bench
