// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Scene: the objects given, as the checks look at them.
///
/// Pods that are alike (namespace, labels, named ports) are one *kind of pod*; every selector of
/// every policy is compared with kinds through the resolver's index, so that no check goes through
/// pods times policies.
///
/// Threads: one; immutable once made.
/// Memory:  the policies, and about 200 bytes a kind of pod.
/// Cost:    making one: a few microseconds a kind of pod, under a microsecond a pod.

#include "control/kube/store.hpp"
#include "control/lint/area.hpp"
#include "control/policy/policy.hpp"
#include "control/resolve/pod_set_index.hpp"
#include "control/resolve/profile_table.hpp"
#include "control/resolve/term.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::lint {

/// Numbers of policies in Scene::policies(), which is the order in which they are asked.
using PolicyNumbers = std::vector<std::uint32_t>;
using KindNumber = std::uint32_t;

inline constexpr std::array<base::Direction, 2> kBothDirections{base::Direction::Egress,
                                                                base::Direction::Ingress};

struct PodKind {
    resolve::Traits traits;
    bool live = false;  ///< policies speak of them: addressed, not host-networked
    std::vector<const kube::Pod*> pods;
    PolicyNumbers policies;  ///< that have it as subject; none unless live
};

class Scene {
public:
    explicit Scene(const kube::Contents& contents);
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    const kube::Objects& objects() const { return store_.objects(); }
    const std::vector<policy::Policy>& policies() const { return policies_; }
    const std::vector<PodKind>& pod_kinds() const { return pod_kinds_; }
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

    /// Kinds of pods that a set holds, live or not. Requires: a set of some policy.
    const std::vector<KindNumber>& members(const policy::PodSet& set) const;
    std::vector<KindNumber> live_members(const policy::PodSet& set) const;
    /// Policies whose subject is this very set.
    const PolicyNumbers& with_subject(const policy::PodSet& set) const;
    /// Policies whose subject holds such a pod, in the order in which they are asked.
    PolicyNumbers selecting(const resolve::PodTraits& pod) const;
    /// Made once: the area of a policy's subject.
    const Area& subject_area(std::uint32_t policy) const { return areas_.at(policy); }

private:
    void count_pods();
    void index_sets();
    void add_set(const policy::PodSet& set);
    void look_at_families();

    kube::Store store_;
    std::vector<policy::Policy> policies_;
    KnownNamespaces known_;
    std::vector<PodKind> pod_kinds_;
    std::map<std::string, bool> namespaces_with_pods_;
    resolve::Journal journal_;
    resolve::Terms terms_{journal_};
    resolve::PodSetIndex sets_{journal_, terms_};
    std::unordered_map<resolve::TermId, std::vector<KindNumber>> members_;
    std::unordered_map<resolve::TermId, PolicyNumbers> of_subject_;
    std::deque<Area> areas_;
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
