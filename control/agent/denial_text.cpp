// SPDX-License-Identifier: Apache-2.0
#include "control/agent/denial_text.hpp"

#include "control/agent/explain.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <cctype>

namespace tierwall::agent {

namespace {

bool has_ports(const parse::Tuple& tuple) {
    const bool may = tuple.protocol == base::kIpTcp || tuple.protocol == base::kIpUdp ||
                     tuple.protocol == base::kIpSctp;
    // A later fragment has none, although its protocol has.
    return may && (tuple.source_port != 0 || tuple.destination_port != 0);
}

/// "tcp ", "protocol 47 "; nothing for ARP and what is no IP.
std::string protocol_words(std::uint8_t protocol) {
    if (protocol == 0) return {};
    std::string text = protocol_text(protocol);
    if (std::isdigit(static_cast<unsigned char>(text.front())) != 0) text.insert(0, "protocol ");
    std::ranges::transform(text, text.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return text + " ";
}

/// "shop/web (10.0.0.1):80", "10.0.0.1:80", "[fd00::1]:80", and the same without ports.
std::string end_words(const base::Address& address, const std::string& port,
                      const Enforcer& enforcer) {
    const std::string text = base::text(address);
    if (const auto owner = enforcer.owner(address)) return *owner + " (" + text + ")" + port;
    return port.empty() || address.is_v4() ? text + port : "[" + text + "]" + port;
}

std::string traffic_words(const parse::Tuple& tuple, const Enforcer& enforcer) {
    if (tuple.source == base::Address{} && tuple.destination == base::Address{}) return "a frame";
    const std::string port =
        has_ports(tuple) ? ":" + std::to_string(tuple.destination_port) : std::string();
    return protocol_words(tuple.protocol) + end_words(tuple.source, "", enforcer) + " -> " +
           end_words(tuple.destination, port, enforcer);
}

/// " by TIER POLICY rule 1 ..."; nothing for what is not a matter of policy.
std::string decider_words(const base::Verdict& verdict, const Enforcer& enforcer) {
    if (verdict.rule == base::kNoRule) {
        const std::string tier = base::tier_name(verdict.tier);
        return tier.empty() ? tier : " by " + tier;
    }
    const auto rule = enforcer.rule(verdict.rule);
    if (!rule) return " by a rule that is gone";
    std::string out = " by " + rule->tier + " " + rule->policy;
    out += rule->index < 0 ? " isolation" : " rule " + std::to_string(rule->index);
    if (!rule->name.empty()) out += " \"" + rule->name + "\"";
    return out + " (" + rule->direction + ")";
}

std::string verb_of(const verdict::Event& event) {
    const bool rejects = event.verdict.action == base::Action::Reject;
    if (event.audit) return rejects ? "audit: would reject " : "audit: would deny ";
    return rejects ? "rejected " : "denied ";
}

/// Rules are called what their authors like; a line of the log stays one line.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char letter) { return std::iscntrl(letter) != 0; }, '?');
    return text;
}

}  // namespace

std::string denial_text(const verdict::Event& event, const std::string& port,
                        const Enforcer& enforcer) {
    return one_line(verb_of(event) + traffic_words(event.tuple, enforcer) + ": " +
                    base::name(event.verdict.reason) + decider_words(event.verdict, enforcer) +
                    ", from port " + port);
}

}  // namespace tierwall::agent
