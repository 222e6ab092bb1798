// SPDX-License-Identifier: Apache-2.0
#include "control/agent/config.hpp"

#include "control/document/parse.hpp"
#include "control/document/reader.hpp"
#include "dataplane/worker/readers.hpp"

#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;
using document::Fault;
using document::Reader;

constexpr std::int64_t kFlowsMax = std::int64_t{1} << 28;
constexpr std::int64_t kAddressesMax = std::int64_t{1} << 24;
constexpr std::int64_t kLogDeniedMax = 10'000;
constexpr std::size_t kNameMax = 253;

template <typename Number>
void read_number(const Reader& reader, std::int64_t least, std::int64_t most, Number& into) {
    if (const auto value = reader.integer(least, most)) into = static_cast<Number>(*value);
}

void read_flag(const Reader& reader, bool& into) {
    if (const auto value = reader.boolean()) into = *value;
}

/// A text that is there must say something.
std::optional<std::string> some_text(const Reader& reader) {
    auto text = reader.text();
    if (text && text->empty()) {
        reader.fault(Errc::Invalid, "must not be empty");
        return std::nullopt;
    }
    return text;
}

/// One of two words; false when absent or wrong.
bool read_word(const Reader& reader, const char* no, const char* yes) {
    const auto text = reader.text();
    if (text && *text != no && *text != yes) {
        reader.fault(Errc::NotSupported, std::string("must be ") + no + " or " + yes);
    }
    return text && *text == yes;
}

bool is_pod_path(const std::string& text) {
    const std::size_t slash = text.find('/');
    return slash != std::string::npos && slash != 0 && slash + 1 < text.size() &&
           text.find('/', slash + 1) == std::string::npos && text.size() <= 2 * kNameMax;
}

/// Six pairs of hexadecimal digits with colons between; nothing for a group's or no address.
std::optional<io::Mac> parse_mac(const std::string& text) {
    io::Mac mac{};
    if (text.size() != 3 * mac.size() - 1) return std::nullopt;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const char* const first = text.data() + 3 * i;
        const auto read = std::from_chars(first, first + 2, mac[i], 16);
        if (read.ec != std::errc() || read.ptr != first + 2) return std::nullopt;
        if (i + 1 < mac.size() && first[2] != ':') return std::nullopt;
    }
    return io::is_group(mac) || mac == io::Mac{} ? std::nullopt : std::optional(mac);
}

void read_mac(const Reader& port_reader, worker::PortConfig& port, const Config& config) {
    const Reader reader = port_reader.at("mac");
    const auto text = reader.text();
    if (!text) return;
    const auto mac = parse_mac(*text);
    if (!mac) return reader.fault(Errc::Invalid, "must be a MAC address of one host");
    if (port.side == worker::Side::Uplink) {
        return reader.fault(Errc::Forbidden, "mac is for ports on the pods side");
    }
    for (const worker::PortConfig& other : config.dataplane.ports) {
        if (other.peer_mac == *mac) reader.fault(Errc::Duplicate, "another port has this MAC");
    }
    port.peer_mac = *mac;
}

void read_binding(const Reader& reader, std::uint16_t number, worker::PortConfig& port,
                  Config& config) {
    PortBinding binding{.port = number, .pod = {}, .addresses = {}};
    if (const auto pod = reader.at("pod").text()) {
        if (!is_pod_path(*pod)) reader.at("pod").fault(Errc::Invalid, "must be NAMESPACE/NAME");
        binding.pod = port.pod = *pod;
    }
    for (const Reader& item : reader.at("addresses").items()) {
        const auto text = item.text();
        if (!text) continue;
        const auto address = base::parse_address(*text);
        if (address) {
            binding.addresses.push_back(*address);
        } else {
            item.fault(Errc::Invalid, "must be an IP address");
        }
    }
    if (binding.pod.empty() && binding.addresses.empty()) return;
    if (port.side == worker::Side::Uplink) {
        reader.fault(Errc::Forbidden, "pod and addresses are for ports on the pods side");
    }
    port.reserved = true;
    config.bindings.push_back(std::move(binding));
}

