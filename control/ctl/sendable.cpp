// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/sendable.hpp"

#include "control/ctl/link_message.hpp"
#include "dataplane/parse/headers.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace tierwall::ctl {

namespace {

/// Hop-by-hop options, routing, fragment, authentication, destination options.
constexpr std::uint8_t kExtensions[] = {0, 43, 44, 51, 60};

bool is_loopback(const base::Address& address) {
    if (address.is_v4()) return address.bytes[12] == 127;
    return std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                       [](std::uint8_t byte) { return byte == 0; }) &&
           address.bytes.back() == 1;
}

base::Error unsendable(const Probe& probe, const std::string& what) {
    const std::string ends = probe.from + " -> " + probe.to;
    return {base::Errc::Invalid, probe.place.empty() ? ends : probe.place + ", " + ends, what};
}

std::string is_an_extension(std::uint8_t protocol) {
    return "protocol: " + std::to_string(protocol) +
           " is an extension header over IPv6, and no protocol";
}

}  // namespace

PacketFields packet_of(const Probe& probe, const Ends& ends) {
    return {ends.source,       ends.destination, probe.protocol,
            probe.source_port, probe.port,       probe.icmp_type};
}

base::Status check_sendable(const Probe& probe, const PacketFields& packet) {
    if (packet.source.is_multicast_or_broadcast()) {
        return unsendable(probe, "from: nobody sends from " + base::text(packet.source) +
                                     ", which stands for many");
    }
    if (is_loopback(packet.source)) {
        return unsendable(probe, "from: " + base::text(packet.source) + " never leaves its host");
    }
    if (is_loopback(packet.destination)) {
        return unsendable(probe,
                          "to: " + base::text(packet.destination) + " never leaves its host");
    }
    const bool extension = std::find(std::begin(kExtensions), std::end(kExtensions),
                                     packet.protocol) != std::end(kExtensions);
    if (extension && !packet.source.is_v4()) {
        return unsendable(probe, is_an_extension(packet.protocol));
    }
    const auto frame = probe_packet(packet);
    const parse::Headers headers = parse::parse(frame, static_cast<std::uint32_t>(frame.size()));
    if (headers.kind != parse::Kind::Malformed) return base::Done{};
    if (!is_link_message(packet)) {
        return unsendable(probe,
                          std::string("to: no host sends this: ") + base::name(headers.problem));
    }
    return unsendable(
        probe, "icmpType: no host sends one of type " + std::to_string(*packet.icmp_type) +
                   " from " + base::text(packet.source) + " to " + base::text(packet.destination));
}

}  // namespace tierwall::ctl
