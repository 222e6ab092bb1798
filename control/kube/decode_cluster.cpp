// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode_cluster.hpp"

#include "control/kube/decode_selector.hpp"
#include "control/kube/instant.hpp"
#include "dataplane/base/protocol.hpp"

#include <algorithm>
#include <optional>

namespace tierwall::kube {
namespace {

using base::Errc;
using document::Reader;

void add_address(const Reader& reader, std::vector<base::Address>& addresses) {
    const auto text = reader.text();
    if (!text || text->empty()) return;
    const auto address = base::parse_address(*text);
    if (!address) {
        reader.fault(Errc::Invalid, "\"" + *text + "\" is not an IP address");
    } else if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
        addresses.push_back(*address);
    }
}

std::optional<std::uint8_t> decode_protocol(const Reader& reader) {
    const std::string text = reader.text().value_or("TCP");
    if (text == "TCP") return base::kIpTcp;
    if (text == "UDP") return base::kIpUdp;
    if (text == "SCTP") return base::kIpSctp;
    reader.fault(Errc::NotSupported, "\"" + text + "\" is not supported: TCP, UDP or SCTP");
    return std::nullopt;
}

void add_ports(const Reader& container, std::vector<ContainerPort>& ports) {
    for (const Reader& item : container.at("ports").items()) {
        ContainerPort port;
        port.name = item.at("name").text().value_or("");
        const auto number = item.at("containerPort").required().integer(1, 65535);
        const auto protocol = decode_protocol(item.at("protocol"));
        if (!number || !protocol) continue;
        port.number = static_cast<std::uint16_t>(*number);
        port.protocol = *protocol;
        ports.push_back(std::move(port));
    }
}

/// Of containers, and of init containers that keep running beside them (sidecars).
std::vector<ContainerPort> decode_ports(const Reader& spec) {
    std::vector<ContainerPort> ports;
    for (const Reader& container : spec.at("containers").items()) add_ports(container, ports);
    for (const Reader& container : spec.at("initContainers").items()) {
        if (container.at("restartPolicy").text() == "Always") add_ports(container, ports);
    }
    return ports;
}

}  // namespace

Namespace bare_namespace(const std::string& name) { return {name, {{kNamespaceNameLabel, name}}}; }

Namespace decode_namespace(const Reader& root, std::string name) {
    Namespace result;
    result.labels = decode_labels(root.at("metadata").at("labels"));
    // The API server sets this label and lets nobody change it.
    result.labels.insert_or_assign(kNamespaceNameLabel, name);
    result.name = std::move(name);
    return result;
}

Pod decode_pod(const Reader& root) {
    Pod pod;
    const Reader metadata = root.at("metadata");
    pod.uid = metadata.at("uid").text().value_or("");
    pod.created = instant_text(metadata.at("creationTimestamp").text().value_or(""));
    pod.labels = decode_labels(metadata.at("labels"));
    const Reader spec = root.at("spec");
    pod.node = spec.at("nodeName").text().value_or("");
    pod.host_network = spec.at("hostNetwork").boolean().value_or(false);
    pod.ports = decode_ports(spec);
    const Reader status = root.at("status");
    const std::string phase = status.at("phase").text().value_or("");
    pod.terminated = phase == "Succeeded" || phase == "Failed";
    add_address(status.at("podIP"), pod.addresses);
    for (const Reader& item : status.at("podIPs").items())
        add_address(item.at("ip"), pod.addresses);
    return pod;
}

Node decode_node(const Reader& root) {
    Node node;
    const Reader metadata = root.at("metadata");
    node.created = instant_text(metadata.at("creationTimestamp").text().value_or(""));
    node.labels = decode_labels(metadata.at("labels"));
    for (const Reader& item : root.at("status").at("addresses").items()) {
        const std::string type = item.at("type").text().value_or("");
        if (type != "InternalIP" && type != "ExternalIP") continue;
        add_address(item.at("address"), node.addresses);
    }
    return node;
}

}  // namespace tierwall::kube
