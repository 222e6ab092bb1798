// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/case_cluster.hpp"

#include "control/kube/decode_cluster.hpp"
#include "control/kube/decode_selector.hpp"
#include "control/kube/instant.hpp"
#include "dataplane/base/protocol.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace tierwall::ctl {

namespace {

using base::Errc;
using document::Reader;

/// Takes the objects as they are read, each name once.
class CaseObjects {
public:
    template <typename T>
    void add(const Reader& reader, kube::ObjectKey key, T object) {
        if (!seen_.insert(key).second) {
            return reader.fault(Errc::Duplicate, "there is another " + key.path());
        }
        kube::Decoded decoded;
        decoded.key = std::move(key);
        decoded.object = std::move(object);
        decoded.line = reader.line();
        contents_.push_back(std::make_shared<const kube::Decoded>(std::move(decoded)));
    }
    kube::Contents take() { return std::move(contents_); }

private:
    std::set<kube::ObjectKey> seen_;
    kube::Contents contents_;
};

std::string case_name(const Reader& reader) {
    std::string name = reader.required().text().value_or("");
    if (reader.present() && name.empty()) reader.fault(Errc::Invalid, "must not be empty");
    return name;
}

void read_address(const Reader& reader, std::vector<base::Address>& addresses) {
    const auto text = reader.required().text();
    if (!text) return;
    const auto address = base::parse_address(*text);
    if (!address) return reader.fault(Errc::Invalid, "\"" + *text + "\" is not an IP address");
    addresses.push_back(*address);
}

void read_namespace(const Reader& reader, CaseObjects& objects) {
    reader.allow_only({"name", "labels"});
    const std::string name = case_name(reader.at("name"));
    kube::Namespace made{name, kube::decode_labels(reader.at("labels"))};
    made.labels.insert_or_assign(kube::kNamespaceNameLabel, name);
    objects.add(reader, {"Namespace", "", name}, std::move(made));
}

void read_node(const Reader& reader, CaseObjects& objects) {
    reader.allow_only({"name", "labels", "addresses"});
    kube::Node node;
    node.name = case_name(reader.at("name"));
    node.labels = kube::decode_labels(reader.at("labels"));
    for (const Reader& item : reader.at("addresses").items()) {
        item.allow_only({"type", "address"});
        const std::string type = item.at("type").required().text().value_or("");
        if (type == "InternalIP" || type == "ExternalIP") {
            read_address(item.at("address"), node.addresses);
        } else {
            item.at("address").required().text();
        }
    }
    std::string name = node.name;
    objects.add(reader, {"Node", "", std::move(name)}, std::move(node));
}

void read_container_port(const Reader& reader, kube::Pod& pod) {
    reader.allow_only({"name", "protocol", "containerPort"});
    kube::ContainerPort port;
    port.name = reader.at("name").text().value_or("");
    const std::string protocol = reader.at("protocol").text().value_or("TCP");
    if (protocol == "UDP") {
        port.protocol = base::kIpUdp;
    } else if (protocol == "SCTP") {
        port.protocol = base::kIpSctp;
    } else if (protocol != "TCP") {
        reader.at("protocol").fault(Errc::NotSupported, "must be TCP, UDP or SCTP");
    }
    const auto number = reader.at("containerPort").required().integer(1, 65535);
    port.number = static_cast<std::uint16_t>(number.value_or(0));
    pod.ports.push_back(std::move(port));
}

void read_pod(const Reader& reader, CaseObjects& objects) {
    reader.allow_only({"namespace", "name", "labels", "ips", "node", "hostNetwork", "ports",
                       "phase", "uid", "created"});
    kube::Pod pod;
    pod.namespace_name = case_name(reader.at("namespace"));
    pod.name = case_name(reader.at("name"));
    pod.uid = reader.at("uid").text().value_or("uid of " + pod.path());
    pod.created = kube::instant_text(reader.at("created").text().value_or("2026-01-01T00:00:00Z"));
    pod.labels = kube::decode_labels(reader.at("labels"));
    pod.node = reader.at("node").text().value_or("");
    pod.host_network = reader.at("hostNetwork").boolean().value_or(false);
    const std::string phase = reader.at("phase").text().value_or("Running");
    pod.terminated = phase == "Succeeded" || phase == "Failed";
    for (const Reader& item : reader.at("ips").items()) read_address(item, pod.addresses);
    for (const Reader& item : reader.at("ports").items()) read_container_port(item, pod);
    kube::ObjectKey key{"Pod", pod.namespace_name, pod.name};
    objects.add(reader, std::move(key), std::move(pod));
}

/// The names are learned on the wire in these stories; here they only have to make sense.
void check_dns(const Reader& reader) {
    reader.allow_only({"name", "ips"});
    case_name(reader.at("name"));
    std::vector<base::Address> addresses;
    for (const Reader& item : reader.at("ips").items()) read_address(item, addresses);
}

}  // namespace

kube::Contents read_case_cluster(const Reader& reader) {
    reader.allow_only({"namespaces", "nodes", "pods", "dns"});
    CaseObjects objects;
    for (const Reader& item : reader.at("namespaces").items()) read_namespace(item, objects);
    for (const Reader& item : reader.at("nodes").items()) read_node(item, objects);
    for (const Reader& item : reader.at("pods").items()) read_pod(item, objects);
    for (const Reader& item : reader.at("dns").items()) check_dns(item);
    return objects.take();
}

}  // namespace tierwall::ctl
