// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/case_step.hpp"

#include "control/ctl/case_cluster.hpp"
#include "control/ctl/probe.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/base/verdict.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>

namespace tierwall::ctl {

namespace {

using base::Errc;
using document::Reader;
using StepKind = CaseStep::Kind;

struct FlagName {
    const char* word;
    std::uint8_t bit;
};
constexpr FlagName kTcpFlags[] = {{"FIN", 0x01}, {"SYN", 0x02}, {"RST", 0x04}, {"PSH", 0x08},
                                  {"ACK", 0x10}, {"URG", 0x20}, {"ECE", 0x40}, {"CWR", 0x80}};
/// SCTP chunks by the words for them; "-" is one that both sides send.
constexpr FlagName kSctpChunks[] = {
    {"-", 0},         {"DATA", 0},  {"INIT", 1},     {"INIT+ACK", 2},     {"SACK", 3},
    {"HEARTBEAT", 4}, {"ABORT", 6}, {"SHUTDOWN", 7}, {"COOKIE+ECHO", 10}, {"COOKIE+ACK", 11}};
constexpr std::string_view kDnsQuery = "query:";

const FlagName* find_flag(std::span<const FlagName> known, const std::string& word) {
    for (const FlagName& flag : known) {
        if (word == flag.word) return &flag;
    }
    return nullptr;
}

bool has_case_ports(std::uint8_t protocol) {
    return protocol == base::kIpTcp || protocol == base::kIpUdp || protocol == base::kIpSctp;
}

/// "namespace/pod" or an address.
std::string read_end(const Reader& reader) {
    std::string end = reader.required().text().value_or("");
    if (!reader.present()) return end;
    const bool pod = end.find('/') != std::string::npos;
    if (!pod && !base::parse_address(end)) {
        reader.fault(Errc::Invalid, "neither namespace/pod nor an address: \"" + end + "\"");
    }
    return end;
}

void read_case_protocol(const Reader& reader, PacketFields& fields) {
    if (reader.is(document::Kind::Integer)) {
        fields.protocol = static_cast<std::uint8_t>(reader.integer(0, 255).value_or(0));
        return;
    }
    const auto word = reader.required().text();
    const auto protocol = word ? parse_protocol(*word) : std::nullopt;
    if (word && !protocol) {
        reader.fault(Errc::NotSupported, "must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number");
    }
    fields.protocol = protocol.value_or(0);
}

std::uint16_t read_case_port(const Reader& reader, bool needed) {
    if (needed) reader.required();
    return static_cast<std::uint16_t>(reader.integer(0, 65535).value_or(0));
}

/// Ends, protocol and ports.
CasePacket read_ends(const Reader& reader) {
    CasePacket packet;
    packet.from = read_end(reader.at("from"));
    packet.to = read_end(reader.at("to"));
    read_case_protocol(reader.at("protocol"), packet.fields);
    const bool ports = has_case_ports(packet.fields.protocol);
    packet.fields.source_port = read_case_port(reader.at("sport"), ports);
    packet.fields.destination_port = read_case_port(reader.at("dport"), ports);
    return packet;
}

void read_tcp_flags(const Reader& reader, const std::string& words, PacketFields& fields) {
    std::uint8_t flags = 0;
    std::istringstream rest(words);
    for (std::string word; std::getline(rest, word, '+');) {
        const FlagName* flag = find_flag(kTcpFlags, word);
        if (flag == nullptr) {
            return reader.fault(Errc::NotSupported, "no flag of TCP: \"" + word + "\"");
        }
        flags = static_cast<std::uint8_t>(flags | flag->bit);
    }
    fields.tcp_flags = flags;
}

/// What the packet says besides its ports; the protocol decides which words there are.
void read_flags(const Reader& reader, CaseStep& step) {
    PacketFields& fields = step.packet.fields;
    if (fields.protocol == base::kIpTcp) reader.required();
    const std::string words = reader.text().value_or("-");
    if (fields.protocol == base::kIpTcp) {
        if (reader.present()) read_tcp_flags(reader, words, fields);
    } else if (fields.protocol == base::kIpSctp) {
        const FlagName* chunk = find_flag(kSctpChunks, words);
        if (chunk == nullptr) return reader.fault(Errc::NotSupported, "no chunk of SCTP");
        fields.sctp_chunk = chunk->bit;
    } else if (fields.protocol == base::kIpIcmp || fields.protocol == base::kIpIcmpv6) {
        step.packet.is_icmp_reply = words == "REPLY";
        if (words != "-" && words != "REQUEST" && words != "REPLY") {
            reader.fault(Errc::NotSupported, "must be REQUEST or REPLY");
        }
    } else if (fields.protocol == base::kIpUdp && words.starts_with(kDnsQuery)) {
        step.kind = StepKind::Dns;
    } else if (words != "-") {
        reader.fault(Errc::NotSupported, "must be - for this protocol");
    }
}

void read_fragment(const Reader& reader, PacketFields& fields) {
    if (!reader.present()) return;
    reader.allow_only({"id", "offset", "more"});
    FragmentFields piece;
    piece.id = static_cast<std::uint32_t>(reader.at("id").required().integer(0, 65535).value_or(0));
    const auto offset = reader.at("offset").required().integer(0, 65528);
    if (offset.value_or(0) % 8 != 0) {
        reader.at("offset").fault(Errc::Invalid, "must be a multiple of 8");
    }
    piece.offset = static_cast<std::uint16_t>(offset.value_or(0));
    piece.more = reader.at("more").required().boolean().value_or(false);
    fields.fragment = piece;
}

void read_reason(const Reader& reader, CaseStep& step) {
    step.reason = reader.text().value_or("");
    if (!reader.present()) return;
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        if (step.reason == base::name(static_cast<base::Reason>(i))) return;
    }
    reader.fault(Errc::NotSupported, "no reason of a verdict: \"" + step.reason + "\"");
}

void read_expectation(const Reader& reader, CaseStep& step) {
    const Reader expect = reader.at("expect");
    const std::string word = expect.required().text().value_or("");
    if (expect.present() && word != "allow" && word != "deny") {
        expect.fault(Errc::NotSupported, "must be allow or deny");
    }
    step.allow = word == "allow";
    step.either = reader.at("ambiguous").boolean().value_or(false);
    read_reason(reader.at("reason"), step);
    const Reader via = reader.at("via");
    step.via = via.text().value_or("");
    if (via.present() && step.via != "uplink" && step.via.find('/') == std::string::npos) {
        via.fault(Errc::Invalid, "must be namespace/pod or uplink");
    }
}

std::string end_words(const std::string& end, const PacketFields& fields, std::uint16_t port) {
    return has_case_ports(fields.protocol) ? end + ":" + std::to_string(port) : end;
}

std::string packet_words(const CasePacket& packet) {
    return end_words(packet.from, packet.fields, packet.fields.source_port) + " -> " +
           end_words(packet.to, packet.fields, packet.fields.destination_port);
}

std::string protocol_words(const Reader& reader) {
    if (reader.is(document::Kind::Text)) return std::string(reader.value()->as_text());
    return reader.is(document::Kind::Integer) ? std::to_string(reader.value()->as_integer()) : "";
}

void read_packet(const Reader& reader, CaseStep& step) {
    reader.allow_only({"op", "from", "to", "protocol", "sport", "dport", "flags", "fragment", "via",
                       "expect", "reason", "ambiguous", "note"});
    step.packet = read_ends(reader);
    read_flags(reader.at("flags"), step);
    read_fragment(reader.at("fragment"), step.packet.fields);
    read_expectation(reader, step);
    const std::string flags = protocol_words(reader.at("flags"));
    step.words = protocol_words(reader.at("protocol")) +
                 (flags.empty() || flags == "-" ? "" : " " + flags) + " " +
                 packet_words(step.packet);
    if (step.packet.fields.fragment) {
        step.words += " fragment " + std::to_string(step.packet.fields.fragment->offset);
    }
}

void read_icmp_error(const Reader& reader, CaseStep& step) {
    reader.allow_only({"op", "from", "to", "type", "code", "embedded", "via", "expect", "reason",
                       "ambiguous", "note"});
    step.packet.from = read_end(reader.at("from"));
    step.packet.to = read_end(reader.at("to"));
    const auto number = [&](const char* key) {
        const auto value = reader.at(key).required().integer(0, 255);
        return static_cast<std::uint8_t>(value.value_or(0));
    };
    step.packet.fields.icmp_type = number("type");
    step.packet.fields.icmp_code = number("code");
    const Reader embedded = reader.at("embedded").required();
    if (embedded.present()) {
        embedded.allow_only({"from", "to", "protocol", "sport", "dport"});
        step.quoted = read_ends(embedded);
    }
    read_expectation(reader, step);
    step.words = "type " + std::to_string(*step.packet.fields.icmp_type) + " code " +
                 std::to_string(step.packet.fields.icmp_code) + " " + step.packet.from + " -> " +
                 step.packet.to;
    if (step.quoted) step.words += " about " + packet_words(*step.quoted);
}

void read_advance(const Reader& reader, CaseStep& step) {
    reader.allow_only({"op", "seconds", "note"});
    const auto seconds = reader.at("seconds").required().integer(1, kAdvanceMax_s);
    step.seconds = static_cast<std::uint32_t>(seconds.value_or(0));
    step.words = std::to_string(step.seconds) + " s";
}

void read_dns(const Reader& reader, CaseStep& step) {
    reader.allow_only({"op", "server", "client", "question", "answers", "unsolicited", "note"});
    read_end(reader.at("server"));
    read_end(reader.at("client"));
    reader.at("unsolicited").boolean();
    step.words = reader.at("question").required().text().value_or("");
    for (const Reader& answer : reader.at("answers").required().items()) {
        answer.allow_only({"name", "type", "data", "ttl"});
        for (const char* key : {"name", "type", "data"}) answer.at(key).required().text();
        answer.at("ttl").required().integer(0, 0x7fffffff);
    }
}

void read_set_policies(const Reader& reader, CaseStep& step, const std::string& file) {
    reader.allow_only({"op", "policies", "note"});
    step.objects = read_case_policies(reader.at("policies").required(), file);
    step.words = std::to_string(step.objects.size()) + " of them";
}

void read_set_cluster(const Reader& reader, CaseStep& step) {
    reader.allow_only({"op", "cluster", "note"});
    step.objects = read_case_cluster(reader.at("cluster").required());
    step.words = std::to_string(step.objects.size()) + " objects";
}

bool is_policy(const kube::Object& object) {
    return !std::holds_alternative<std::monostate>(object) &&
           !std::holds_alternative<kube::Namespace>(object) &&
           !std::holds_alternative<kube::Pod>(object) &&
           !std::holds_alternative<kube::Node>(object);
}

}  // namespace

