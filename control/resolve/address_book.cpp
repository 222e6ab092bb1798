// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/address_book.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tierwall::resolve {
namespace {

bool same_ports(const std::vector<kube::ContainerPort>& named,
                const std::vector<kube::ContainerPort>& all) {
    std::vector<kube::ContainerPort> own;
    for (const kube::ContainerPort& port : all) {
        if (!port.name.empty()) own.push_back(port);
    }
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    return own == named;
}

}  // namespace

AddressBook::AddressBook(Journal& journal, ProfileTable& profiles, NodeNumbers& nodes)
    : profiles_(profiles),
      node_numbers_(nodes),
      pods_(journal),
      nodes_(journal),
      pods_at_(journal),
      nodes_at_(journal),
      shared_(journal),
      entries_(journal),
      of_cell_(journal),
      warnings_(journal) {}

bool AddressBook::same(const Owner& owner, const kube::Pod& pod) const {
    if (owner.addresses != pod.addresses || owner.node != pod.node || owner.uid != pod.uid ||
        owner.created != pod.created) {
        return false;
    }
    const Traits& traits = profiles_.traits(owner.profile);
    return traits.namespace_name == pod.namespace_name && traits.labels == pod.labels &&
           same_ports(traits.ports, pod.ports);
}

bool AddressBook::same(const Owner& owner, const kube::Node& node) const {
    return owner.addresses == node.addresses && owner.created == node.created &&
           profiles_.traits(owner.profile).labels == node.labels;
}

void AddressBook::set_pod(const std::string& path, const kube::Pod* pod) {
    const bool live = pod != nullptr && pod->is_live();
    const Owner* known = pods_.find(path);
    if (known == nullptr && !live) return;
    if (known != nullptr && live && same(*known, *pod)) return;
    const Owner before = known != nullptr ? *known : Owner{};
    for (const base::Address& address : before.addresses) {
        pods_at_.remove(address, path);
        touched_.insert(address);
    }
    if (live) {
        Owner now{profiles_.acquire(traits_of(*pod)), pod->addresses, pod->node, pod->uid,
                  pod->created};
        node_numbers_.acquire(pod->node);
        for (const base::Address& address : now.addresses) {
            pods_at_.add(address, path);
            touched_.insert(address);
        }
        pods_.put(path, std::move(now));
    } else {
        pods_.erase(path);
    }
    if (before.profile != kNoProfile) {
        profiles_.release(before.profile);
        node_numbers_.release(before.node);
    }
}

void AddressBook::set_node(const std::string& name, const kube::Node* node) {
    const Owner* known = nodes_.find(name);
    if (known == nullptr && node == nullptr) return;
    if (known != nullptr && node != nullptr && same(*known, *node)) return;
    const Owner before = known != nullptr ? *known : Owner{};
    for (const base::Address& address : before.addresses) {
        nodes_at_.remove(address, name);
        touched_.insert(address);
    }
    if (node != nullptr) {
        Owner now{profiles_.acquire(traits_of(*node)), node->addresses, name, {}, node->created};
        node_numbers_.acquire(name);
        for (const base::Address& address : now.addresses) {
            nodes_at_.add(address, name);
            touched_.insert(address);
        }
        nodes_.put(name, std::move(now));
        for (const base::Address& address : node->addresses) share(address);
    } else {
        nodes_.erase(name);
    }
    for (const base::Address& address : before.addresses) share(address);
    if (before.profile != kNoProfile) {
        profiles_.release(before.profile);
        node_numbers_.release(name);
    }
}

void AddressBook::block_changed(const base::Prefix& prefix) {
    const base::Address last = last_address(prefix);
    for (auto entry = entries_.map().lower_bound(prefix.address);
         entry != entries_.map().end() && entry->first <= last; ++entry) {
        if (prefix.contains(entry->first)) touched_.insert(entry->first);
    }
}

const std::string* AddressBook::newest_pod(const base::Address& address) const {
    const std::string* newest = nullptr;
    const auto age = [this](const std::string& path) {
        const Owner& owner = pods_.at(path);
        return std::tie(owner.created, owner.uid, path);
    };
    for (const std::string& path : pods_at_.of(address)) {
        if (newest == nullptr || age(*newest) < age(path)) newest = &path;
    }
    return newest;
}

