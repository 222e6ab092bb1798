// SPDX-License-Identifier: Apache-2.0
#include "control/kube/store.hpp"

#include "control/kube/decode_cluster.hpp"

#include <algorithm>
#include <string_view>

namespace tierwall::kube {
namespace {

std::string name_of(const ObjectKey& key) {
    return key.namespace_name.empty() ? key.name : key.namespace_name + "/" + key.name;
}

/// "file: Kind/ns/name spec.field: message", without what is empty.
std::string line_of(const Problem& problem) {
    std::string text;
    if (!problem.path.empty()) text += problem.path + ": ";
    text += problem.object;
    if (!problem.field.empty()) text += " " + problem.field;
    if (!problem.object.empty() || !problem.field.empty()) text += ": ";
    return text + problem.message;
}

bool same_object(const Decoded& a, const Decoded& b) {
    return a.object == b.object && a.mode == b.mode;
}

Problem about(const Decoded& decoded, base::Errc error, std::string message, Severity severity) {
    return {decoded.path,       decoded.key.path(), "",          error,
            std::move(message), severity,           decoded.line};
}

}  // namespace

void Store::note(const std::map<std::string, Namespace>&, const std::string& key) {
    changes_.namespaces.insert(key);
}
void Store::note(const std::map<std::string, Pod>&, const std::string& key) {
    changes_.pods.insert(key);
}
void Store::note(const std::map<std::string, Node>&, const std::string& key) {
    changes_.nodes.insert(key);
}
void Store::note(const std::map<std::string, NetworkPolicy>&, const std::string& key) {
    changes_.policies.insert("NetworkPolicy/" + key);
}
void Store::note(const std::map<std::string, ClusterNetworkPolicy>&, const std::string& key) {
    changes_.policies.insert("ClusterNetworkPolicy/" + key);
}
void Store::note(const std::map<std::string, AdminNetworkPolicy>& map, const std::string& key) {
    const bool baseline = &map == &objects_.baseline_policies;
    changes_.policies.insert((baseline ? "BaselineAdminNetworkPolicy/" : "AdminNetworkPolicy/") +
                             key);
}

/// A mode is no object: what changes are the policies that it holds for.
void Store::note(const std::map<std::string, Mode>&, const std::string& key) {
    constexpr std::string_view kNamespace = "Namespace/";
    if (!key.starts_with(kNamespace)) {
        changes_.policies.insert(key);
        return;
    }
    const std::string inside = key.substr(kNamespace.size()) + "/";
    const auto& policies = objects_.network_policies;
    for (auto at = policies.lower_bound(inside); at != policies.end(); ++at) {
        if (!at->first.starts_with(inside)) break;
        note(policies, at->first);
    }
}

template <typename T>
void Store::set(std::map<std::string, T>& map, const std::string& key, const T& value) {
    const auto [place, added] = map.try_emplace(key, value);
    if (!added) {
        if (place->second == value) return;
        place->second = value;
    }
    ++version_;
    note(map, key);
}

template <typename T>
void Store::erase(std::map<std::string, T>& map, const std::string& key) {
    if (map.erase(key) == 0) return;
    ++version_;
    note(map, key);
}

void Store::replace(const std::string& source, Contents contents) {
    Source& holder = sources_[source];
    std::set<ObjectKey> before = std::move(holder.keys);
    holder = {{}, {}, true};
    std::vector<ObjectKey> touched;
    for (const ObjectKey& key : before) {
        unclaim(source, key);
        touched.push_back(key);
    }
    for (auto& object : contents) {
        if (before.count(object->key) == 0) touched.push_back(object->key);
        claim(holder, source, std::move(object));
    }
    for (const ObjectKey& key : touched) settle(key);
}

void Store::put(const std::string& source, Decoded object) {
    Source& holder = sources_[source];
    holder.was_read = true;
    const ObjectKey key = object.key;
    unclaim(source, key);
    claim(holder, source, std::make_shared<const Decoded>(std::move(object)));
    settle(key);
}

void Store::remove(const std::string& source, const ObjectKey& key) {
    const auto holder = sources_.find(source);
    if (holder == sources_.end()) return;
    holder->second.keys.erase(key);
    unclaim(source, key);
    settle(key);
}

void Store::mark_unreadable(const std::string& source, const base::Error& error) {
    Problem problem{source, "", "", error.code, error.what};
    const std::size_t colon = error.where.rfind(':');
    if (colon != std::string::npos && error.where.substr(0, colon) == source) {
        problem.line =
            static_cast<std::uint32_t>(std::strtoul(&error.where[colon + 1], nullptr, 10));
    }
    sources_[source].failure = {std::move(problem)};
}

void Store::forget(const std::string& source) {
    const auto holder = sources_.find(source);
    if (holder == sources_.end()) return;
    const std::set<ObjectKey> keys = std::move(holder->second.keys);
    sources_.erase(holder);
    for (const ObjectKey& key : keys) {
        unclaim(source, key);
        settle(key);
    }
}

void Store::claim(Source& holder, const std::string& source,
                  std::shared_ptr<const Decoded> object) {
    holder.keys.insert(object->key);
    std::vector<Claim>& claims = entries_[object->key].claims;
    const auto after = [](const std::string& name, const Claim& claim) {
        return name < claim.source;
    };
    const auto place = std::upper_bound(claims.begin(), claims.end(), source, after);
    claims.insert(place, {source, std::move(object)});
}

void Store::unclaim(const std::string& source, const ObjectKey& key) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return;
    std::erase_if(entry->second.claims, [&](const Claim& claim) { return claim.source == source; });
}