kube::Contents read_case_policies(const Reader& reader, const std::string& file) {
    kube::Contents contents;
    for (const Reader& item : reader.items()) {
        kube::Decoded decoded = kube::decode_object(*item.value(), file);
        // One that cannot be used still counts: it isolates or blocks.
        const bool broken = decoded.soundness == kube::Soundness::Unusable &&
                            decoded.key.kind.ends_with("NetworkPolicy");
        if (!broken && !is_policy(decoded.object)) {
            item.fault(Errc::NotSupported, "no policy of a kind that is enforced");
            continue;
        }
        contents.push_back(std::make_shared<const kube::Decoded>(std::move(decoded)));
    }
    return contents;
}

CaseStep read_case_step(const Reader& reader, const std::string& file) {
    CaseStep step;
    step.field = reader.path();
    step.line = reader.line();
    const Reader op = reader.at("op");
    const std::string word = op.required().text().value_or("");
    reader.at("note").text();
    if (word == "packet") {
        read_packet(reader, step);
    } else if (word == "icmp_error") {
        step.kind = StepKind::IcmpError;
        read_icmp_error(reader, step);
    } else if (word == "set_policies") {
        step.kind = StepKind::SetPolicies;
        read_set_policies(reader, step, file);
    } else if (word == "set_cluster") {
        step.kind = StepKind::SetCluster;
        read_set_cluster(reader, step);
    } else if (word == "advance") {
        step.kind = StepKind::Advance;
        read_advance(reader, step);
    } else if (word == "dns_response") {
        step.kind = StepKind::Dns;
        read_dns(reader, step);
    } else if (op.present()) {
        op.fault(Errc::NotSupported, "unknown step \"" + word + "\"");
    }
    if (!word.empty()) step.words = word + " " + step.words;
    return step;
}

}  // namespace tierwall::ctl