const std::string* AddressBook::newest_node(const base::Address& address) const {
    const std::string* newest = nullptr;
    for (const std::string& name : nodes_at_.of(address)) {
        const bool newer =
            newest == nullptr || nodes_.at(*newest).created < nodes_.at(name).created ||
            (nodes_.at(*newest).created == nodes_.at(name).created && name < *newest);
        if (newer) newest = &name;
    }
    return newest;
}

void AddressBook::share(const base::Address& address) {
    const ProfileId* known = shared_.find(address);
    const ProfileId before = known != nullptr ? *known : kNoProfile;
    const auto& names = nodes_at_.of(address);
    if (names.size() > 1) {
        std::set<kube::Labels> labels;
        for (const std::string& name : names) {
            labels.insert(profiles_.traits(nodes_.at(name).profile).labels);
        }
        Traits traits{Kind::Node, {}, *labels.begin(), {}, {}};
        traits.others.assign(std::next(labels.begin()), labels.end());
        shared_.put(address, profiles_.acquire(traits));
    } else {
        shared_.erase(address);
    }
    if (before != kNoProfile) profiles_.release(before);
}

AddressBook::Entry AddressBook::entry_for(const base::Address& address,
                                          const BlockTable& blocks) const {
    const BlockId block = blocks.find(address);
    if (const std::string* path = newest_pod(address)) {
        const Owner& pod = pods_.at(*path);
        return {.cell = {Kind::Pod, pod.profile, block},
                .node = node_numbers_.find(pod.node),
                .owner = *path,
                .incarnation = lasting_hash(pod.uid)};
    }
    const std::string& name = *newest_node(address);
    const ProfileId* shared = shared_.find(address);
    return {.cell = {Kind::Node, shared != nullptr ? *shared : nodes_.at(name).profile, block},
            .node = node_numbers_.find(name),
            .owner = name};
}

void AddressBook::warn_if_shared(const base::Address& address) {
    const auto& pods = pods_at_.of(address);
    const auto& nodes = nodes_at_.of(address);
    if (pods.size() + nodes.size() < 2) {
        warnings_.erase(address);
        return;
    }
    const std::string* newest = newest_pod(address);
    const std::string owner =
        newest != nullptr ? "Pod/" + *newest : "Node/" + *newest_node(address);
    kube::Problem problem;
    problem.object = owner;
    problem.field = newest != nullptr ? "status.podIPs" : "status.addresses";
    problem.error = base::Errc::Duplicate;
    problem.severity = kube::Severity::Warning;
    problem.message = "has " + text(address) + " although it is also the address of";
    for (const std::string& path : pods) {
        if (newest != nullptr && path != *newest) problem.message += " Pod/" + path;
    }
    for (const std::string& name : nodes) {
        if ("Node/" + name != owner) problem.message += " Node/" + name;
    }
    warnings_.put(address, std::move(problem));
}

void AddressBook::replace(const base::Address& address, const Entry* before, const Entry* now,
                          IdentityTable& identities) {
    // Joining first keeps a cell alive that is only renamed.
    if (now != nullptr) {
        identities.join(now->cell);
        of_cell_.add(now->cell, address);
    }
    if (before != nullptr) {
        const Cell cell = before->cell;
        identities.leave(cell);
        if (now == nullptr || now->cell != cell) of_cell_.remove(cell, address);
    }
    if (now != nullptr) {
        entries_.put(address, *now);
    } else {
        entries_.erase(address);
    }
}

std::set<base::Address> AddressBook::settle(IdentityTable& identities, const BlockTable& blocks) {
    std::set<base::Address> changed;
    for (const base::Address& address : std::exchange(touched_, {})) {
        const Entry* before = entries_.find(address);
        const bool owned = !pods_at_.of(address).empty() || !nodes_at_.of(address).empty();
        warn_if_shared(address);
        if (!owned) {
            if (before != nullptr) {
                replace(address, before, nullptr, identities);
                changed.insert(address);
            }
            continue;
        }
        const Entry now = entry_for(address, blocks);
        if (before != nullptr && *before == now) continue;
        replace(address, before, &now, identities);
        changed.insert(address);
    }
    return changed;
}

}  // namespace tierwall::resolve