void read_port(const Reader& reader, std::uint16_t number, Config& config) {
    reader.allow_only({"name", "device", "side", "pod", "addresses", "mac"});
    worker::PortConfig port;
    port.name = some_text(reader.at("name").required()).value_or("");
    port.device = some_text(reader.at("device").required()).value_or("");
    const bool pods = read_word(reader.at("side").required(), "uplink", "pods");
    port.side = pods ? worker::Side::Pods : worker::Side::Uplink;
    for (const worker::PortConfig& other : config.dataplane.ports) {
        if (!port.name.empty() && other.name == port.name) {
            reader.at("name").fault(Errc::Duplicate, "another port has this name");
        }
        if (!port.device.empty() && other.device == port.device) {
            reader.at("device").fault(Errc::Duplicate, "another port has this device");
        }
    }
    read_binding(reader, number, port, config);
    read_mac(reader, port, config);
    config.dataplane.ports.push_back(std::move(port));
}

void read_ports(const Reader& root, Config& config) {
    const Reader list = root.at("ports");
    const std::vector<Reader> items = list.required().items();
    if (!list.present()) return;
    if (items.empty()) list.fault(Errc::Required, "at least one port is needed");
    if (items.size() > Config::kPortsMax) {
        return list.fault(Errc::TooMany,
                          "at most " + std::to_string(Config::kPortsMax) + " ports are supported");
    }
    for (const Reader& item : items) {
        read_port(item, static_cast<std::uint16_t>(config.dataplane.ports.size()), config);
    }
    if (config.dataplane.mode == worker::DataplaneConfig::Mode::Wire && items.size() % 2 != 0) {
        list.fault(Errc::Invalid, "mode: wire joins ports in pairs and needs an even number");
    }
}

void read_timeouts(const Reader& reader, flow::Timeouts& timeouts) {
    const std::pair<const char*, std::uint16_t*> keys[] = {
        {"tcp_opening_s", &timeouts.tcp_opening_s},
        {"tcp_established_s", &timeouts.tcp_established_s},
        {"tcp_closing_s", &timeouts.tcp_closing_s},
        {"tcp_closed_s", &timeouts.tcp_closed_s},
        {"udp_single_s", &timeouts.udp_single_s},
        {"udp_replied_s", &timeouts.udp_replied_s},
        {"icmp_s", &timeouts.icmp_s},
        {"sctp_s", &timeouts.sctp_s},
        {"other_s", &timeouts.other_s},
    };
    reader.allow_only({"tcp_opening_s", "tcp_established_s", "tcp_closing_s", "tcp_closed_s",
                       "udp_single_s", "udp_replied_s", "icmp_s", "sctp_s", "other_s"});
    for (const auto& [key, value] : keys) {
        read_number(reader.at(key), 1, flow::kTimeoutMax_s, *value);
    }
}

/// Requires: the number of workers has been read.
void read_flows_max(const Reader& reader, worker::DataplaneConfig& dataplane) {
    const auto flows = reader.integer(0, kFlowsMax);
    if (!flows) return;
    const std::int64_t least = std::int64_t{worker::kFlowsMinPerWorker} * dataplane.workers;
    if (*flows < least) {
        return reader.fault(Errc::Invalid, "must be at least " + std::to_string(least) + ", " +
                                               std::to_string(worker::kFlowsMinPerWorker) +
                                               " for each worker, not " + std::to_string(*flows));
    }
    dataplane.flows_max = static_cast<std::uint32_t>(*flows);
}

