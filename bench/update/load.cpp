// SPDX-License-Identifier: Apache-2.0
#include "bench/update/measures.hpp"
#include "bench/update/openings.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kGroups = 8;
constexpr std::uint32_t kSwapFlows = 1u << 16;
constexpr std::uint32_t kChurnFlows = 1'000'000;
/// Room for all flows though the table is filled unevenly.
constexpr std::uint32_t kFlowsMax = 1u << 21;
constexpr std::size_t kSurveyed = 4000;
constexpr std::size_t kFramesWanted = 1000;
constexpr double kOfCapacity = 0.9;
constexpr double kSlice_s = 0.8;
constexpr int kSlices = 15;
constexpr std::uint64_t kChange_ns = 10'000'000;  ///< 100 changes a second

double elapsed_s(std::uint64_t start_ns) { return static_cast<double>(now_ns() - start_ns) * 1e-9; }

/// A stream of flows of which some groups depend on policies that can be opened and closed.
class Stream {
public:
    Stream(Rig& rig, const Population& population, std::uint64_t seed)
        : rig_(rig), generated_{population, {}}, seed_(seed) {}

    /// Finds flows and opens every other group. Requires: nothing is shown yet.
    base::Status prepare(std::uint32_t frames_a_group);
    void start(std::uint32_t flows, std::uint64_t rate);
    void stop() { rig_.board().load_rate.store(0); }

    /// Opens a group that is closed, or closes it, and publishes that.
    base::Status toggle(std::uint32_t group);
    /// What was published is enforced now.
    void settle();
    std::uint32_t open() const { return open_; }
    Board& board() { return rig_.board(); }

private:
    void expect(Expectation expectation);

    Rig& rig_;
    const Generated generated_;
    const std::uint64_t seed_;
    std::optional<Openings> openings_;
    std::vector<Opening> groups_;
    std::uint32_t open_ = 0;
    std::uint32_t changing_ = 0;
};

void Stream::expect(Expectation expectation) {
    board().expected_version.fetch_add(1, std::memory_order_acq_rel);
    board().expected.store(word_of(expectation), std::memory_order_release);
    board().expected_version.fetch_add(1, std::memory_order_acq_rel);
}

base::Status Stream::prepare(std::uint32_t frames_a_group) {
    Traffic traffic(generated_, seed_);
    auto proposals = traffic.pick(kSurveyed, [&](const Connection& each) {
        // Only what pods send; what comes back is no stream of its own.
        return each.source.is_v4() && each.protocol == 6;
    });
    for (Connection& each : proposals) each.source_port = 9'999;
    const std::vector<bool> allowed = rig_.survey(proposals);
    std::vector<ShownFrame> frames;
    for (std::size_t i = 0; i < proposals.size() && frames.size() < kFramesWanted; ++i) {
        if (allowed[i]) frames.push_back(frame_of(proposals[i], kPodsPort));
    }
    if (frames.empty()) return base::Error{base::Errc::NotFound, "flows", "none is allowed"};

    openings_.emplace(rig_.objects(), seed_);
    std::set<std::string> used;
    for (std::uint32_t number = 0; groups_.size() < kGroups && number < 1000; ++number) {
        Opening opening = openings_->make(Way::KnownPeer, number);
        if (!used.insert(opening.open.key.path()).second) continue;
        rig_.show_probes({&opening.frame, 1});
        if (rig_.wait_seen(0, Seen::Denied, 1) == 0) continue;
        opening.frame.group = static_cast<std::uint8_t>(groups_.size() + 1);
        for (std::uint32_t i = 0; i < frames_a_group; ++i) frames.push_back(opening.frame);
        groups_.push_back(std::move(opening));
    }
    rig_.hide_probes();
    if (groups_.size() != kGroups) {
        return base::Error{base::Errc::NotFound, "policies", "too few can be opened"};
    }
    Board& shown = board();
    std::copy(frames.begin(), frames.end(), shown.load_frame.begin());
    shown.load_frames.store(static_cast<std::uint32_t>(frames.size()), std::memory_order_release);
    for (std::uint32_t group = 0; group < kGroups; group += 2) {
        TW_TRY(toggled, toggle(group));
        TW_TRY(acked, rig_.wait_acked());
        settle();
    }
    std::vector<ShownFrame> probes;
    for (const Opening& each : groups_) probes.push_back(each.frame);
    rig_.show_probes(probes);
    return base::Done{};
}

