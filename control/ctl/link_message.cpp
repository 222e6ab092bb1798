// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/link_message.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/parse/icmp_type.hpp"

#include <algorithm>
#include <iterator>

namespace tierwall::ctl {

namespace {

namespace icmpv6_type = parse::icmpv6_type;
using MessageBytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kSourceLinkLayerOption = 1;
constexpr std::uint8_t kTargetLinkLayerOption = 2;
constexpr std::uint8_t kSolicitedAndOverride = 0x60;
constexpr std::uint8_t kOverride = 0x20;
constexpr std::uint8_t kRouterHopLimit = 64;
constexpr std::uint8_t kExcludeMode = 4;
constexpr std::uint8_t kLinkHopLimit = 255;
constexpr std::uint8_t kListenerHopLimit = 1;

bool is_group(const base::Address& address) { return address.bytes[0] == 0xff; }

void append(const base::Address& address, MessageBytes& out) {
    out.insert(out.end(), address.bytes.begin(), address.bytes.end());
}

/// The sender of the frame; who has no address does not say it.
void append_link_layer(const PacketFields& fields, std::uint8_t option, MessageBytes& out) {
    if (fields.source.is_unspecified()) return;
    out.insert(out.end(), {option, 1});
    out.insert(out.end(), std::begin(kProbeSender), std::end(kProbeSender));
}

/// Of all that a solicited-node group is for, the link-local one with zeros before the last bytes.
base::Address asked_for(const base::Address& destination) {
    if (!is_group(destination)) return destination;
    base::Address out{{0xfe, 0x80}};
    std::copy(destination.bytes.begin() + 13, destination.bytes.end(), out.bytes.begin() + 13);
    return out;
}

base::Address joined(const base::Address& destination) {
    return is_group(destination)
               ? destination
               : base::Address{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3}};
}

MessageBytes router_advertisement(const PacketFields& fields) {
    MessageBytes out{kRouterHopLimit, 0, 0x07, 0x08};  // a lifetime of 30 minutes
    out.resize(12, 0);
    append_link_layer(fields, kSourceLinkLayerOption, out);
    return out;
}

MessageBytes advertisement(const PacketFields& fields) {
    MessageBytes out{is_group(fields.destination) ? kOverride : kSolicitedAndOverride, 0, 0, 0};
    append(fields.source, out);
    append_link_layer(fields, kTargetLinkLayerOption, out);
    return out;
}

/// One record: nothing of the group is excluded, so it is joined.
MessageBytes report_of_records() {
    MessageBytes out{0, 0, 0, 1, kExcludeMode, 0, 0, 0};
    append(joined(base::Address{}), out);
    return out;
}

}  // namespace

bool is_link_message(const PacketFields& fields) {
    if (fields.protocol != base::kIpIcmpv6 || fields.source.is_v4() || !fields.icmp_type) {
        return false;
    }
    const std::uint8_t type = *fields.icmp_type;
    return fields.quoted.empty() &&
           (parse::is_mld(type) ||
            (type >= icmpv6_type::kRouterSolicitation && type <= icmpv6_type::kRedirect));
}

std::vector<std::uint8_t> link_message_body(const PacketFields& fields) {
    MessageBytes out(4, 0);
    switch (*fields.icmp_type) {
        case icmpv6_type::kRouterSolicitation:
            append_link_layer(fields, kSourceLinkLayerOption, out);
            return out;
        case icmpv6_type::kRouterAdvertisement: return router_advertisement(fields);
        case icmpv6_type::kNeighbourSolicitation:
            append(asked_for(fields.destination), out);
            append_link_layer(fields, kSourceLinkLayerOption, out);
            return out;
        case icmpv6_type::kNeighbourAdvertisement: return advertisement(fields);
        case icmpv6_type::kRedirect:
            append(fields.source, out);
            append(fields.source, out);  // target and destination: it is on this link
            return out;
        case icmpv6_type::kMldv2Report: return report_of_records();
        case icmpv6_type::kMldQuery: append(base::Address{}, out); return out;  // about every group
        case icmpv6_type::kMldDone: append(joined(base::Address{}), out); return out;
        default: append(joined(fields.destination), out); return out;
    }
}

std::uint8_t link_message_hop_limit(const PacketFields& fields) {
    return parse::is_mld(*fields.icmp_type) ? kListenerHopLimit : kLinkHopLimit;
}

}  // namespace tierwall::ctl