void read_dataplane(const Reader& root, Config& config) {
    worker::DataplaneConfig& dataplane = config.dataplane;
    if (read_word(root.at("mode"), "wire", "switch")) {
        dataplane.mode = worker::DataplaneConfig::Mode::Switch;
    }
    dataplane.boot_open = read_word(root.at("boot"), "closed", "open");
    dataplane.keep_established = read_word(root.at("established"), "rejudge", "keep");
    read_number(root.at("workers"), 1, worker::kWorkersMax, dataplane.workers);
    read_flows_max(root.at("flows_max"), dataplane);
    read_number(root.at("pickup_s"), 0, 86'400, dataplane.pickup_s);
    read_flag(root.at("pass_non_ip"), dataplane.pass_non_ip);
    read_timeouts(root.at("timeouts"), dataplane.timeouts);
    read_ports(root, config);
}

void read_scope(const Reader& reader, Config& config) {
    const auto text = reader.text();
    if (!text) return;
    constexpr std::string_view kNode = "node:";
    const bool node = text->starts_with(kNode) && text->size() > kNode.size() &&
                      text->size() <= kNode.size() + kNameMax &&
                      text->find_first_of(" \t/") == std::string::npos;
    if (*text != "all" && !node) reader.fault(Errc::Invalid, "must be all or node:NAME");
    config.scope = *text;
}

/// A path in the file means what it means where the file lies.
std::string resolve(const std::string& path, const std::filesystem::path& folder) {
    return (folder / path).lexically_normal().string();
}

void read_sync(const Reader& root, const std::filesystem::path& folder, Config& config) {
    const Reader tls = root.at("tls");
    tls.allow_only({"ca", "cert", "key"});
    if (tls.present()) {
        const auto path = [&](const char* key) {
            const auto text = some_text(tls.at(key).required());
            return text ? resolve(*text, folder) : std::string();
        };
        config.tls = {.ca = path("ca"), .cert = path("cert"), .key = path("key")};
    }
    const Reader sync = root.at("sync");
    const auto text = sync.required().text();
    if (!text) return;
    auto endpoint = transport::parse_endpoint("", *text);
    if (!endpoint.ok()) return sync.fault(endpoint.error().code, endpoint.error().what);
    config.sync = std::move(*endpoint);
    if (!config.sync.is_local() && !tls.present()) {
        sync.fault(Errc::Required, "HOST:PORT needs tls: {ca, cert, key}");
    }
}

void read_places(const Reader& root, const std::filesystem::path& folder, Config& config) {
    if (const auto text = some_text(root.at("state_dir"))) {
        config.state_dir = resolve(*text, folder);
    }
    if (const auto text = some_text(root.at("name"))) {
        if (text->size() > kNameMax) root.at("name").fault(Errc::TooLong, "at most 253 bytes");
        config.name = *text;
    }
    const Reader socket = root.at("status_socket");
    if (const auto text = some_text(socket)) {
        const auto endpoint =
            transport::parse_endpoint("", text->starts_with('/') ? "unix:" + *text : *text);
        if (!endpoint.ok() || !endpoint->is_local()) {
            socket.fault(Errc::Invalid, "must be the absolute path of a local socket");
        } else {
            config.status_socket = endpoint->path;
        }
    }
    read_number(root.at("addresses_max"), 1, kAddressesMax, config.addresses_max);
    config.own_node_egress = read_word(root.at("own_node_egress"), "enforce", "exempt");
    read_number(root.at("log_denied_per_s"), 0, kLogDeniedMax, config.log_denied_per_s);
}

void read_eal(const Reader& list, Config& config) {
    if (!list.present()) return;
    config.eal.clear();
    for (const Reader& item : list.items()) {
        if (const auto text = some_text(item)) config.eal.push_back(*text);
    }
}

base::Result<Config> decode(const document::Documents& documents) {
    if (documents.roots().size() != 1) {
        return Error{Errc::Invalid, documents.name(), "must be exactly one YAML document"};
    }
    std::vector<Fault> faults;
    const Reader root(documents.roots().front(), faults);
    const std::filesystem::path folder = std::filesystem::absolute(documents.name()).parent_path();
    Config config;
    root.allow_only({"eal", "ports", "mode", "workers", "scope", "sync", "boot", "state_dir", "tls",
                     "name", "status_socket", "flows_max", "addresses_max", "pickup_s", "timeouts",
                     "pass_non_ip", "log_denied_per_s", "own_node_egress", "established"});
    read_eal(root.at("eal"), config);
    read_dataplane(root, config);
    read_scope(root.at("scope"), config);
    read_sync(root, folder, config);
    read_places(root, folder, config);
    if (faults.empty()) return config;
    Error error = document::to_error(faults.front(), documents.name());
    if (faults.size() > 1) {
        error.what += " (and " + std::to_string(faults.size() - 1) + " more)";
    }
    return error;
}

}  // namespace

base::Result<Config> parse_config(std::string_view text, const std::string& file) {
    TW_TRY(documents, document::parse_yaml(text, file));
    return decode(documents);
}

base::Result<Config> read_config(const std::string& path) {
    TW_TRY(documents, document::read_file(path));
    return decode(documents);
}

}  // namespace tierwall::agent
