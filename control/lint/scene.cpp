// SPDX-License-Identifier: Apache-2.0
#include "control/lint/scene.hpp"

#include "control/dialect/translate.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tierwall::lint {
namespace {

constexpr const char* kSourceName = "objects";

/// Equal for pods that no policy can tell apart but by their addresses.
std::string kind_key(const kube::Pod& pod) {
    std::string key = pod.is_live() ? "+" : "-";
    key += pod.namespace_name;
    for (const auto& [label, value] : pod.labels) key += '\n' + label + '=' + value;
    for (const kube::ContainerPort& port : pod.ports) {
        if (port.name.empty()) continue;
        key += '\n' + port.name + ' ' + std::to_string(port.protocol) + ' ' +
               std::to_string(port.number);
    }
    return key;
}

std::vector<policy::Policy> translated(const kube::Objects& objects) {
    std::vector<kube::Problem> said_elsewhere;
    return dialect::translate(objects, said_elsewhere);
}

}  // namespace

Scene::Scene(const kube::Contents& contents) {
    store_.replace(kSourceName, contents);
    policies_ = translated(store_.objects());
    for (const auto& object : contents) {
        const auto* given = std::get_if<kube::Namespace>(&object->object);
        if (given == nullptr) continue;
        const auto& namespaces = store_.objects().cluster.namespaces;
        if (const auto stored = namespaces.find(given->name); stored != namespaces.end()) {
            known_.emplace(given->name, &stored->second.labels);
        }
    }
    count_pods();
    index_sets();
    look_at_families();
}

void Scene::count_pods() {
    std::unordered_map<std::string, KindNumber> numbers;
    for (const auto& [path, pod] : store_.objects().cluster.pods) {
        const auto number = static_cast<KindNumber>(pod_kinds_.size());
        const auto [entry, added] = numbers.try_emplace(kind_key(pod), number);
        if (added) pod_kinds_.push_back({resolve::traits_of(pod), pod.is_live(), {}, {}});
        pod_kinds_[entry->second].pods.push_back(&pod);
        namespaces_with_pods_[pod.namespace_name] = true;
    }
}

void Scene::add_set(const policy::PodSet& set) {
    if (terms_.find(set) != resolve::kNoTerm) return;
    const resolve::TermId id = terms_.acquire(set);
    sets_.add(id, set);
    members_[id];
}

void Scene::index_sets() {
    for (std::uint32_t i = 0; i < policies_.size(); ++i) {
        const policy::Policy& policy = policies_[i];
        add_set(policy.subject);
        of_subject_[terms_.find(policy.subject)].push_back(i);
        areas_.emplace_back(policy.subject, known_);
        for (const base::Direction direction : kBothDirections) {
            for (const policy::Rule& rule : rules_of(policy, direction)) {
                for (const policy::Peer& peer : rule.peers) {
                    if (const auto* set = std::get_if<policy::PodSet>(&peer)) add_set(*set);
                }
            }
        }
    }
    for (KindNumber i = 0; i < pod_kinds_.size(); ++i) {
        PodKind& kind = pod_kinds_[i];
        std::vector<resolve::TermId> found;
        const std::string& name = kind.traits.namespace_name;
        sets_.find({name, labels_of_namespace(name), kind.traits.labels}, found);
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        for (const resolve::TermId term : found) {
            members_[term].push_back(i);
            if (!kind.live) continue;
            const auto subject = of_subject_.find(term);
            if (subject == of_subject_.end()) continue;
            kind.policies.insert(kind.policies.end(), subject->second.begin(),
                                 subject->second.end());
        }
        std::sort(kind.policies.begin(), kind.policies.end());
    }
}

void Scene::look_at_families() {
    if (std::none_of(pod_kinds_.begin(), pod_kinds_.end(),
                     [](const PodKind& kind) { return kind.live; })) {
        return;
    }
    uses_ = {false, false};
    for (const PodKind& kind : pod_kinds_) {
        for (const kube::Pod* pod : kind.pods) {
            for (const base::Address& address : pod->addresses) {
                uses_[static_cast<std::size_t>(address.family())] = true;
            }
        }
    }
}

bool Scene::has_pods_in(const std::string& namespace_name) const {
    return namespaces_with_pods_.contains(namespace_name);
}

bool Scene::knows_all_namespaces() const {
    return known_.size() == store_.objects().cluster.namespaces.size();
}

const kube::Labels& Scene::labels_of_namespace(const std::string& name) const {
    static const kube::Labels kNone;
    const auto& namespaces = store_.objects().cluster.namespaces;
    const auto entry = namespaces.find(name);
    return entry == namespaces.end() ? kNone : entry->second.labels;
}

const std::vector<KindNumber>& Scene::members(const policy::PodSet& set) const {
    return members_.at(terms_.find(set));
}

std::vector<KindNumber> Scene::live_members(const policy::PodSet& set) const {
    std::vector<KindNumber> live = members(set);
    std::erase_if(live, [this](KindNumber kind) { return !pod_kinds_[kind].live; });
    return live;
}

const PolicyNumbers& Scene::with_subject(const policy::PodSet& set) const {
    return of_subject_.at(terms_.find(set));
}

PolicyNumbers Scene::selecting(const resolve::PodTraits& pod) const {
    std::vector<resolve::TermId> found;
    sets_.find(pod, found);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    PolicyNumbers numbers;
    for (const resolve::TermId term : found) {
        const auto subject = of_subject_.find(term);
        if (subject == of_subject_.end()) continue;
        numbers.insert(numbers.end(), subject->second.begin(), subject->second.end());
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace tierwall::lint
