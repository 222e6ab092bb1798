// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of trust send and expect, in the cluster of a World.
///
/// Threads: one test.
/// Memory:  values.
/// Cost:    not for measurements.

#include "test/unit/dataplane/worker/world.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace tierwall::worker::testing::trust {

inline constexpr base::Family kFamilies[] = {base::Family::IPv4, base::Family::IPv6};
inline constexpr support::Mac kMac{0x02, 0, 0, 0, 0, 0x01};
inline constexpr std::uint8_t kSolicitation = 135;
inline constexpr std::uint8_t kAdvertisement = 136;

inline constexpr std::uint8_t kSubject =
    identity::kEntryKnown | identity::kEntryPod | identity::kEntrySubject;

inline const Moved kCreated{{"flows_created", 1}};
inline const Expect kOpened{
    .reason = base::Reason::Policy, .tier = base::kTierDefault, .moved = kCreated};
inline const Expect kOutside{
    .reason = base::Reason::Policy, .tier = base::kTierNotSubject, .moved = kCreated};
inline const Expect kEstablished{.reason = base::Reason::Established};
inline const Expect kRejudged{.reason = base::Reason::Established,
                              .tier = base::kTierDefault,
                              .moved = {{"flows_rejudged", 1}}};
inline const Expect kSpoofed{.reason = base::Reason::SpoofedSource};
inline const Expect kUnknown{.reason = base::Reason::UnknownSource};
inline const Expect kNeighbour{.reason = base::Reason::NeighbourDiscovery};

inline support::Bytes datagram(const std::string& from, const std::string& to,
                               std::uint16_t port = 53) {
    return support::frame({.source = from, .destination = to},
                          support::udp({.source_port = 1000, .destination_port = port}));
}
inline support::Bytes reply(const std::string& from, const std::string& to) {
    return support::frame({.source = from, .destination = to},
                          support::udp({.source_port = 53, .destination_port = 1000}));
}
inline support::Bytes ports(std::string_view from, std::string_view to, std::uint16_t source_port,
                            std::uint16_t destination_port) {
    return support::frame(
        {.source = from, .destination = to},
        support::udp({.source_port = source_port, .destination_port = destination_port}));
}
/// Neighbour discovery and MLD with the hop limit that each demands.
inline support::Bytes local(std::string_view from, std::string_view to,
                            const support::Transport& message) {
    const bool mld = message.bytes[0] == 143 || (message.bytes[0] >= 130 && message.bytes[0] < 133);
    return support::frame(
        {.source = from, .destination = to, .hop_limit = static_cast<std::uint8_t>(mld ? 1 : 255)},
        message);
}

/// A solicitation to the group of its target.
inline support::Bytes solicitation(std::string_view from, std::string_view target) {
    base::Address group = support::address("ff02::1:ff00:0");
    const base::Address about = support::address(target);
    std::copy(about.bytes.begin() + 13, about.bytes.end(), group.bytes.begin() + 13);
    return local(from, base::text(group), support::neighbour(kSolicitation, target, kMac));
}

inline Pipeline::Config wire_config() {
    Pipeline::Config config = World::default_config();
    for (PortFacts& port : config.ports) port.wire = true;
    return config;
}

}  // namespace tierwall::worker::testing::trust
