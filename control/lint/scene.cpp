// SPDX-License-Identifier: Apache-2.0
#include "control/lint/scene.hpp"

#include "control/dialect/translate.hpp"
#include "control/lint/block_uses.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <variant>

namespace tierwall::lint {
namespace {

constexpr const char* kSourceName = "objects";
/// What keeping one member, or one policy of a pod, costs: memory more than time.
constexpr std::uint64_t kMemberSteps = 3;

/// Equal for pods that no policy can tell apart but by their addresses.
std::string kind_key(const kube::Pod& pod) {
    std::string key = pod.is_live() ? "+" : pod.host_network ? "h" : "-";
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
        if (added) {
            pod_kinds_.push_back(
                {resolve::traits_of(pod), pod.is_live(), pod.host_network, {}, {}});
        }
        pod_kinds_[entry->second].pods.push_back(&pod);
        namespaces_with_pods_[pod.namespace_name] = true;
        if (!pod.is_live()) continue;
        for (const base::Address& address : pod.addresses) {
            addresses_.push_back({address, entry->second, &pod});
        }
    }
    std::stable_sort(addresses_.begin(), addresses_.end(),
                     [](const PodAddress& a, const PodAddress& b) {
                         return std::pair{a.address.family(), a.address} <
                                std::pair{b.address.family(), b.address};
                     });
    const kube::Cluster& cluster = store_.objects().cluster;
    size_ = cluster.pods.size() + cluster.nodes.size() + cluster.namespaces.size();
}

void Scene::index_rules(const policy::Policy& policy, base::Direction direction) {
    for (const policy::Rule& rule : rules_of(policy, direction)) {
        size_ += 1 + rule.ports.size() + rule.peers.size();
        for (const policy::Peer& peer : rule.peers) {
            if (const auto* set = std::get_if<policy::PodSet>(&peer)) sets_.add(*set);
            const auto* networks = std::get_if<policy::NetworkSet>(&peer);
            if (networks != nullptr) size_ += networks->cidrs.size() + networks->except.size();
        }
    }
}

void Scene::index_sets() {
    for (const policy::Policy& policy : policies_) {
        subjects_.push_back(sets_.add(policy.subject));
        for (const base::Direction direction : kBothDirections) index_rules(policy, direction);
    }
    of_subject_.resize(sets_.size());
    for (std::uint32_t i = 0; i < policies_.size(); ++i) of_subject_[subjects_[i]].push_back(i);
    members_.resize(sets_.size());
    live_.resize(sets_.size());
    host_pods_.resize(sets_.size());
    size_ += policies_.size();
}

void Scene::add_policies(SetNumber set, PolicyNumbers& numbers) const {
    numbers.insert(numbers.end(), of_subject_[set].begin(), of_subject_[set].end());
}

void Scene::look_at_pods(Budget& budget) {
    for (KindNumber i = 0; i < pod_kinds_.size(); ++i) {
        PodKind& kind = pod_kinds_[i];
        const std::string& name = kind.traits.namespace_name;
        for (const SetNumber set :
             sets_.holding({name, labels_of_namespace(name), kind.traits.labels}, budget)) {
            if (!budget.spend(kMemberSteps * (1 + of_subject_[set].size()))) break;
            if (kind.host_network) {
                host_pods_[set] = true;
                continue;
            }
            members_[set].push_back(i);
            if (!kind.live) continue;
            live_[set] = true;
            add_policies(set, kind.policies);
        }
        if (budget.is_spent()) {
            complete_ = false;
            return;
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

std::span<const PodAddress> Scene::addresses_in(const base::Prefix& block) const {
    const auto first = std::lower_bound(addresses_.begin(), addresses_.end(), block,
                                        [](const PodAddress& each, const auto& own) {
                                            return std::pair{each.address.family(), each.address} <
                                                   std::pair{own.family, own.address};
                                        });
    const auto end = std::partition_point(first, addresses_.end(), [&](const PodAddress& each) {
        return block.contains(each.address);
    });
    return {first, end};
}

const AddressSpan& Scene::span_of(SetNumber set) const {
    const auto [entry, added] = spans_.try_emplace(set);
    AddressSpan& span = entry->second;
    if (!added) return span;
    for (const KindNumber kind : members(set)) {
        if (!pod_kinds_[kind].live) continue;
        for (const kube::Pod* pod : pod_kinds_[kind].pods) {
            for (const base::Address& address : pod->addresses) {
                auto& block = span[static_cast<std::size_t>(address.family())];
                const base::Prefix own = base::host_prefix(address);
                block = block ? common(*block, own) : own;
            }
        }
    }
    return span;
}

PolicyNumbers Scene::selecting(const resolve::PodTraits& pod, Budget& budget) const {
    PolicyNumbers numbers;
    for (const SetNumber set : sets_.holding(pod, budget)) {
        if (!budget.spend(1 + of_subject_[set].size())) break;
        add_policies(set, numbers);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace tierwall::lint
