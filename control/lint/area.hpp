// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Area: where the pods of a PodSet can be, now or ever.
///
/// Namespaces that are chosen by name, and that are among the objects given, are known with all
/// their labels; of others only what the selector demands is known. What is said here of areas
/// holds for every pod that could come into these namespaces.
///
/// Threads: values; pure.
/// Memory:  the selectors'.
/// Cost:    making one: O(namespaces named * requirements); of comparisons: cost().

#include "control/kube/object.hpp"
#include "control/lint/label_set.hpp"
#include "control/policy/policy.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tierwall::lint {

/// The label that the API server puts on every namespace.
inline constexpr const char* kNameLabel = "kubernetes.io/metadata.name";

/// The namespaces whose labels are known, by name.
using KnownNamespaces = std::map<std::string, const kube::Labels*>;

class Area {
public:
    Area(const policy::PodSet& set, const KnownNamespaces& known);

    /// Its selectors contradict themselves.
    bool empty() const { return empty_; }
    /// Is every pod of this area, now or ever, in `other` too?
    bool inside(const Area& other) const;
    /// Could a pod be in both?
    bool meets(const Area& other) const;
    /// What a pod in both would look like: labels of its namespace and its own. Requires: meets().
    struct Example {
        kube::Labels namespace_labels;
        kube::Labels labels;
    };
    Example example(const Area& other) const;
    /// Steps that inside() or meets() may take, or an example.
    std::uint64_t cost(const Area& other) const;
    /// Is a pod of these labels in it, whose namespace has those?
    bool holds(const kube::Labels& namespace_labels, const kube::Labels& labels) const;
    /// As above, of a pod in a namespace of this area.
    bool holds(const kube::Labels& labels) const { return pods_.holds(labels); }
    /// Steps that holds() may take.
    std::uint64_t keys() const { return keys_; }

private:
    /// Are the namespaces of this area fully known? Then those are in `known_`.
    bool resolved() const { return resolved_; }
    bool has_namespace(const kube::Labels& labels) const { return selected_.holds(labels); }

    LabelSet selected_;    ///< labels of namespaces, as the selector says
    LabelSet namespaces_;  ///< those that namespaces can really have
    LabelSet pods_;
    std::uint64_t keys_ = 1;
    std::uint64_t weight_ = 1;
    bool empty_ = false;
    bool resolved_ = false;
    std::vector<const kube::Labels*> known_;
};

}  // namespace tierwall::lint