void Store::settle(const ObjectKey& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    if (entry.claims.empty()) {
        uninstall(key);
        noisy_.erase(key);
        entries_.erase(found);
        return;
    }
    apply(*entry.claims.front().object, entry);
    const bool quiet = entry.claims.size() == 1 && entry.claims.front().object->problems.empty();
    if (quiet) {
        noisy_.erase(key);
    } else {
        noisy_.insert(key);
    }
}

void Store::apply(const Decoded& decoded, Entry& entry) {
    const bool has_good = entry.state == State::Good || entry.state == State::Kept;
    switch (decoded.soundness) {
        case Soundness::Sound:
            install(decoded);
            entry.state = State::Good;
            return;
        case Soundness::Ignored: entry.state = State::LeftOut; return;
        case Soundness::Doubtful:
        case Soundness::Unusable: break;
    }
    if (has_good) {
        entry.state = State::Kept;
    } else if (decoded.soundness == Soundness::Doubtful) {
        install(decoded);
        entry.state = State::StandIn;
    } else if (decoded.isolating) {
        set(objects_.network_policies, name_of(decoded.key), *decoded.isolating);
        install_mode(decoded);
        entry.state = State::StandIn;
    } else if (decoded.may_deny) {
        entry.state = State::Blocking;
    } else {
        uninstall(decoded.key);
        entry.state = State::LeftOut;
    }
}

void Store::install_mode(const Decoded& decoded) {
    if (decoded.mode == Mode::Unset) {
        erase(objects_.modes, decoded.key.path());
    } else {
        set(objects_.modes, decoded.key.path(), decoded.mode);
    }
}

void Store::install(const Decoded& decoded) {
    install_mode(decoded);
    const std::string name = name_of(decoded.key);
    if (const auto* space = std::get_if<Namespace>(&decoded.object)) {
        install(*space);
    } else if (const auto* pod = std::get_if<Pod>(&decoded.object)) {
        install(*pod);
    } else if (const auto* node = std::get_if<Node>(&decoded.object)) {
        set(objects_.cluster.nodes, name, *node);
    } else if (const auto* policy = std::get_if<NetworkPolicy>(&decoded.object)) {
        set(objects_.network_policies, name, *policy);
    } else if (const auto* cluster = std::get_if<ClusterNetworkPolicy>(&decoded.object)) {
        set(objects_.cluster_network_policies, name, *cluster);
    } else if (const auto* admin = std::get_if<AdminNetworkPolicy>(&decoded.object)) {
        set(admin->baseline ? objects_.baseline_policies : objects_.admin_network_policies, name,
            *admin);
    }
}

void Store::install(const Namespace& value) {
    implied_.erase(value.name);
    set(objects_.cluster.namespaces, value.name, value);
}

void Store::install(const Pod& value) {
    set(objects_.cluster.pods, value.path(), value);
    imply_namespace(value.namespace_name);
}