void Stream::start(std::uint32_t flows, std::uint64_t rate) {
    board().load_flows.store(flows);
    board().load_rate.store(rate, std::memory_order_release);
}

base::Status Stream::toggle(std::uint32_t group) {
    const std::uint32_t bit = 1u << group;
    changing_ |= bit;
    expect({open_, changing_});
    if ((open_ & bit) == 0) {
        openings_->open(rig_, groups_[group]);
    } else {
        openings_->close(rig_, groups_[group]);
    }
    open_ ^= bit;
    return rig_.publish();
}

void Stream::settle() {
    changing_ = 0;
    expect({open_, 0});
}

/// Packets a second, judged in so many seconds.
double judged_rate(Board& board, double seconds) {
    const std::uint64_t before = board.load_judged.load();
    const std::uint64_t start = now_ns();
    ::usleep(static_cast<useconds_t>(seconds * 1e6));
    return static_cast<double>(board.load_judged.load() - before) / elapsed_s(start);
}

struct Losses {
    std::uint64_t offered = 0;
    std::uint64_t overflow = 0;
    std::uint64_t wrong = 0;
};
Losses losses(const Board& board) {
    const std::uint64_t overflow = board.load_overflow.load();
    return {board.load_judged.load() + overflow, overflow, board.load_wrong.load()};
}
Losses operator-(const Losses& a, const Losses& b) {
    return {a.offered - b.offered, a.overflow - b.overflow, a.wrong - b.wrong};
}
Figures::Json json_of(const Losses& losses) {
    return {{"offered", losses.offered},
            {"not_taken", losses.overflow},
            {"judged_wrong", losses.wrong}};
}

base::Status measure_swaps(const Setting& setting, Figures& figures) {
    figures.say("swap_lost: a cluster is loaded");
    TW_TRY(loaded, load_cluster(setting, kFlowsMax));
    Rig& rig = *loaded.rig;
    rig.leave_workers_core();
    Stream stream(rig, loaded.population, setting.shape.seed);
    TW_TRY(prepared, stream.prepare(8));
    Board& board = rig.board();
    stream.start(kSwapFlows, Board::kFlatOut);
    judged_rate(board, 1);
    std::vector<double> capacities;
    for (int i = 0; i < 5; ++i) capacities.push_back(judged_rate(board, 0.5));
    const double capacity = quantile(capacities, 0.5);
    const auto rate = static_cast<std::uint64_t>(kOfCapacity * capacity);
    std::vector<double> lost;
    Figures::Json details = {{"target", "0"},
                             {"capacity_pps", capacity},
                             {"offered_pps", rate},
                             {"flows", kSwapFlows},
                             {"queue", board.load_queue.load()}};
    const int swaps = figures.quick() ? 200 : 1000;
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("swap_lost: run " + std::to_string(run + 1));
        stream.start(kSwapFlows, rate);
        ::usleep(100'000);
        const Losses before = losses(board);
        const std::uint64_t start = now_ns();
        for (int i = 0; i < swaps; ++i) {
            TW_TRY(toggled, stream.toggle(static_cast<std::uint32_t>(i) % kGroups));
            TW_TRY(acked, rig.wait_acked());
            stream.settle();
        }
        const double took_s = elapsed_s(start);
        const Losses during = losses(board) - before;
        const Losses rest = losses(board);
        ::usleep(static_cast<useconds_t>(took_s * 1e6));
        const Losses quiet = losses(board) - rest;
        stream.stop();
        lost.push_back(static_cast<double>(during.overflow + during.wrong));
        details["runs"].push_back({{"swaps", swaps},
                                   {"seconds", took_s},
                                   {"swapping", json_of(during)},
                                   {"quiet", json_of(quiet)}});
    }
    figures.put("swap_lost", lost, std::move(details));
    return base::Done{};
}

