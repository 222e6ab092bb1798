// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/connections.hpp"

#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <cctype>

namespace tierwall::ctl {

namespace {

std::string lower(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return word;
}

bool is_whole(const PortSpan& span) { return span.first == 0 && span.last == 65535; }

std::string ports_text(const PortSpan& span) {
    const std::string first = std::to_string(span.first);
    return span.first == span.last ? first : first + "-" + std::to_string(span.last);
}

std::string list(const Connections& connections, const Protocols& protocols) {
    std::string out;
    const PortSpan* before = nullptr;
    for (const PortSpan& span : connections) {
        if (before != nullptr && before->slot == span.slot) {
            out += "," + ports_text(span);
        } else {
            out += (out.empty() ? "" : " ") + lower(protocols.name(span.slot));
            if (protocols.has_ports(span.slot) && !is_whole(span)) out += "/" + ports_text(span);
        }
        before = &span;
    }
    return out;
}

/// What of `universe` is not in `connections`.
Connections without(const Connections& universe, const Connections& connections) {
    Connections out;
    for (const PortSpan& whole : universe) {
        std::uint32_t next = whole.first;
        for (const PortSpan& span : connections) {
            if (span.slot != whole.slot || span.last < next || span.first > whole.last) continue;
            if (span.first > next) {
                extend(out, {whole.slot, static_cast<std::uint16_t>(next),
                             static_cast<std::uint16_t>(span.first - 1)});
            }
            next = span.last + 1u;
        }
        if (next <= whole.last) {
            extend(out, {whole.slot, static_cast<std::uint16_t>(next), whole.last});
        }
    }
    return out;
}

}  // namespace

Protocols::Protocols(std::set<std::uint8_t> named) {
    numbers_ = {base::kIpTcp, base::kIpUdp, base::kIpSctp};
    for (const std::uint8_t number : numbers_) named.erase(number);
    numbers_.insert(numbers_.end(), named.begin(), named.end());
    // Any protocol that has no slot speaks for the rest; ICMP is what most of the rest is.
    std::uint8_t rest = base::kIpIcmp;
    while (std::find(numbers_.begin(), numbers_.end(), rest) != numbers_.end()) ++rest;
    numbers_.push_back(rest);
}

bool Protocols::has_ports(std::size_t slot) const { return slot < 3; }

std::size_t Protocols::slot_of(std::uint8_t protocol) const {
    const auto found = std::find(numbers_.begin(), numbers_.end() - 1, protocol);
    return static_cast<std::size_t>(found - numbers_.begin());
}

std::string Protocols::name(std::size_t slot) const {
    if (is_rest(slot)) return "other";
    switch (numbers_[slot]) {
        case base::kIpTcp: return "TCP";
        case base::kIpUdp: return "UDP";
        case base::kIpSctp: return "SCTP";
        case base::kIpIcmp: return "ICMP";
        case base::kIpIcmpv6: return "ICMPv6";
        default: return std::to_string(numbers_[slot]);
    }
}

Connections everything(const Protocols& protocols) {
    Connections out;
    for (std::size_t slot = 0; slot < protocols.size(); ++slot) {
        out.push_back({static_cast<std::uint16_t>(slot), 0, 65535});
    }
    return out;
}

void extend(Connections& connections, const PortSpan& span) {
    if (!connections.empty()) {
        PortSpan& last = connections.back();
        if (last.slot == span.slot && last.last + 1u == span.first) {
            last.last = span.last;
            return;
        }
    }
    connections.push_back(span);
}

std::string text(const Connections& connections, const Connections& universe,
                 const Protocols& protocols) {
    if (connections.empty()) return "none";
    if (connections == universe) return "all";
    const std::string plain = list(connections, protocols);
    const std::string inverse = "all but " + list(without(universe, connections), protocols);
    return inverse.size() < plain.size() ? inverse : plain;
}

base::Action Ruling::verdict() const {
    return egress.action != base::Action::Allow ? egress.action : ingress.action;
}

std::vector<Ruled> combined(const Spans& egress, const Spans& ingress) {
    std::vector<Ruled> out;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < egress.size() && j < ingress.size()) {
        const PortSpan& a = egress[i].span;
        const PortSpan& b = ingress[j].span;
        const PortSpan both{a.slot, std::max(a.first, b.first), std::min(a.last, b.last)};
        out.push_back({both, {egress[i].decision, ingress[j].decision}});
        if (a.last == both.last) ++i;
        if (b.last == both.last) ++j;
    }
    return out;
}

std::vector<Ruled> within(const std::vector<Ruled>& all, const Connections& universe) {
    std::vector<Ruled> out;
    for (const PortSpan& wanted : universe) {
        for (const Ruled& ruled : all) {
            const PortSpan& span = ruled.span;
            if (span.slot != wanted.slot) continue;
            if (span.last < wanted.first || span.first > wanted.last) continue;
            out.push_back(
                {{span.slot, std::max(span.first, wanted.first), std::min(span.last, wanted.last)},
                 ruled.ruling});
        }
    }
    return out;
}

Connections allowed(const std::vector<Ruled>& ruled) {
    Connections out;
    for (const Ruled& each : ruled) {
        if (each.ruling.allows()) extend(out, each.span);
    }
    return out;
}

}  // namespace tierwall::ctl
