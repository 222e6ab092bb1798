// SPDX-License-Identifier: Apache-2.0
#include "bench/update/rig.hpp"

#include "bench/path/frames.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace tierwall::bench {
namespace {

constexpr double kAckMax_s = 120;
constexpr useconds_t kLook_us = 50;
/// Longer than any sleep of an idle worker.
constexpr useconds_t kWorkerLooks_us = 3'000;
/// The smallest frame, and where in it a transport header begins.
constexpr std::uint8_t kFrameBytes = 60;
constexpr std::uint8_t kSourcePortAt = 34;

double seconds_since(std::uint64_t start_ns) {
    return static_cast<double>(now_ns() - start_ns) * 1e-9;
}

}  // namespace

ShownFrame frame_of(const Connection& connection, std::uint8_t port) {
    constexpr std::uint8_t kSyn = 2;
    assert(connection.source.is_v4() && connection.destination.is_v4());
    FrameBytes bytes;
    write_frame({connection.source, connection.destination, connection.source_port,
                 connection.destination_port, connection.protocol},
                kSyn, bytes);
    ShownFrame frame;
    std::copy_n(bytes.bytes.begin(), kFrameBytes, frame.bytes.begin());
    frame.length = kFrameBytes;
    frame.port = port;
    frame.source_port = kSourcePortAt;
    return frame;
}

Rig::Rig(SharedBoard board, std::string folder)
    : board_(std::move(board)), folder_(std::move(folder)) {}

Rig::~Rig() {
    child_.reset();
    if (server_) server_->stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

base::Result<std::unique_ptr<Rig>> Rig::start(std::uint32_t flows, bool verbose) {
    TW_TRY(board, SharedBoard::create());
    std::string folder =
        (std::filesystem::temp_directory_path() / "tierwall-bench-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        return base::Error{base::Errc::Io, folder, "cannot be made"};
    }
    std::unique_ptr<Rig> rig(new Rig(std::move(board), folder));
    TW_TRY(opened, rig->open(flows, verbose));
    return rig;
}

base::Status Rig::open(std::uint32_t flows, bool verbose) {
    push::SnapshotServer::Options options;
    options.listen.path = folder_ + "/sync.sock";
    TW_TRY(server, push::SnapshotServer::start(options, [verbose](const push::Event& event) {
               if (verbose) std::fprintf(stderr, "source: %s\n", event.text().c_str());
           }));
    server_ = std::move(server);
    TW_TRY(child, Child::start({.board = board_.descriptor(),
                                .folder = folder_,
                                .sync = options.listen.path,
                                .flows = flows,
                                .verbose = verbose}));
    child_ = std::make_unique<Child>(std::move(child));
    const std::uint64_t start = now_ns();
    while (board_->ready.load(std::memory_order_acquire) == 0 || server_->dataplanes().empty()) {
        if (!child_->is_alive() || seconds_since(start) > kAckMax_s) {
            return base::Error{base::Errc::Io, "dataplane", "did not start"};
        }
        ::usleep(kWorkerLooks_us);
    }
    return base::Done{};
}

base::Status Rig::publish() {
    const std::uint64_t start = now_ns();
    TW_TRY(output, snapshots_.compile());
    compile_ms_ = static_cast<double>(now_ns() - start) * 1e-6;
    TW_TRY(published, server_->publish(std::move(output.resources), epoch_ + 1));
    ++epoch_;
    return base::Done{};
}

base::Status Rig::wait_acked() {
    for (const std::uint64_t start = now_ns(); seconds_since(start) < kAckMax_s;) {
        const auto rows = server_->dataplanes();
        if (!rows.empty() && rows.front().acked_epoch == epoch_) return base::Done{};
        if (!rows.empty() && rows.front().nacks != 0) {
            return base::Error{base::Errc::Invalid, "dataplane", "refuses what was compiled"};
        }
        ::usleep(kLook_us);
    }
    return base::Error{base::Errc::Io, "dataplane", "does not acknowledge"};
}

void Rig::leave_workers_core() {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof(cores), &cores) != 0 || CPU_COUNT(&cores) < 2) return;
    unsigned last = CPU_SETSIZE - 1;
    while (!CPU_ISSET(last, &cores)) --last;
    CPU_CLR(last, &cores);
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        const int thread = std::stoi(task.path().filename().string());
        ::sched_setaffinity(thread, sizeof(cores), &cores);
    }
}

void Rig::hide_probes() {
    board_->probes.store(0, std::memory_order_release);
    ::usleep(kWorkerLooks_us);
}

void Rig::show_probes(std::span<const ShownFrame> frames) {
    assert(frames.size() <= Board::kProbesMax);
    hide_probes();
    for (std::size_t i = 0; i < frames.size(); ++i) {
        Probe& probe = board_->probe[i];
        probe.frame = frames[i];
        probe.seen.store(Seen::Nothing, std::memory_order_relaxed);
        probe.judged.store(0, std::memory_order_relaxed);
    }
    board_->probes.store(static_cast<std::uint32_t>(frames.size()), std::memory_order_release);
}

std::uint64_t Rig::wait_seen(std::size_t number, Seen seen, double seconds) {
    const Probe& probe = board_->probe[number];
    for (const std::uint64_t start = now_ns(); seconds_since(start) < seconds;) {
        if (probe.seen.load(std::memory_order_acquire) == seen) {
            return probe.changed_ns.load(std::memory_order_relaxed);
        }
        ::usleep(kLook_us);
    }
    return 0;
}

std::vector<bool> Rig::survey(std::span<const Connection> connections) {
    std::vector<ShownFrame> frames;
    for (const Connection& each : connections) frames.push_back(frame_of(each, kPodsPort));
    show_probes(frames);
    std::vector<bool> allowed;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const Probe& probe = board_->probe[i];
        const std::uint64_t start = now_ns();
        while (probe.judged.load(std::memory_order_acquire) < 2 && seconds_since(start) < 10) {
            ::usleep(kLook_us);
        }
        allowed.push_back(probe.seen.load(std::memory_order_acquire) == Seen::Allowed);
    }
    hide_probes();
    return allowed;
}

}  // namespace tierwall::bench