/// A slice with a change every 10 ms; adds how long each took, answers with packets a second.
base::Result<double> churning_slice(Stream& stream, Rig& rig, std::vector<double>& latencies_ms) {
    std::vector<std::uint64_t> changed_at(kGroups, 0);
    const auto take = [&](std::uint32_t group) {
        if (changed_at[group] == 0) return;
        const Probe& probe = rig.board().probe[group];
        const bool open = (stream.open() >> group & 1) != 0;
        const bool seen = (probe.seen.load(std::memory_order_acquire) == Seen::Allowed) == open;
        const std::uint64_t at = probe.changed_ns.load();
        // What is not enforced by the time it changes again counts as that long at least.
        const std::uint64_t until = seen && at > changed_at[group] ? at : now_ns();
        latencies_ms.push_back(static_cast<double>(until - changed_at[group]) * 1e-6);
    };
    const std::uint64_t before = rig.board().load_judged.load();
    const std::uint64_t start = now_ns();
    std::uint64_t next = start;
    for (std::uint32_t i = 0; elapsed_s(start) < kSlice_s; ++i) {
        const std::uint32_t group = i % kGroups;
        take(group);
        changed_at[group] = now_ns();
        TW_TRY(toggled, stream.toggle(group));
        next += kChange_ns;
        const std::uint64_t now = now_ns();
        if (now < next) ::usleep(static_cast<useconds_t>((next - now) / 1000));
    }
    const double rate =
        static_cast<double>(rig.board().load_judged.load() - before) / elapsed_s(start);
    TW_TRY(acked, rig.wait_acked());
    stream.settle();
    ::usleep(3'000);
    for (std::uint32_t group = 0; group < kGroups; ++group) take(group);
    return rate;
}

base::Status measure_churn(const Setting& setting, Figures& figures) {
    figures.say("churn_ratio: a cluster is loaded");
    TW_TRY(loaded, load_cluster(setting, kFlowsMax));
    Rig& rig = *loaded.rig;
    rig.leave_workers_core();
    Stream stream(rig, loaded.population, setting.shape.seed);
    TW_TRY(prepared, stream.prepare(1));
    Board& board = rig.board();
    stream.start(kChurnFlows, Board::kFlatOut);
    for (int i = 0; i < 120 && board.load_judged.load() < 3 * kChurnFlows; ++i) {
        judged_rate(board, 0.5);
    }
    std::vector<double> ratios;
    std::vector<double> latencies_ms;
    Figures::Json details = {{"target", ">= 0.90"}, {"flows", kChurnFlows}};
    for (int run = 0; run < figures.runs(); ++run) {
        figures.say("churn_ratio: run " + std::to_string(run + 1));
        std::vector<double> quiet;
        std::vector<double> churning;
        const std::size_t changes_before = latencies_ms.size();
        for (int slice = 0; slice < (figures.quick() ? 5 : kSlices); ++slice) {
            quiet.push_back(judged_rate(board, kSlice_s));
            TW_TRY(rate, churning_slice(stream, rig, latencies_ms));
            churning.push_back(rate);
        }
        ratios.push_back(quantile(churning, 0.5) / quantile(quiet, 0.5));
        details["runs"].push_back({{"quiet_pps", quantile(quiet, 0.5)},
                                   {"churn_pps", quantile(churning, 0.5)},
                                   {"changes", latencies_ms.size() - changes_before}});
    }
    details["change_ms"] = distribution(latencies_ms);
    stream.stop();
    figures.put("churn_ratio", ratios, std::move(details));
    return base::Done{};
}

}  // namespace

base::Status measure_load(const Setting& setting, Figures& figures) {
    if (figures.wants("swap_lost")) {
        TW_TRY(swaps, measure_swaps(setting, figures));
    }
    if (figures.wants("churn_ratio")) {
        TW_TRY(churn, measure_churn(setting, figures));
    }
    return base::Done{};
}

}  // namespace tierwall::bench
