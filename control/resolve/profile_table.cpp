// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/profile_table.hpp"

#include "control/policy/selector.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tierwall::resolve {
namespace {

/// The label that the API server puts on every namespace.
constexpr const char* kNameLabel = "kubernetes.io/metadata.name";

bool has_port(const Traits& traits, const NamedPort& port) {
    return std::any_of(traits.ports.begin(), traits.ports.end(), [&port](const auto& own) {
        return own.name == port.name && own.protocol == port.protocol;
    });
}

}  // namespace

Traits traits_of(const kube::Pod& pod) {
    Traits traits{Kind::Pod, pod.namespace_name, pod.labels, {}, {}};
    for (const kube::ContainerPort& port : pod.ports) {
        if (!port.name.empty()) traits.ports.push_back(port);
    }
    std::sort(traits.ports.begin(), traits.ports.end());
    const auto end = std::unique(traits.ports.begin(), traits.ports.end());
    traits.ports.erase(end, traits.ports.end());
    return traits;
}

Traits traits_of(const kube::Node& node) { return {Kind::Node, {}, node.labels, {}, {}}; }

std::size_t ProfileTable::PointerHash::operator()(const Pointer& traits) const {
    std::size_t seed = mixed(static_cast<std::size_t>(traits->kind), traits->namespace_name);
    for (const auto& [key, value] : traits->labels) seed = mixed(mixed(seed, key), value);
    for (const kube::Labels& labels : traits->others) {
        for (const auto& [key, value] : labels) seed = mixed(mixed(seed, key), value);
    }
    for (const auto& port : traits->ports) {
        seed = mixed(mixed(seed, port.name), port.number + 65536u * port.protocol);
    }
    return seed;
}

ProfileTable::ProfileTable(Journal& journal, Terms& terms, TermLists& lists)
    : terms_(terms),
      lists_(lists),
      pod_sets_(journal, terms),
      node_sets_(journal),
      namespaces_(journal),
      entries_(journal),
      ids_(journal),
      of_namespace_(journal),
      of_kind_(journal),
      of_list_(journal) {}

ProfileId ProfileTable::acquire(const Traits& traits) {
    const auto pointer = std::make_shared<const Traits>(traits);
    if (const ProfileId* known = ids_.find(pointer)) {
        Entry entry = entries_.at(*known);
        ++entry.users;
        entries_.put(*known, std::move(entry));
        return *known;
    }
    const ProfileId id = ++last_;
    assert(id != kNoProfile);
    ids_.put(pointer, id);
    entries_.put(id, {pointer, kEmptyList, std::make_shared<const TermList>(), 1});
    if (traits.kind == Kind::Pod) of_namespace_.add(traits.namespace_name, id);
    of_kind_.add(static_cast<int>(traits.kind), id);
    if (!traits.others.empty()) of_kind_.add(static_cast<int>(Kind::Node), id);
    unsigned_.insert(id);
    return id;
}

void ProfileTable::release(ProfileId id) {
    Entry entry = entries_.at(id);
    assert(entry.users > 0);
    if (--entry.users == 0) unused_.push_back(id);
    entries_.put(id, std::move(entry));
}

const kube::Labels& ProfileTable::namespace_labels(const std::string& name) const {
    if (const auto* labels = namespaces_.find(name)) return **labels;
    auto& labels = default_labels_[name];
    if (labels.empty()) labels[kNameLabel] = name;
    return labels;
}

void ProfileTable::set_namespace(const std::string& name, const kube::Labels* labels) {
    if (labels == nullptr) {
        namespaces_.erase(name);
    } else {
        const auto* now = namespaces_.find(name);
        if (now != nullptr && **now == *labels) return;
        auto copy = std::make_shared<kube::Labels>(*labels);
        copy->try_emplace(kNameLabel, name);
        namespaces_.put(name, std::move(copy));
    }
    const auto& profiles = of_namespace_.of(name);
    unsigned_.insert(profiles.begin(), profiles.end());
}

std::vector<std::string> ProfileTable::namespaces() const {
    std::vector<std::string> names;
    for (const auto& [name, _] : namespaces_.map()) names.push_back(name);
    return names;
}

bool ProfileTable::concerns(const Term& term, const Traits& traits) const {
    if (const auto* pods = std::get_if<policy::PodSet>(&term)) {
        const auto& labels = namespace_labels(traits.namespace_name);
        return contains(*pods, PodTraits{traits.namespace_name, labels, traits.labels});
    }
    if (const auto* nodes = std::get_if<policy::NodeSet>(&term)) {
        const bool is_node = traits.kind == Kind::Node;
        return (is_node && matches(nodes->nodes, traits.labels)) ||
               std::any_of(traits.others.begin(), traits.others.end(),
                           [nodes](const auto& labels) { return matches(nodes->nodes, labels); });
    }
    const auto* port = std::get_if<NamedPort>(&term);
    return port != nullptr && has_port(traits, *port);
}

