// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/probe.hpp"

#include "dataplane/base/protocol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

/// `name`, `note`, `expect` and `ambiguous` are remarks: case files carry them. `http` and `tls`
/// come after the first packet, which alone is asked about.
constexpr const char* kKnownKeys[] = {"from",       "to",       "protocol", "port", "family",
                                      "sourcePort", "icmpType", "http",     "tls",  "name",
                                      "note",       "expect",   "ambiguous"};

bool has_ports(std::uint8_t protocol) {
    return protocol == base::kIpTcp || protocol == base::kIpUdp || protocol == base::kIpSctp;
}

std::optional<std::uint32_t> parse_number(const std::string& word, std::uint32_t most) {
    std::uint32_t value = 0;
    const char* end = word.data() + word.size();
    const auto [stop, problem] = std::from_chars(word.data(), end, value);
    if (problem != std::errc() || stop != end || value > most) return std::nullopt;
    return value;
}

/// One line's members, each with its own words when it is wrong.
class Line {
public:
    Line(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

    base::Error error(base::Errc code, const std::string& key, const std::string& what) const {
        return {code, where_, key + ": " + what};
    }
    bool has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }

    base::Result<std::string> text(const char* key) const {
        if (!has(key)) return error(base::Errc::Required, key, "must be given");
        if (!object_[key].is_string()) {
            return error(base::Errc::Invalid, key, "must be a string");
        }
        return object_[key].get<std::string>();
    }
    base::Result<std::uint32_t> number(const char* key, std::uint32_t most) const {
        const Json& value = object_[key];
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
            return error(base::Errc::Invalid, key,
                         "must be a number from 0 to " + std::to_string(most));
        }
        return value.get<std::uint32_t>();
    }
    const Json& operator[](const char* key) const { return object_[key]; }

private:
    const Json& object_;
    std::string where_;
};

base::Status read_protocol(const Line& line, Probe& probe) {
    if (line.has("protocol") && line["protocol"].is_number()) {
        TW_TRY(number, line.number("protocol", 255));
        probe.protocol = static_cast<std::uint8_t>(number);
        probe.protocol_name = std::to_string(number);
        return base::Done{};
    }
    TW_TRY(word, line.text("protocol"));
    const auto protocol = parse_protocol(word);
    if (!protocol) {
        return line.error(base::Errc::NotSupported, "protocol",
                          "must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number: \"" + word + "\"");
    }
    probe.protocol = *protocol;
    probe.protocol_name = word;
    return base::Done{};
}

base::Status read_numbers(const Line& line, Probe& probe) {
    if (line.has("port")) {
        TW_TRY(port, line.number("port", 65535));
        probe.port = static_cast<std::uint16_t>(port);
    } else if (has_ports(probe.protocol)) {
        return line.error(base::Errc::Required, "port", "must be given");
    }
    if (!has_ports(probe.protocol)) probe.port = 0;
    if (line.has("sourcePort")) {
        TW_TRY(port, line.number("sourcePort", 65535));
        probe.source_port = static_cast<std::uint16_t>(port);
    }
    if (line.has("icmpType")) {
        TW_TRY(type, line.number("icmpType", 255));
        probe.icmp_type = static_cast<std::uint8_t>(type);
    }
    return base::Done{};
}

base::Result<Probe> read_probe(const Json& object, const std::string& where) {
    const Line line(object, where);
    for (const auto& [key, value] : object.items()) {
        if (std::find(std::begin(kKnownKeys), std::end(kKnownKeys), key) == std::end(kKnownKeys)) {
            return line.error(base::Errc::Invalid, key, "unknown field");
        }
    }
    Probe probe;
    TW_TRY(from, line.text("from"));
    TW_TRY(to, line.text("to"));
    probe.from = from;
    probe.to = to;
    TW_TRY(protocol, read_protocol(line, probe));
    TW_TRY(numbers, read_numbers(line, probe));
    if (line.has("family")) {
        TW_TRY(family, line.text("family"));
        if (family != "IPv4" && family != "IPv6") {
            return line.error(base::Errc::NotSupported, "family", "must be IPv4 or IPv6");
        }
        probe.family = family == "IPv6" ? base::Family::IPv6 : base::Family::IPv4;
    }
    return probe;
}

