// SPDX-License-Identifier: Apache-2.0
#include "control/agent/explain.hpp"

#include "dataplane/base/protocol.hpp"
#include "dataplane/worker/trust.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

namespace tierwall::agent {

namespace {

using base::Address;
using base::Family;

constexpr std::pair<const char*, std::uint8_t> kProtocols[] = {
    {"TCP", base::kIpTcp},   {"UDP", base::kIpUdp},       {"SCTP", base::kIpSctp},
    {"ICMP", base::kIpIcmp}, {"ICMPv6", base::kIpIcmpv6},
};

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool has_ports(std::uint8_t protocol) {
    return protocol == base::kIpTcp || protocol == base::kIpUdp || protocol == base::kIpSctp;
}

/// One packet that is asked about, and what people call its ends.
struct Traffic {
    Address source;
    Address destination;
    std::string source_name;
    std::string destination_name;
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;

    parse::Tuple tuple() const { return {source, destination, 0, port, protocol}; }
    std::string words() const {
        std::string out = protocol_text(protocol);
        return has_ports(protocol) ? out + " " + std::to_string(port) : out;
    }
};

std::vector<Address> addresses(const Enforcer& enforcer, const std::string& end) {
    if (const auto address = base::parse_address(end)) return {*address};
    return enforcer.addresses_of(end);
}

std::optional<Address> of_family(const std::vector<Address>& all, Family family) {
    const auto found = std::ranges::find_if(
        all, [family](const Address& address) { return address.family() == family; });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

/// The wanted family where both ends have it, else the other one.
bool choose_family(const std::vector<Address>& from, const std::vector<Address>& to, Family wanted,
                   Traffic& traffic) {
    const Family other = wanted == Family::IPv4 ? Family::IPv6 : Family::IPv4;
    for (const Family family : {wanted, other}) {
        const auto source = of_family(from, family);
        const auto destination = of_family(to, family);
        if (!source || !destination) continue;
        traffic.source = *source;
        traffic.destination = *destination;
        return true;
    }
    return false;
}

std::string name_of(const Enforcer& enforcer, const Address& address) {
    const auto owner = enforcer.owner(address);
    return owner ? *owner : base::text(address);
}

/// Answers with what is wrong, or with nothing.
std::string find_traffic(const Enforcer& enforcer, const v1::ExplainRequest& request,
                         Traffic& traffic) {
    const auto protocol = parse_protocol(request.protocol());
    if (!protocol) {
        return "the protocol must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number below 256";
    }
    if (request.port() > 65535) return "the port must be a number below 65536";
    if (!request.family().empty() && request.family() != "IPv4" && request.family() != "IPv6") {
        return "the family must be IPv4 or IPv6";
    }
    const std::vector<Address> from = addresses(enforcer, request.from());
    const std::vector<Address> to = addresses(enforcer, request.to());
    if (from.empty()) return request.from() + " is no address and no pod or node known here";
    if (to.empty()) return request.to() + " is no address and no pod or node known here";
    const Family wanted = request.family() == "IPv6" ? Family::IPv6 : Family::IPv4;
    if (!choose_family(from, to, wanted, traffic)) {
        return request.from() + " and " + request.to() + " have no address family in common";
    }
    traffic.protocol = *protocol;
    traffic.port = has_ports(*protocol) ? static_cast<std::uint16_t>(request.port()) : 0;
    traffic.source_name = name_of(enforcer, traffic.source);
    traffic.destination_name = name_of(enforcer, traffic.destination);
    return {};
}

std::string rule_text(const RuleName& rule) {
    std::string out = rule.policy + " rule " + std::to_string(rule.index);
    if (!rule.name.empty()) out += " \"" + rule.name + "\"";
    out += " (" + rule.direction + ")";
    return rule.failed_closed ? out + ", which cannot be enforced as written and fails closed,"
                              : out;
}

const char* verb(base::Action action) {
    switch (action) {
        case base::Action::Allow: return " allows ";
        case base::Action::Deny: return " denies ";
        case base::Action::Reject: return " rejects ";
        case base::Action::Pass: return " passes on ";
    }
    return " passes on ";
}

/// What one direction is about: "TCP 80 from shop/client".
struct Side {
    base::Direction direction;
    const std::string& subject;
    const std::string& peer;
    std::string matter;
};

Side side_of(base::Direction direction, const Traffic& traffic) {
    const bool egress = direction == base::Direction::Egress;
    const std::string& subject = egress ? traffic.source_name : traffic.destination_name;
    const std::string& peer = egress ? traffic.destination_name : traffic.source_name;
    return {direction, subject, peer, traffic.words() + (egress ? " to " : " from ") + peer};
}

std::string own_node_words(const std::string& pod, const std::string& node, bool egress) {
    return node + " is the node of " + pod +
           (egress ? ", and own_node_egress exempts it" : ", which always reaches its pods");
}

std::string tier_words(const Enforcer::TierView& view, const std::optional<RuleName>& rule,
                       const Side& side) {
    if (view.matched && rule) return rule_text(*rule) + verb(view.action) + side.matter;
    if (rule) {
        return side.subject + " is isolated by " + rule->policy + " (" + rule->direction +
               ") and no rule allows " + side.matter;
    }
    if (view.policies.empty()) {
        return "no policy selects " + side.subject + " for " + base::name(side.direction);
    }
    if (view.action == base::Action::Allow) {
        return own_node_words(side.subject, side.peer, side.direction == base::Direction::Egress);
    }
    if (view.audited && view.tier == base::tier_name(base::kTierNetworkPolicy)) {
        return "only audited policies select " + side.subject + "; none of their rules allows " +
               side.matter + ", and they isolate nobody";
    }
    return "policies select " + side.subject + ", but none of their rules " +
           (view.audited ? "that are enforced " : "") + "is about " + side.matter;
}

void add_tier(const Enforcer& enforcer, const Enforcer::TierView& view, const Side& side,
              v1::TierExplanation& out) {
    const std::optional<RuleName> rule = enforcer.rule(view.rule);
    out.set_tier(view.tier);
    for (const std::string& policy : view.policies) out.add_policies(policy);
    out.set_decided(view.action != base::Action::Pass);
    out.set_rule(-1);
    if (view.matched || out.decided()) out.set_action(base::name(view.action));
    if (rule) {
        out.set_policy(rule->policy);
        out.set_rule(rule->index);
        out.set_rule_name(rule->name);
    }
    out.set_words(tier_words(view, rule, side));
}

std::string direction_words(const base::Decision& decision, const v1::DirectionExplanation& out) {
    switch (decision.tier) {
        case base::kTierDefault: return "no policy decides, and the default is to allow";
        case base::kTierNotSubject: return out.subject() + " is no pod that is protected here";
        case base::kTierSelf: return "a pod always reaches itself";
        case base::kTierOwnNode:
            return own_node_words(out.subject(), out.peer(),
                                  out.direction() == base::name(base::Direction::Egress));
        default: break;
    }
    return out.tiers().empty() ? "" : out.tiers().rbegin()->words();
}

v1::DirectionExplanation explain_direction(const Enforcer& enforcer, const Traffic& traffic,
                                           base::Direction direction,
                                           const base::Decision& decision) {
    v1::DirectionExplanation out;
    const Side side = side_of(direction, traffic);
    out.set_direction(base::name(direction));
    out.set_subject(side.subject);
    out.set_peer(side.peer);
    out.set_verdict(base::name(decision.action));
    out.set_tier(base::tier_name(decision.tier));
    out.set_rule(-1);
    if (const auto rule = enforcer.rule(decision.rule)) {
        out.set_policy(rule->policy);
        out.set_rule(rule->index);
        out.set_rule_name(rule->name);
    }
    for (const Enforcer::TierView& view : enforcer.look(direction, traffic.tuple())) {
        add_tier(enforcer, view, side, *out.add_tiers());
    }
    out.set_words(direction_words(decision, out));
    return out;
}

/// What would deny the connection if audited policies were enforced.
v1::AuditExplanation explain_audit(const Traffic& traffic, const RuleName& rule,
                                   const base::Decision& decision) {
    v1::AuditExplanation out;
    const bool egress = rule.direction == base::name(base::Direction::Egress);
    const Side side = side_of(egress ? base::Direction::Egress : base::Direction::Ingress, traffic);
    const Enforcer::TierView view{.tier = rule.tier,
                                  .policies = {rule.policy},
                                  .audited = true,
                                  .matched = rule.index >= 0,
                                  .action = decision.action,
                                  .rule = decision.rule};
    out.set_verdict(base::name(decision.action));
    out.set_direction(rule.direction);
    out.set_tier(rule.tier);
    out.set_policy(rule.policy);
    out.set_rule(rule.index);
    out.set_rule_name(rule.name);
    out.set_words("it would be denied if audited policies were enforced: " +
                  tier_words(view, rule, side));
    return out;
}

}  // namespace

std::optional<std::uint8_t> parse_protocol(std::string_view text) {
    for (const auto& [name, number] : kProtocols) {
        if (same_word(text, name)) return number;
    }
    std::uint8_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string protocol_text(std::uint8_t protocol) {
    for (const auto& [name, number] : kProtocols) {
        if (number == protocol) return name;
    }
    return std::to_string(protocol);
}

v1::ExplainReply explain(const Enforcer& enforcer, const v1::ExplainRequest& request) {
    v1::ExplainReply reply;
    Traffic traffic;
    if (enforcer.epoch() == 0) {
        reply.set_error("nothing is enforced yet");
        return reply;
    }
    if (std::string wrong = find_traffic(enforcer, request, traffic); !wrong.empty()) {
        reply.set_error(std::move(wrong));
        return reply;
    }
    const Enforcer::Answer answer =
        enforcer.ask(traffic.source, traffic.destination, traffic.protocol, traffic.port);
    reply.set_source(base::text(traffic.source));
    reply.set_destination(base::text(traffic.destination));
    *reply.mutable_egress() =
        explain_direction(enforcer, traffic, base::Direction::Egress, answer.egress);
    *reply.mutable_ingress() =
        explain_direction(enforcer, traffic, base::Direction::Ingress, answer.ingress);
    const bool egress_denies = answer.egress.action != base::Action::Allow;
    const v1::DirectionExplanation& decisive = egress_denies ? reply.egress() : reply.ingress();
    reply.set_verdict(answer.allowed ? "allow" : decisive.verdict());
    reply.set_words(answer.allowed
                        ? traffic.words() + " from " + traffic.source_name + " to " +
                              traffic.destination_name + " is allowed: " + reply.egress().words() +
                              "; " + reply.ingress().words()
                        : traffic.words() + " from " + traffic.source_name + " to " +
                              traffic.destination_name + " is denied: " + decisive.words());
    if (worker::is_for_dhcp_client(traffic.tuple()) &&
        enforcer.entry(traffic.source).is_subject()) {
        reply.set_verdict(base::name(base::Action::Deny));
        reply.set_words(
            traffic.words() + " from " + traffic.source_name + " to " + traffic.destination_name +
            " is denied before policy is asked: no pod may send to where DHCP clients listen");
        return reply;
    }
    if (answer.audit.action == base::Action::Allow) return reply;
    // Only a rule or an isolation of an audited policy makes a difference.
    if (const auto rule = enforcer.rule(answer.audit.rule)) {
        *reply.mutable_audit() = explain_audit(traffic, *rule, answer.audit);
        reply.mutable_words()->append("; " + reply.audit().words());
    }
    return reply;
}

}  // namespace tierwall::agent
