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
/// Cost:    O(namespaces named * requirements).

#include "control/kube/object.hpp"
#include "control/lint/label_set.hpp"
#include "control/policy/policy.hpp"

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
    bool empty() const;
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
    /// The namespaces that it names, if it names them.
    const std::set<std::string>* names() const;

private:
    /// Are the namespaces of this area fully known? Then those are in `known_`.
    bool resolved() const { return resolved_; }
    bool has_namespace(const kube::Labels& labels) const;

    LabelSet namespaces_;
    LabelSet pods_;
    policy::Selector selector_;  ///< of namespaces, as namespaces_
    bool resolved_ = false;
    std::vector<const kube::Labels*> known_;
};

}  // namespace tierwall::lint
