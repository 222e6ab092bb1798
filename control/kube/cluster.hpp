// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Cluster: the objects that policies speak about (namespaces, pods, nodes), reduced to what
/// matters for policy.
///
/// Threads: values of the control path.
/// Memory:  plain values; about 500 bytes a pod.
/// Cost:    none on the packet path.

#include "control/kube/object.hpp"
#include "dataplane/base/address.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tierwall::kube {

struct Namespace {
    std::string name;
    Labels labels;  ///< always has kubernetes.io/metadata.name
    friend bool operator==(const Namespace&, const Namespace&) = default;
};

struct ContainerPort {
    std::string name;  ///< may be empty
    std::uint8_t protocol = 6;
    std::uint16_t number = 0;
    friend auto operator<=>(const ContainerPort&, const ContainerPort&) = default;
};

struct Pod {
    std::string namespace_name;
    std::string name;
    std::string uid;
    std::string created;  ///< when, as instant_text(); newest wins a shared address
    Labels labels;
    std::vector<base::Address> addresses;
    std::string node;
    bool host_network = false;
    bool terminated = false;           ///< phase Succeeded or Failed
    std::vector<ContainerPort> ports;  ///< of containers and sidecars
    friend bool operator==(const Pod&, const Pod&) = default;

    /// Not host-networked, not terminated, has an address: what policies call a pod.
    bool is_live() const { return !host_network && !terminated && !addresses.empty(); }
    std::string path() const { return namespace_name + "/" + name; }
};

struct Node {
    std::string name;
    Labels labels;
    std::vector<base::Address> addresses;  ///< InternalIP and ExternalIP
    std::string created = {};              ///< as of a pod
    friend bool operator==(const Node&, const Node&) = default;
};

struct Cluster {
    std::map<std::string, Namespace> namespaces;  ///< by name
    std::map<std::string, Pod> pods;              ///< by "namespace/name"
    std::map<std::string, Node> nodes;            ///< by name
};

}  // namespace tierwall::kube
