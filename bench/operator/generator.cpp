// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/generator.hpp"

#include "bench/operator/rings.hpp"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace tierwall::tester {
namespace {

constexpr std::uint16_t kBurstMax = 32;
/// How far behind its schedule a trial may be and still catch up.
constexpr double kArrears_s = 100e-6;
constexpr std::size_t kTimes = std::size_t{1} << 20;

void clear(rte_mempool*, void*, void* object, unsigned) {
    auto* mbuf = static_cast<rte_mbuf*>(object);
    std::memset(mbuf->buf_addr, 0, mbuf->buf_len);
}

/// Ticks of a clock that stands still while somebody else has the core.
class Stopwatch {
public:
    Stopwatch(const CoreWait& core, double hz)
        : core_(core), hz_(hz), known_ns_(core.waited_ns()), start_(rte_rdtsc()), last_(start_) {}

    std::uint64_t passed() noexcept {
        const std::uint64_t now = rte_rdtsc();
        // Only after a gap: to look costs a system call.
        if (static_cast<double>(now - last_) > kGap_s * hz_) {
            const std::uint64_t total_ns = core_.waited_ns();
            const double ticks = static_cast<double>(total_ns - known_ns_) * 1e-9 * hz_;
            waited_ += std::min(now - last_, static_cast<std::uint64_t>(ticks));
            known_ns_ = total_ns;
        }
        last_ = now;
        return now - start_ - waited_;
    }
    std::uint64_t waited() const noexcept { return waited_; }

private:
    static constexpr double kGap_s = 50e-6;
    const CoreWait& core_;
    const double hz_;
    std::uint64_t known_ns_;
    std::uint64_t start_;
    std::uint64_t last_;
    std::uint64_t waited_ = 0;
};

}  // namespace

Generator::Generator(const GeneratorOptions& options)
    : options_(options), hz_(static_cast<double>(rte_get_tsc_hz())), sent_at_(kTimes) {}

Generator::~Generator() {
    for (auto& port : ports_) port.reset();
    // What is still on its way belongs to this pool, but nobody looks at it any more.
    rte_mempool_free(sending_);
}

base::Result<std::unique_ptr<Generator>> Generator::create(const GeneratorOptions& options) {
    std::unique_ptr<Generator> generator(new Generator(options));
    TW_TRY(opened, generator->open());
    return generator;
}

base::Status Generator::open() {
    std::uint32_t held = 0;
    std::uint32_t frame_bytes = kSizeMax;
    for (std::size_t side = 0; side < kSides; ++side) {
        TW_TRY(port, io::Port::attach(side == kPods ? "tester-pods" : "tester-uplink",
                                      options_.devices[side]));
        held += port->mbufs_held(options_.workers);
        frame_bytes = std::max(frame_bytes, port->frame_bytes());
        ports_[side] = std::move(port);
    }
    // Sending has a pool of its own: nobody else ever writes into it, so that what is behind the
    // copied bytes of a frame stays zero.
    const auto room = static_cast<std::uint16_t>(frame_bytes + RTE_PKTMBUF_HEADROOM);
    sending_ = rte_pktmbuf_pool_create("tester-sending", held + options_.mbufs, 256, 0, room,
                                       SOCKET_ID_ANY);
    if (sending_ == nullptr) {
        return base::Error{base::Errc::Limit, "tester", "no memory for packets to be sent"};
    }
    rte_mempool_obj_iter(sending_, clear, nullptr);
    TW_TRY(pool, pools_.add(0, {.mbufs = held + 8192, .frame_bytes = frame_bytes}));
    const std::uint16_t queues = options_.many_queues ? options_.workers : std::uint16_t{1};
    for (auto& port : ports_) {
        TW_TRY(started, port->start(queues, pools_.of(0)));
    }
    return base::Done{};
}

std::uint16_t Generator::queue_of(std::uint8_t side, std::uint16_t worker) const noexcept {
    return options_.many_queues ? Rings::queue_of(side, worker, options_.workers)
                                : std::uint16_t{0};
}

// Streams advance alike, each in proportion to its frames.
Generator::Stream* Generator::least_advanced(std::vector<Stream>& streams) const noexcept {
    Stream* best = nullptr;
    double least = 0;
    for (Stream& stream : streams) {
        const double size = static_cast<double>(std::max<std::size_t>(stream.load->size(), 1));
        const double advanced = static_cast<double>(stream.sent) / size;
        if (best != nullptr && advanced >= least) continue;
        best = &stream;
        least = advanced;
    }
    return best;
}

void Generator::transmit(std::uint8_t side, std::uint16_t worker, std::span<rte_mbuf*> mbufs,
                         Trial& trial) noexcept {
    sent_at_[next_number_ % kTimes] = rte_rdtsc();
    const std::uint16_t taken = ports_[side]->send(queue_of(side, worker), mbufs);
    const auto left = static_cast<unsigned>(mbufs.size() - taken);
    if (left != 0) rte_pktmbuf_free_bulk(mbufs.data() + taken, left);
    trial.offered += options_.full_is_loss ? mbufs.size() : taken;
}

void Generator::send_burst(Stream& stream, std::uint16_t count, Trial& trial) noexcept {
    std::array<rte_mbuf*, kBurstMax> mbufs;
    if (rte_pktmbuf_alloc_bulk(sending_, mbufs.data(), count) != 0) return;
    for (std::uint16_t i = 0; i < count; ++i) {
        const Places places = stream.load->next(*mbufs[i]);
        put_stamp(rte_pktmbuf_mtod(mbufs[i], std::uint8_t*), places.stamp, next_number_);
    }
    stream.sent += count;
    transmit(stream.side, stream.worker, {mbufs.data(), count}, trial);
    ++next_number_;
}

