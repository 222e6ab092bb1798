// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Numbers assigned by IANA and IEEE that several folders use.

#include <cstdint>

namespace tierwall::base {

inline constexpr std::uint8_t kIpIcmp = 1;
inline constexpr std::uint8_t kIpTcp = 6;
inline constexpr std::uint8_t kIpUdp = 17;
inline constexpr std::uint8_t kIpIcmpv6 = 58;
inline constexpr std::uint8_t kIpSctp = 132;

inline constexpr std::uint16_t kEtherIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherArp = 0x0806;
inline constexpr std::uint16_t kEtherIpv6 = 0x86dd;
inline constexpr std::uint16_t kEtherVlan = 0x8100;
inline constexpr std::uint16_t kEtherQinQ = 0x88a8;

}  // namespace tierwall::base