void ProfileTable::mark_concerned(TermId id) {
    if (unsigned_.size() == entries_.size()) return;
    const Term& term = terms_.at(id);
    const auto mark = [this, &term](const std::vector<ProfileId>& candidates) {
        for (const ProfileId profile : candidates) {
            if (concerns(term, traits(profile))) unsigned_.insert(profile);
        }
    };
    const auto* pods = std::get_if<policy::PodSet>(&term);
    if (pods == nullptr) {
        const bool nodes = std::holds_alternative<policy::NodeSet>(term);
        mark(of_kind_.of(static_cast<int>(nodes ? Kind::Node : Kind::Pod)));
    } else if (!pods->namespace_name.empty()) {
        mark(of_namespace_.of(pods->namespace_name));
    } else {
        for (const auto& [name, profiles] : of_namespace_.map()) {
            if (policy::matches(pods->namespaces, namespace_labels(name))) mark(profiles);
        }
    }
}

void ProfileTable::add_term(TermId id) {
    const Term& term = terms_.at(id);
    if (const auto* pods = std::get_if<policy::PodSet>(&term)) pod_sets_.add(id, *pods);
    if (std::holds_alternative<policy::NodeSet>(term)) node_sets_.put(id, true);
    mark_concerned(id);
}

void ProfileTable::remove_term(TermId id) {
    const Term& term = terms_.at(id);
    if (const auto* pods = std::get_if<policy::PodSet>(&term)) pod_sets_.remove(id, *pods);
    node_sets_.erase(id);
    // By what it was signed with: namespaces may have other labels by now.
    for (const ListId list : lists_.with(id)) {
        const auto& profiles = of_list_.of(list);
        unsigned_.insert(profiles.begin(), profiles.end());
    }
}

TermList ProfileTable::terms_of(const Traits& traits, TermList& numbered_ports) {
    TermList terms;
    if (traits.kind == Kind::Node || !traits.others.empty()) {
        for (const auto& [id, _] : node_sets_.map()) {
            if (concerns(terms_.at(id), traits)) terms.push_back(id);
        }
    }
    if (traits.kind == Kind::Node) return terms;
    const auto& labels = namespace_labels(traits.namespace_name);
    pod_sets_.find(PodTraits{traits.namespace_name, labels, traits.labels}, terms);
    for (const kube::ContainerPort& port : traits.ports) {
        const TermId named = terms_.find(NamedPort{port.name, port.protocol, 0});
        if (named == kNoTerm || port.number == 0) continue;
        terms.push_back(named);
        numbered_ports.push_back(terms_.acquire(NamedPort{port.name, port.protocol, port.number}));
        terms.push_back(numbered_ports.back());
    }
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    return terms;
}

void ProfileTable::release_ports(const Entry& entry) {
    for (const TermId term : *entry.numbered_ports) terms_.release(term);
}

std::set<ProfileId> ProfileTable::sign() {
    std::set<ProfileId> changed;
    for (const ProfileId id : std::exchange(unsigned_, {})) {
        const Entry* known = entries_.find(id);
        if (known == nullptr) continue;
        Entry entry = *known;
        TermList numbered_ports;
        const TermList terms = terms_of(*entry.traits, numbered_ports);
        release_ports(entry);
        entry.numbered_ports = std::make_shared<const TermList>(std::move(numbered_ports));
        const ListId before = entry.list;
        entry.list = lists_.acquire(terms);
        lists_.release(before);
        if (entry.list != before) {
            of_list_.remove(before, id);
            if (entry.list != kEmptyList) of_list_.add(entry.list, id);
            changed.insert(id);
        }
        entries_.put(id, std::move(entry));
    }
    return changed;
}

void ProfileTable::sweep() {
    for (const ProfileId id : unused_) {
        const Entry* known = entries_.find(id);
        if (known == nullptr || known->users > 0) continue;
        const Entry entry = *known;
        if (entry.traits->kind == Kind::Pod) of_namespace_.remove(entry.traits->namespace_name, id);
        of_kind_.remove(static_cast<int>(entry.traits->kind), id);
        of_kind_.remove(static_cast<int>(Kind::Node), id);
        release_ports(entry);
        of_list_.remove(entry.list, id);
        lists_.release(entry.list);
        ids_.erase(entry.traits);
        entries_.erase(id);
    }
    unused_.clear();
}

void ProfileTable::forget_changes() {
    unsigned_.clear();
    unused_.clear();
}

}  // namespace tierwall::resolve