/// Every address that "namespace/pod" or an address text stands for.
base::Result<std::vector<base::Address>> addresses_of(const kube::Cluster& cluster,
                                                      const std::string& end) {
    if (end.find('/') == std::string::npos) {
        const auto address = base::parse_address(end);
        if (address) return std::vector<base::Address>{*address};
        return base::Error{base::Errc::Invalid, end, "neither namespace/pod nor an address"};
    }
    const auto found = cluster.pods.find(end);
    if (found == cluster.pods.end()) {
        return base::Error{base::Errc::NotFound, end, "there is no such pod"};
    }
    const kube::Pod& pod = found->second;
    if (pod.host_network) {
        const auto node = cluster.nodes.find(pod.node);
        if (node != cluster.nodes.end() && !node->second.addresses.empty()) {
            return node->second.addresses;
        }
    }
    if (pod.addresses.empty()) {
        return base::Error{base::Errc::NotFound, end, "the pod has no address"};
    }
    return pod.addresses;
}

const base::Address* of_family(const std::vector<base::Address>& addresses, base::Family family) {
    const auto found =
        std::find_if(addresses.begin(), addresses.end(),
                     [&](const base::Address& address) { return address.family() == family; });
    return found == addresses.end() ? nullptr : &*found;
}

}  // namespace

std::optional<std::uint8_t> parse_protocol(const std::string& word) {
    std::string upper = word;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (upper == "TCP") return base::kIpTcp;
    if (upper == "UDP") return base::kIpUdp;
    if (upper == "SCTP") return base::kIpSctp;
    if (upper == "ICMP") return base::kIpIcmp;
    if (upper == "ICMPV6") return base::kIpIcmpv6;
    const auto number = parse_number(word, 255);
    if (!number) return std::nullopt;
    return static_cast<std::uint8_t>(*number);
}

base::Result<std::vector<Probe>> parse_probes(const std::string& text, const std::string& name) {
    std::vector<Probe> probes;
    std::istringstream lines(text);
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const std::string where = name + ":" + std::to_string(number);
        const Json object = Json::parse(line, nullptr, false);
        if (!object.is_object()) {
            return base::Error{base::Errc::Invalid, where, "not a JSON object on one line"};
        }
        TW_TRY(probe, read_probe(object, where));
        probe.place = where;
        probes.push_back(probe);
    }
    return probes;
}

base::Status parse_port(const std::string& word, Probe& probe) {
    const std::size_t slash = word.find('/');
    probe.protocol_name = word.substr(0, slash);
    const auto protocol = parse_protocol(probe.protocol_name);
    const base::Error error{base::Errc::Invalid, "--port",
                            "must be like tcp/80, udp/53, sctp/9999, icmp or 47: \"" + word + "\""};
    if (!protocol || has_ports(*protocol) != (slash != std::string::npos)) return error;
    probe.protocol = *protocol;
    if (slash == std::string::npos) return base::Done{};
    const auto port = parse_number(word.substr(slash + 1), 65535);
    if (!port) return error;
    probe.port = static_cast<std::uint16_t>(*port);
    return base::Done{};
}

base::Result<Ends> resolve(const kube::Cluster& cluster, const Probe& probe) {
    TW_TRY(sources, addresses_of(cluster, probe.from));
    TW_TRY(destinations, addresses_of(cluster, probe.to));
    const base::Family other =
        probe.family == base::Family::IPv4 ? base::Family::IPv6 : base::Family::IPv4;
    for (const base::Family family : {probe.family, other}) {
        const base::Address* source = of_family(sources, family);
        const base::Address* destination = of_family(destinations, family);
        if (source != nullptr && destination != nullptr) return Ends{*source, *destination};
    }
    return base::Error{base::Errc::Invalid, probe.from + " -> " + probe.to,
                       "the two have no address family in common"};
}

std::string terminated_words(const kube::Cluster& cluster, const std::string& end,
                             const base::Address& address,
                             const std::optional<std::string>& owner) {
    const auto found = cluster.pods.find(end);
    if (found == cluster.pods.end() || !found->second.terminated) return "";
    return end + " has terminated; the answer is about its address, " + base::text(address) +
           (owner ? ", which is " + *owner + "'s now" : ", which is no pod's now");
}

}  // namespace tierwall::ctl
