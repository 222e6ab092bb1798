// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Board: memory that the two processes share: which packets the dataplane is to be shown, and what
/// its worker made of them.
///
/// Probes are shown over and over, a round every probe_round_us; each says when its verdict last
/// became another. Load is a stream of many flows, at a rate or as fast as the worker takes it, and
/// is only counted.
///
/// Threads: one measuring process writes what is to be shown, the dataplane's worker the rest.
/// Memory:  about two megabytes, shared.
/// Cost:    a few loads a poll.

#include "dataplane/base/result.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace tierwall::bench {

inline constexpr std::size_t kShownBytesMax = 60;

/// A frame, and the port of the wire at which it arrives.
struct ShownFrame {
    std::array<std::uint8_t, kShownBytesMax> bytes{};
    std::uint8_t length = 0;
    std::uint8_t port = 0;         ///< kPodsPort or kUplinkPort
    std::uint8_t source_port = 0;  ///< where in the frame its transport source port is
    std::uint8_t group = 0;        ///< load: what its verdict depends on; 0: it is always allowed
};
inline constexpr std::uint8_t kPodsPort = 0;
inline constexpr std::uint8_t kUplinkPort = 1;

enum class Seen : std::uint32_t { Nothing, Denied, Allowed };

struct alignas(64) Probe {
    ShownFrame frame;
    std::atomic<Seen> seen{Seen::Nothing};
    std::atomic<std::uint32_t> judged{0};
    /// CLOCK_MONOTONIC, when `seen` last became another: after the packet had left, or before the
    /// worker asked for the next ones.
    std::atomic<std::uint64_t> changed_ns{0};
};

/// What load is allowed: groups 1..32 are bits.
struct Expectation {
    std::uint32_t open = 0;      ///< groups that are allowed
    std::uint32_t changing = 0;  ///< groups that may be either just now
};
constexpr std::uint64_t word_of(Expectation expectation) {
    return std::uint64_t{expectation.changing} << 32 | expectation.open;
}

struct Board {
    static constexpr std::size_t kProbesMax = 4096;
    static constexpr std::size_t kLoadFramesMax = 4096;

    std::atomic<std::uint32_t> probes{0};  ///< shown: the first so many
    std::atomic<std::uint32_t> probe_round_us{50};
    std::array<Probe, kProbesMax> probe;

    // Load: flow i is frame i % load_frames, from source port first + i / load_frames.
    std::atomic<std::uint32_t> load_frames{0};
    std::atomic<std::uint32_t> load_flows{0};
    std::atomic<std::uint32_t> load_queue{4096};  ///< packets that may wait to be taken
    std::atomic<std::uint64_t> load_rate{0};      ///< packets a second; 0: none, kFlatOut
    static constexpr std::uint64_t kFlatOut = UINT64_MAX;
    std::array<ShownFrame, kLoadFramesMax> load_frame;
    /// Counts up before and after each change of `expected`.
    std::atomic<std::uint64_t> expected_version{0};
    std::atomic<std::uint64_t> expected{0};  ///< word_of()

    // By the worker.
    alignas(64) std::atomic<std::uint64_t> load_judged{0};
    std::atomic<std::uint64_t> load_allowed{0};
    std::atomic<std::uint64_t> load_overflow{0};  ///< never taken: the queue was full
    std::atomic<std::uint64_t> load_wrong{0};     ///< judged otherwise than expected
    std::atomic<std::uint32_t> ready{0};          ///< ports are open
};

/// A Board in a file descriptor that a child process inherits.
class SharedBoard {
public:
    static base::Result<SharedBoard> create();
    static base::Result<SharedBoard> open(int descriptor);
    ~SharedBoard();
    SharedBoard(SharedBoard&& other) noexcept;
    SharedBoard& operator=(SharedBoard&&) = delete;

    Board& operator*() const { return *board_; }
    Board* operator->() const { return board_; }
    int descriptor() const { return descriptor_; }

private:
    SharedBoard(int descriptor, Board* board) : descriptor_(descriptor), board_(board) {}
    int descriptor_;
    Board* board_;
};

/// CLOCK_MONOTONIC, which all processes share.
std::uint64_t now_ns() noexcept;

}  // namespace tierwall::bench
