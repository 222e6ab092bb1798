// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PeerCheck: what the schemas of cluster-scoped policies demand of subjects, peers and names.
///
/// The API comes in two channels: the experimental one has more kinds of peers, and one rule more.
/// Warnings: what a schema lets pass but cannot be enforced as written (bad selectors, domainNames
/// in the wrong place).
///
/// Threads: one at a time; the problems must outlive it.
/// Memory:  the problems'.
/// Cost:    O(size).

#include "control/kube/cluster_policy_peer.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::kube {

enum class Channel {
    Standard,
    Experimental,
    Any,  ///< whatever one of them accepts: what can be met in a cluster, hence what is enforced
};

/// In what the versions of the API differ.
struct PeerDemands {
    Channel channel = Channel::Any;
    std::size_t list_max = 0;     ///< rules of a direction, peers and ports of a rule
    bool both_selectors = false;  ///< of `pods`, not only podSelector
};

class PeerCheck {
public:
    PeerCheck(const PeerDemands& demands, std::vector<Problem>& problems)
        : demands_(demands), problems_(&problems) {}

    void add(std::string field, base::Errc error, std::string message) const;
    void warn(std::string field, base::Errc error, std::string message) const;

    void object_name(const std::string& name) const;
    void rule_name(const std::string& name, const std::string& at) const;
    void priority(std::optional<std::int64_t> priority) const;
    void action(const std::optional<std::string>& action, const std::string& at,
                std::initializer_list<std::string_view> known) const;
    void subject(const std::optional<ClusterPolicySubject>& subject) const;
    void peers(const std::optional<std::vector<ClusterPolicyPeer>>& peers,
               const std::string& list) const;
    /// A list that may be left out, but not be empty or too long.
    void length(std::size_t size, const std::string& list, const char* items) const;
    /// A field that the standard channel does not have.
    void experimental(const char* field, const std::string& at) const;
    void port(std::optional<std::int64_t> number, const std::string& at) const;
    /// A name of a port that no pod can have.
    void named_port(const std::string& name, const std::string& at) const;

private:
    void peer(const ClusterPolicyPeer& peer, const std::string& at) const;
    void pods(const NamespacedPods& pods, const std::string& at) const;
    void selector(const LabelSelector& selector, const std::string& at) const;
    void set(const std::vector<std::string>& items, const std::string& at) const;
    void networks(const std::vector<std::string>& networks, const std::string& at) const;
    void domain_names(const std::vector<std::string>& names, const std::string& at) const;

    PeerDemands demands_;
    std::vector<Problem>* problems_;
};

/// A peer that is no pod, and so has no named ports.
bool is_portless(const ClusterPolicyPeer& peer);

}  // namespace tierwall::kube
