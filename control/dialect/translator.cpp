// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/translator.hpp"

#include "control/dialect/admin_network_policy.hpp"
#include "control/dialect/cluster_network_policy.hpp"
#include "control/dialect/network_policy.hpp"
#include "control/dialect/translate.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace tierwall::dialect {
namespace {

template <typename Map, typename Fn>
std::optional<policy::Policy> translated(const Map& map, const std::string& name, Fn&& fn) {
    const auto at = map.find(name);
    if (at == map.end()) return std::nullopt;
    return fn(at->second);
}

/// The policy of this path as the objects say it; nothing when it is not there.
std::optional<policy::Policy> translated(const kube::Objects& objects, const std::string& path,
                                         std::vector<kube::Problem>& problems) {
    const std::size_t slash = path.find('/');
    const std::string_view kind = std::string_view(path).substr(0, slash);
    const std::string name = path.substr(slash + 1);
    const auto with_problems = [&](const auto& written) { return translate(written, problems); };
    std::optional<policy::Policy> policy;
    if (kind == "NetworkPolicy") {
        policy = translated(objects.network_policies, name,
                            [](const auto& written) { return translate(written); });
    } else if (kind == "ClusterNetworkPolicy") {
        policy = translated(objects.cluster_network_policies, name, with_problems);
    } else if (kind == "AdminNetworkPolicy") {
        policy = translated(objects.admin_network_policies, name, with_problems);
    } else if (kind == "BaselineAdminNetworkPolicy") {
        policy = translated(objects.baseline_policies, name, with_problems);
    }
    if (policy) policy->audit = objects.is_audited(path, policy->namespace_name);
    return policy;
}

}  // namespace

void Translator::reset(const kube::Objects& objects) {
    policies_.clear();
    places_.clear();
    problems_.clear();
    std::vector<kube::Problem> found;
    policies_ = translate_each(objects, found);
    for (std::size_t i = 0; i < policies_.size(); ++i) places_.emplace(policies_[i].path(), i);
    for (kube::Problem& problem : found) problems_[problem.object].push_back(std::move(problem));
}

void Translator::update(const kube::Objects& objects, const std::set<std::string>& paths) {
    for (const std::string& path : paths) {
        std::vector<kube::Problem> found;
        std::optional<policy::Policy> now = translated(objects, path, found);
        problems_.erase(path);
        if (!found.empty()) problems_.emplace(path, std::move(found));
        if (now) {
            put(path, std::move(*now));
        } else {
            erase(path);
        }
    }
}

void Translator::put(const std::string& path, policy::Policy policy) {
    const auto [place, fresh] = places_.try_emplace(path, policies_.size());
    if (fresh) {
        policies_.push_back(std::move(policy));
    } else {
        policies_[place->second] = std::move(policy);
    }
}

void Translator::erase(const std::string& path) {
    const auto place = places_.find(path);
    if (place == places_.end()) return;
    const std::size_t hole = place->second;
    places_.erase(place);
    if (hole + 1 != policies_.size()) {
        policies_[hole] = std::move(policies_.back());
        places_[policies_[hole].path()] = hole;
    }
    policies_.pop_back();
}

const policy::Policy* Translator::find(const std::string& path) const {
    const auto place = places_.find(path);
    return place == places_.end() ? nullptr : &policies_[place->second];
}

std::vector<kube::Problem> Translator::problems(const kube::Objects& objects) const {
    std::vector<kube::Problem> all;
    for (const auto& [path, found] : problems_) all.insert(all.end(), found.begin(), found.end());
    for (kube::Problem& problem : common_problems(objects)) all.push_back(std::move(problem));
    return all;
}

}  // namespace tierwall::dialect
