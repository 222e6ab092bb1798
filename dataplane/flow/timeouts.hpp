// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Timeouts: how long a flow may be silent before it ends.
///
/// Threads: any; values.
/// Memory:  a few bytes.
/// Cost:    none; Table turns them into one array at create().

#include <cstdint>

namespace tierwall::flow {

/// Times are kept in 16 bits and compared wrap-safely, so no timeout may exceed half their range.
inline constexpr std::uint16_t kTimeoutMax_s = 32767;

/// Each must be 1..kTimeoutMax_s.
struct Timeouts {
    std::uint16_t tcp_opening_s = 20;        ///< until both ends have answered
    std::uint16_t tcp_established_s = 7200;  ///< half-closed ones as well
    std::uint16_t tcp_closing_s = 300;       ///< after a RST of one end that may be forged
    std::uint16_t tcp_closed_s = 5;          ///< after both ends have closed
    std::uint16_t udp_single_s = 30;         ///< UDP and SCTP without an answer yet
    std::uint16_t udp_replied_s = 180;
    std::uint16_t icmp_s = 30;
    std::uint16_t sctp_s = 900;  ///< longer than several heartbeats (30 s and more)
    std::uint16_t other_s = 60;
};

}  // namespace tierwall::flow
