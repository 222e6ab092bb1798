// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode: documents -> API objects, each with what is wrong with it and what follows from that.
///
/// A Decoded always says how far its object may be used, so that the store of last good versions
/// and every reader of the API decide alike.
///
/// Threads: any; pure.
/// Memory:  the result's; it does not refer to the document.
/// Cost:    O(size); a few microseconds a pod.

#include "control/document/value.hpp"
#include "control/kube/admin_network_policy.hpp"
#include "control/kube/cluster.hpp"
#include "control/kube/cluster_network_policy.hpp"
#include "control/kube/mode.hpp"
#include "control/kube/network_policy.hpp"
#include "control/kube/object.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tierwall::kube {

/// What tells objects apart: kind, namespace (empty for cluster-scoped kinds) and name. Kinds of
/// other API groups may be called the same, and must never stand in the place of an enforced one.
struct ObjectKey {
    std::string kind;
    std::string namespace_name;
    std::string name;
    std::string foreign = {};  ///< apiVersion of what is no version of an enforced kind
    friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
    friend bool operator==(const ObjectKey&, const ObjectKey&) = default;

    std::string path() const;  ///< "NetworkPolicy/shop/web", "Node/n1"
};

/// Nothing for kinds that are not enforced and for documents that are no object.
using Object = std::variant<std::monostate, Namespace, Pod, Node, NetworkPolicy,
                            ClusterNetworkPolicy, AdminNetworkPolicy>;

enum class Soundness {
    /// Use it; rules that are not understood fail closed.
    Sound,
    /// The API server would refuse it: its last good version stays. Without one, use it, with the
    /// rules that are wrong failing closed.
    Doubtful,
    /// Cannot be enforced: its last good version stays, else see the fields of Decoded.
    Unusable,
    /// A kind that has nothing to do with policy.
    Ignored,
};

struct Decoded {
    ObjectKey key;
    Object object;
    Mode mode = Mode::Unset;
    Soundness soundness = Soundness::Sound;
    bool generated_name = false;             ///< the API server will choose it
    bool has_no_name = false;                ///< nor that: what it has is made up
    bool may_deny = true;                    ///< leaving it out could let something pass
    std::optional<NetworkPolicy> isolating;  ///< stands in for an unusable NetworkPolicy
    std::string path;                        ///< file
    std::uint32_t line = 0;
    std::vector<Problem> problems;       ///< all that matters for enforcement
    std::vector<Problem> form_problems;  ///< of these, what is wrong before any schema is asked
};

/// Adds what a schema says about the object, with its name and place, except where the document
/// itself was already found wrong: there it would only repeat that.
void add_unless_covered(std::vector<Problem> found, const Decoded& decoded,
                        std::vector<Problem>& problems);

/// Kind and version of a list's items, which do not repeat them.
struct ItemType {
    std::string api_version;
    std::string kind;
};

/// One object. `type` stands in where the object does not say.
Decoded decode_object(const document::Value& value, const std::string& path,
                      const ItemType& type = {});

/// An object, or each item of a List, PodList and so on.
void decode(const document::Value& value, const std::string& path, std::vector<Decoded>& objects);

}  // namespace tierwall::kube
