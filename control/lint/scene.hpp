// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Scene: the objects given, as the checks look at them.
///
/// Pods that are alike (namespace, labels, named ports) are one *kind of pod*; every selector of
/// every policy is compared with kinds through an index, so that no check goes through pods times
/// policies.
///
/// Threads: one.
/// Memory:  the policies, and about 200 bytes a kind of pod.
/// Cost:    making one: a few microseconds a kind of pod, under a microsecond a pod.

#include "control/kube/store.hpp"
#include "control/lint/budget.hpp"
#include "control/lint/pod_sets.hpp"
#include "control/policy/policy.hpp"
#include "control/resolve/profile_table.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tierwall::lint {

/// Numbers of policies in Scene::policies(), which is the order in which they are asked.
using PolicyNumbers = std::vector<std::uint32_t>;
using KindNumber = std::uint32_t;

inline constexpr std::array<base::Direction, 2> kBothDirections{base::Direction::Egress,
                                                                base::Direction::Ingress};

struct PodKind {
    resolve::Traits traits;
    bool live = false;          ///< policies speak of them: addressed, not host-networked
    bool host_network = false;  ///< never a subject nor a peer
    std::vector<const kube::Pod*> pods;
    PolicyNumbers policies;  ///< that have it as subject; none unless live
};

/// A live pod's address.
struct PodAddress {
    base::Address address;
    KindNumber kind;
    const kube::Pod* pod;
};

/// For each family the longest block that holds all addresses of some pods.
using AddressSpan = std::array<std::optional<base::Prefix>, 2>;

class Scene {
public:
    /// The steps that the checks may take depend on size(); those of comparing pods with selectors
    /// are the scene's own.
    explicit Scene(const kube::Contents& contents);
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    const kube::Objects& objects() const { return store_.objects(); }
    const std::vector<policy::Policy>& policies() const { return policies_; }
    const std::vector<PodKind>& pod_kinds() const { return pod_kinds_; }
    const PodSets& sets() const { return sets_; }
    /// The live pods with an address in a block.
    std::span<const PodAddress> addresses_in(const base::Prefix& block) const;
    /// Pods, namespaces, policies, rules, peers, blocks and ports.
    std::uint64_t size() const { return size_; }
    /// Which pods are in which set, within the budget. Requires: called once, before the checks.
    void look_at_pods(Budget& budget);
    /// False: the budget did not suffice, and what is said of members below is not all there is.
    bool is_complete() const { return complete_; }
    /// Is any pod, of whatever state, among the objects?
    bool has_pods() const { return !pod_kinds_.empty(); }
    /// Do pods of this namespace stand among the objects?
    bool has_pods_in(const std::string& namespace_name) const;
    /// Namespaces that are objects given, not only named by others.
    const KnownNamespaces& known_namespaces() const { return known_; }
    /// Nothing that is named but not given.
    bool knows_all_namespaces() const;
    const kube::Labels& labels_of_namespace(const std::string& name) const;
    bool uses(base::Family family) const { return uses_[static_cast<std::size_t>(family)]; }

    /// Kinds of pods that a set holds, live or not, but never host-networked ones. Requires: a set
    /// of some policy.
    const std::vector<KindNumber>& members(const policy::PodSet& set) const {
        return members(*sets_.find(set));
    }
    const std::vector<KindNumber>& members(SetNumber set) const { return members_[set]; }
    bool has_live_members(const policy::PodSet& set) const { return live_[*sets_.find(set)]; }
    /// Would its selectors match pods given, were those not host-networked?
    bool has_host_pods(const policy::PodSet& set) const { return host_pods_[*sets_.find(set)]; }
    /// Of the live members.
    const AddressSpan& span_of(SetNumber set) const;
    /// The number of a policy's subject.
    SetNumber subject(std::uint32_t policy) const { return subjects_[policy]; }
    /// Policies whose subject is this very set.
    const PolicyNumbers& with_subject(SetNumber set) const { return of_subject_[set]; }
    /// Policies whose subject holds such a pod, in the order in which they are asked.
    PolicyNumbers selecting(const resolve::PodTraits& pod, Budget& budget) const;
    /// The area of a policy's subject.
    const Area& subject_area(std::uint32_t policy) const { return sets_.area(subject(policy)); }

private:
    void count_pods();
    void index_sets();
    void index_rules(const policy::Policy& policy, base::Direction direction);
    void add_policies(SetNumber set, PolicyNumbers& numbers) const;
    void look_at_families();

    kube::Store store_;
    std::vector<policy::Policy> policies_;
    KnownNamespaces known_;
    std::vector<PodKind> pod_kinds_;
    std::vector<PodAddress> addresses_;  ///< by family and address
    std::map<std::string, bool> namespaces_with_pods_;
    PodSets sets_{known_};
    std::vector<SetNumber> subjects_;  ///< of each policy
    std::vector<PolicyNumbers> of_subject_;
    std::vector<std::vector<KindNumber>> members_;
    std::vector<bool> live_;                          ///< of each set: is any member live?
    std::vector<bool> host_pods_;                     ///< of each set
    mutable std::map<SetNumber, AddressSpan> spans_;  ///< of those asked for
    std::uint64_t size_ = 0;
    bool complete_ = true;
    std::array<bool, 2> uses_{true, true};
};

/// A policy's rules for a direction.
inline const std::vector<policy::Rule>& rules_of(const policy::Policy& policy,
                                                 base::Direction direction) {
    return direction == base::Direction::Egress ? policy.egress : policy.ingress;
}
inline bool isolates(const policy::Policy& policy, base::Direction direction) {
    return direction == base::Direction::Egress ? policy.isolates_egress : policy.isolates_ingress;
}

}  // namespace tierwall::lint