void Store::uninstall(const ObjectKey& key) {
    if (!key.foreign.empty()) return;  // it never was installed: what is there is another object
    erase(objects_.modes, key.path());
    const std::string name = name_of(key);
    if (key.kind == "Namespace") {
        erase(objects_.cluster.namespaces, name);
        const auto pod = objects_.cluster.pods.lower_bound(name + "/");
        if (pod != objects_.cluster.pods.end() && pod->second.namespace_name == name) {
            imply_namespace(name);
        }
    } else if (key.kind == "Pod") {
        erase(objects_.cluster.pods, name);
        drop_implied_namespace(key.namespace_name);
    } else if (key.kind == "Node") {
        erase(objects_.cluster.nodes, name);
    } else if (key.kind == "NetworkPolicy") {
        erase(objects_.network_policies, name);
    } else if (key.kind == "ClusterNetworkPolicy") {
        erase(objects_.cluster_network_policies, name);
    } else if (key.kind == "AdminNetworkPolicy") {
        erase(objects_.admin_network_policies, name);
    } else if (key.kind == "BaselineAdminNetworkPolicy") {
        erase(objects_.baseline_policies, name);
    }
}

void Store::imply_namespace(const std::string& name) {
    if (objects_.cluster.namespaces.count(name) != 0) return;
    implied_.insert(name);
    set(objects_.cluster.namespaces, name, bare_namespace(name));
}

void Store::drop_implied_namespace(const std::string& name) {
    if (implied_.count(name) == 0) return;
    const auto pod = objects_.cluster.pods.lower_bound(name + "/");
    if (pod != objects_.cluster.pods.end() && pod->second.namespace_name == name) return;
    implied_.erase(name);
    erase(objects_.cluster.namespaces, name);
}

void Store::add_problems(const Entry& entry, std::vector<Problem>& problems) const {
    const Decoded& first = *entry.claims.front().object;
    problems.insert(problems.end(), first.problems.begin(), first.problems.end());
    if (entry.state == State::Kept) {
        problems.push_back(about(first, base::Errc::Invalid, "its last good version stays in force",
                                 Severity::Warning));
    } else if (entry.state == State::StandIn && first.isolating) {
        problems.push_back(about(first, base::Errc::Invalid,
                                 "isolates the pods it selects until it can be read",
                                 Severity::Warning));
    }
    for (std::size_t i = 1; i < entry.claims.size(); ++i) {
        const Decoded& other = *entry.claims[i].object;
        const Severity severity = same_object(first, other) ? Severity::Warning : Severity::Error;
        if (other.soundness == Soundness::Ignored) continue;
        problems.push_back(about(other, base::Errc::Duplicate,
                                 "is also in " + first.path + ":" + std::to_string(first.line) +
                                     ", which is the one in force",
                                 severity));
    }
}

std::vector<Problem> Store::problems() const {
    std::vector<Problem> problems;
    for (const auto& [name, source] : sources_) {
        problems.insert(problems.end(), source.failure.begin(), source.failure.end());
    }
    for (const ObjectKey& key : noisy_) add_problems(entries_.at(key), problems);
    for (const std::string& name : implied_) {
        problems.push_back({"", "Namespace/" + name, "", base::Errc::NotFound,
                            "is not there, though pods are in it: only its name is known",
                            Severity::Warning});
    }
    return problems;
}

std::vector<std::string> Store::blocked() const {
    std::vector<std::string> reasons;
    for (const auto& [name, source] : sources_) {
        if (!source.failure.empty() && !source.was_read) {
            reasons.push_back(line_of(source.failure.front()));
        }
    }
    for (const ObjectKey& key : noisy_) {
        const Entry& entry = entries_.at(key);
        if (entry.state != State::Blocking) continue;
        const auto& problems = entry.claims.front().object->problems;
        const auto error = std::find_if(problems.begin(), problems.end(), is_error);
        reasons.push_back(error == problems.end() ? key.path() : line_of(*error));
    }
    return reasons;
}

std::vector<std::string> Store::sources() const {
    std::vector<std::string> names;
    for (const auto& [name, source] : sources_) names.push_back(name);
    return names;
}

}  // namespace tierwall::kube
