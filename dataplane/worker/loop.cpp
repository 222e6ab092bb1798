// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/loop.hpp"

#include "dataplane/io/spread.hpp"
#include "dataplane/worker/distribution.hpp"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <algorithm>
#include <ctime>

namespace tierwall::worker {

namespace {

std::span<const std::uint8_t> first_segment(const rte_mbuf* mbuf) noexcept {
    return {rte_pktmbuf_mtod(mbuf, const std::uint8_t*), mbuf->data_len};
}

}  // namespace

Loop::Loop(const World& world, std::uint32_t worker, Pipeline& pipeline)
    : world_(world),
      worker_(worker),
      workers_(world.fabric.workers()),
      pipeline_(pipeline),
      counters_(pipeline.counters()),
      forwarder_(world.fabric, worker, pipeline, world.addresses),
      queues_(world.fabric.queues_of(worker)),
      handoffs_(world.fabric.workers()) {}

void Loop::run() noexcept {
    world_.readers.online(worker_);
    while (!stopping_.load(std::memory_order_relaxed)) {
        const std::uint64_t now_us = world_.fabric.clock().now_us();
        if (turn(now_us) != 0) {
            idle_.busy(now_us);
        } else if (const std::uint32_t pause_us = idle_.pause_us(now_us); pause_us != 0) {
            sleep(pause_us);
        }
    }
    world_.readers.offline(worker_);
}

void Loop::sleep(std::uint32_t pause_us) noexcept {
    counters_.sleeps.add();
    world_.readers.offline(worker_);
    const timespec pause{.tv_sec = 0, .tv_nsec = static_cast<long>(pause_us) * 1000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    world_.readers.online(worker_);
}

std::size_t Loop::turn(std::uint64_t now_us) noexcept {
    const std::uint64_t now_ms = now_us / 1000;
    const bool is_new_ms = now_ms != now_ms_;
    now_ms_ = now_ms;
    snapshot_ = world_.snapshots.load();
    std::size_t moved = 0;
    for (const Fabric::Queue& queue : queues_) {
        moved += poll(queue);
        judge_full_bursts();
    }
    if (workers_ > 1) moved += take_handed_over();
    judge(gathered_count_);
    if (workers_ > 1) moved += send_for_others();
    forwarder_.flush();
    pipeline_.expire(now_ms);
    if (is_new_ms && worker_ == 0) {
        world_.fabric.macs().sweep(static_cast<std::uint32_t>(now_ms / 1000));
    }
    world_.readers.quiescent(worker_);
    return moved;
}

std::size_t Loop::poll(const Fabric::Queue& queue) noexcept {
    const std::span<rte_mbuf*> room = std::span(gathered_).subspan(gathered_count_, kBurst);
    const std::uint16_t count = world_.fabric.port(queue.port).receive(queue.queue, room);
    if (count == 0) return 0;
    std::uint64_t bytes = 0;
    for (rte_mbuf* mbuf : room.first(count)) {
        mbuf->port = queue.port;
        bytes += mbuf->pkt_len;
        rte_prefetch0(rte_pktmbuf_mtod(mbuf, const void*));
    }
    counters_.rx_packets.add(count);
    counters_.rx_bytes.add(bytes);
    if (workers_ == 1) {
        gathered_count_ += count;
    } else {
        keep_own(gathered_count_, count);
    }
    return count;
}

// Of the frames just received, keeps those whose connections live here and hands the others over.
void Loop::keep_own(std::size_t first, std::size_t count) noexcept {
    for (rte_mbuf* mbuf : std::span(gathered_).subspan(first, count)) {
        const auto hash = address_pair_hash(first_segment(mbuf));
        const std::uint32_t owner = hash ? io::spread_worker(*hash, workers_) : worker_;
        if (owner == worker_) {
            gathered_[gathered_count_++] = mbuf;
        } else {
            Handoff& handoff = handoffs_[owner];
            handoff.mbufs[handoff.count++] = mbuf;
        }
    }
    for (std::uint32_t worker = 0; worker < workers_; ++worker) {
        if (handoffs_[worker].count != 0) hand_over(worker);
    }
}

void Loop::hand_over(std::uint32_t worker) noexcept {
    Handoff& handoff = handoffs_[worker];
    const std::span<rte_mbuf*> mbufs(handoff.mbufs.data(), handoff.count);
    const std::uint32_t taken = world_.fabric.received(worker_, worker).push(mbufs);
    counters_.ring_hops.add(taken);
    const std::span<rte_mbuf*> left = mbufs.subspan(taken);
    counters_.of(base::Reason::WorkerFull).add(left.size());
    rte_pktmbuf_free_bulk(left.data(), static_cast<unsigned>(left.size()));
    handoff.count = 0;
}

std::size_t Loop::take_handed_over() noexcept {
    std::size_t taken = 0;
    for (std::uint32_t from = 0; from < workers_; ++from) {
        if (from == worker_) continue;
        const auto room = std::span(gathered_).subspan(gathered_count_, kBurst);
        const std::uint32_t count = world_.fabric.received(from, worker_).pop(room);
        gathered_count_ += count;
        taken += count;
        judge_full_bursts();
    }
    return taken;
}

std::size_t Loop::send_for_others() noexcept {
    std::size_t taken = 0;
    std::array<rte_mbuf*, kBurst> mbufs;
    for (std::uint32_t from = 0; from < workers_; ++from) {
        if (from == worker_ || !world_.fabric.hops_to_send()) continue;
        const std::uint32_t count = world_.fabric.leaving(from, worker_).pop(mbufs);
        for (rte_mbuf* mbuf : std::span(mbufs).first(count)) forwarder_.send(mbuf->port, mbuf);
        taken += count;
    }
    return taken;
}

void Loop::judge_full_bursts() noexcept {
    if (gathered_count_ >= kBurst) judge(kBurst);
}

// Judges and forwards the first `count` gathered frames; later ones move up.
void Loop::judge(std::size_t count) noexcept {
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
        const auto bytes = first_segment(gathered_[i]);
        frames_[i] = {.bytes = bytes.data(),
                      .length = static_cast<std::uint32_t>(bytes.size()),
                      .packet_length = gathered_[i]->pkt_len,
                      .port = gathered_[i]->port};
    }
    const auto judged_headers = std::span(headers_).first(count);
    const auto judged = std::span(outcomes_).first(count);
    const auto judged_frames = std::span(frames_).first(count);
    const Moment moment{snapshot_, now_ms_};
    pipeline_.decide(judged_frames, moment, judged_headers, judged);
    forwarder_.forward({.mbufs = std::span(gathered_).first(count),
                        .headers = judged_headers,
                        .outcomes = judged,
                        .snapshot = snapshot_,
                        .now_s = static_cast<std::uint32_t>(now_ms_ / 1000)});
    pipeline_.account(judged_frames, moment, judged_headers, judged);
    std::copy(gathered_.begin() + static_cast<std::ptrdiff_t>(count),
              gathered_.begin() + static_cast<std::ptrdiff_t>(gathered_count_), gathered_.begin());
    gathered_count_ -= count;
}

}  // namespace tierwall::worker
