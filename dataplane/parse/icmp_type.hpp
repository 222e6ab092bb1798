// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// ICMP types that more than one folder asks about.
///
/// Threads: any; constants.
/// Memory:  none.
/// Cost:    none.

#include <cstdint>

namespace tierwall::parse {

namespace icmp_type {
inline constexpr std::uint8_t kRedirect = 5;
inline constexpr std::uint8_t kRouterAdvertisement = 9;
}  // namespace icmp_type

namespace icmpv6_type {
inline constexpr std::uint8_t kMldQuery = 130;
inline constexpr std::uint8_t kMldDone = 132;
inline constexpr std::uint8_t kRouterSolicitation = 133;
inline constexpr std::uint8_t kRouterAdvertisement = 134;
inline constexpr std::uint8_t kNeighbourSolicitation = 135;
inline constexpr std::uint8_t kNeighbourAdvertisement = 136;
inline constexpr std::uint8_t kRedirect = 137;
inline constexpr std::uint8_t kMldv2Report = 143;
}  // namespace icmpv6_type

/// Multicast listener discovery.
constexpr bool is_mld(std::uint8_t type) noexcept {
    return (type >= icmpv6_type::kMldQuery && type <= icmpv6_type::kMldDone) ||
           type == icmpv6_type::kMldv2Report;
}

}  // namespace tierwall::parse