std::uint64_t Generator::receive(Latency* latency) noexcept {
    std::uint64_t received = 0;
    std::array<rte_mbuf*, kBurstMax> mbufs;
    const double ns_per_tick = 1e9 / hz_;
    for (const auto& port : ports_) {
        for (std::uint16_t queue = 0; queue < port->rx_queues(); ++queue) {
            const std::uint16_t count = port->receive(queue, mbufs);
            if (count == 0) continue;
            const std::uint64_t now = rte_rdtsc();
            for (std::uint16_t i = 0; i < count; ++i) {
                const auto number = read_stamp({rte_pktmbuf_mtod(mbufs[i], const std::uint8_t*),
                                                rte_pktmbuf_data_len(mbufs[i])});
                if (!number || *number - first_number_ >= next_number_ - first_number_) continue;
                if (arrived_ != nullptr) {
                    const std::size_t place = *number - first_number_;
                    if ((*arrived_)[place]) continue;
                    (*arrived_)[place] = true;
                }
                ++received;
                if (latency == nullptr || next_number_ - *number > kTimes) continue;
                const auto ticks = static_cast<double>(now - sent_at_[*number % kTimes]);
                latency->record(static_cast<std::uint64_t>(ticks * ns_per_tick));
            }
            rte_pktmbuf_free_bulk(mbufs.data(), count);
        }
    }
    return received;
}

void Generator::settle(Trial& trial, Latency* latency) noexcept {
    const auto patience = static_cast<std::uint64_t>(options_.settle_s * hz_);
    for (std::uint64_t last = rte_rdtsc();
         trial.received < trial.offered && rte_rdtsc() - last < patience;) {
        const std::uint64_t received = receive(latency);
        if (received != 0) last = rte_rdtsc();
        trial.received += received;
    }
}

void Generator::offer(std::vector<Stream>& streams, double seconds, Trial& trial,
                      Latency* latency) {
    const double rate_tick = trial.wanted_pps / hz_;
    const double arrears = std::max(kArrears_s * trial.wanted_pps, 2.0 * kBurstMax);
    double skipped = 0;
    Stopwatch watch(core_, hz_);
    const auto length = static_cast<std::uint64_t>(seconds * hz_);
    for (std::uint64_t passed = 0; passed < length; passed = watch.passed()) {
        std::uint16_t count = kBurstMax;
        if (trial.wanted_pps > 0) {
            const double due =
                static_cast<double>(passed) * rate_tick - static_cast<double>(trial.offered);
            if (due - skipped > arrears) skipped = due - arrears;
            count = static_cast<std::uint16_t>(std::clamp(due - skipped, 0.0, double{kBurstMax}));
        }
        if (count != 0) send_burst(*least_advanced(streams), count, trial);
        trial.received += receive(latency);
    }
    trial.seconds = static_cast<double>(watch.passed()) / hz_;
    trial.tester_waited_s = static_cast<double>(watch.waited()) / hz_;
    trial.not_offered = static_cast<std::uint64_t>(skipped);
    trial.offered_pps = static_cast<double>(trial.offered) / trial.seconds;
}

Trial Generator::run(Loads& loads, double rate_pps, double seconds, Latency* latency) {
    std::vector<Stream> streams;
    for (std::uint8_t side = 0; side < kSides; ++side) {
        for (std::uint16_t worker = 0; worker < loads.workers(); ++worker) {
            Load& load = loads.of(side, worker);
            if (!load.empty()) streams.push_back({&load, side, worker, 0});
        }
    }
    Trial trial{.wanted_pps = rate_pps};
    if (streams.empty()) return trial;
    first_number_ = next_number_;
    const auto& waited_s = options_.firewall_waited_s;
    const double before_s = waited_s ? waited_s() : 0;
    offer(streams, seconds, trial, latency);
    settle(trial, latency);
    if (waited_s) trial.firewall_waited_s = waited_s() - before_s;
    return trial;
}

void Generator::deliver_round(const std::vector<std::uint32_t>& numbers, const Give& give,
                              double rate_pps, std::vector<bool>& arrived) {
    std::vector<bool> came(numbers.size());
    arrived_ = &came;
    first_number_ = next_number_;
    Trial trial;
    std::array<std::uint8_t, 2048> head;
    Stopwatch watch(core_, hz_);
    for (std::size_t i = 0; i < numbers.size();) {
        trial.received += receive(nullptr);
        const double due = static_cast<double>(watch.passed()) / hz_ * rate_pps;
        if (due < static_cast<double>(i)) continue;
        rte_mbuf* mbuf = rte_pktmbuf_alloc(sending_);
        if (mbuf == nullptr) continue;
        const Shipment shipment = give(numbers[i], head);
        auto* bytes = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
        std::memcpy(bytes, shipment.draft.head.data(), shipment.draft.head.size());
        mbuf->data_len = shipment.draft.length;
        mbuf->pkt_len = shipment.draft.length;
        put_stamp(bytes, shipment.draft.places.stamp, next_number_);
        transmit(shipment.side, shipment.worker, {&mbuf, 1}, trial);
        ++next_number_;
        ++i;
    }
    settle(trial, nullptr);
    arrived_ = nullptr;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (came[i]) arrived[numbers[i]] = true;
    }
}

std::vector<bool> Generator::deliver(std::size_t count, const Give& give, double rate_pps,
                                     unsigned rounds) {
    std::vector<bool> arrived(count);
    for (unsigned round = 0; round < rounds; ++round) {
        std::vector<std::uint32_t> missing;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (!arrived[i]) missing.push_back(i);
        }
        if (missing.empty()) break;
        deliver_round(missing, give, rate_pps / (1 << round), arrived);
    }
    return arrived;
}

}  // namespace tierwall::tester
