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

std::size_t of_family(const std::vector<base::Address>& addresses, base::Family family) {
    return static_cast<std::size_t>(
        std::count_if(addresses.begin(), addresses.end(),
                      [family](const auto& address) { return address.family() == family; }));
}

}  // namespace

AddressBook::AddressBook(Journal& journal, ProfileTable& profiles, NodeNumbers& nodes)
    : profiles_(profiles),
      node_numbers_(nodes),
      pods_(journal),
      nodes_(journal),
      pods_at_(journal),
      nodes_at_(journal),
      hosts_(journal),
      hosts_at_(journal),
      hosts_on_(journal),
      shared_(journal),
      nowhere_(journal),
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

void AddressBook::set_host(const std::string& path, const kube::Pod* pod) {
    const bool runs = pod != nullptr && pod->host_network && !pod->terminated &&
                      !pod->node.empty() && !pod->addresses.empty();
    const Host* known = hosts_.find(path);
    if (known == nullptr && !runs) return;
    Host now = runs ? Host{pod->node, pod->addresses} : Host{};
    const Host before = known != nullptr ? *known : Host{};
    if (before == now) return;
    for (const base::Address& address : before.addresses) {
        hosts_at_.remove(address, path);
        touched_.insert(address);
    }
    if (known != nullptr) hosts_on_.remove(before.node, path);
    if (!runs) return hosts_.erase(path);
    for (const base::Address& address : now.addresses) {
        hosts_at_.add(address, path);
        touched_.insert(address);
    }
    hosts_on_.add(now.node, path);
    hosts_.put(path, std::move(now));
}

void AddressBook::set_pod(const std::string& path, const kube::Pod* pod) {
    set_host(path, pod);
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
    } else {
        nodes_.erase(name);
    }
    for (const std::string& path : hosts_on_.of(name)) {
        const auto& addresses = hosts_.at(path).addresses;
        touched_.insert(addresses.begin(), addresses.end());
    }
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

const std::string& AddressBook::newest_node(const std::vector<std::string>& names) const {
    // They are sorted: of equally new ones the first is taken.
    return *std::max_element(names.begin(), names.end(),
                             [this](const std::string& a, const std::string& b) {
                                 return nodes_.at(a).created < nodes_.at(b).created;
                             });
}

std::vector<std::string> AddressBook::nodes_of(const base::Address& address) const {
    std::vector<std::string> names = nodes_at_.of(address);
    // A host-networked pod that is still said to have what is a live pod's by now has it no more.
    if (!pods_at_.of(address).empty()) return names;
    for (const std::string& path : hosts_at_.of(address)) {
        const std::string& node = hosts_.at(path).node;
        const auto place = std::lower_bound(names.begin(), names.end(), node);
        const bool there = place != names.end() && *place == node;
        if (!there && nodes_.find(node) != nullptr) names.insert(place, node);
    }
    return names;
}

ProfileId AddressBook::shared_profile(const base::Address& address) {
    const std::vector<std::string> names = nodes_of(address);
    const std::string* pod = newest_pod(address);
    if (names.empty() || (names.size() == 1 && pod == nullptr)) return kNoProfile;
    std::set<kube::Labels> labels;
    for (const std::string& name : names) {
        labels.insert(profiles_.traits(nodes_.at(name).profile).labels);
    }
    Traits traits{Kind::Node, {}, *labels.begin(), {}, {}};
    if (pod != nullptr) traits = profiles_.traits(pods_.at(*pod).profile);
    const auto others = pod != nullptr ? labels.begin() : std::next(labels.begin());
    traits.others.assign(others, labels.end());
    return profiles_.acquire(traits);
}

void AddressBook::share() {
    for (const base::Address& address : touched_) {
        const ProfileId* known = shared_.find(address);
        const ProfileId before = known != nullptr ? *known : kNoProfile;
        const ProfileId now = shared_profile(address);
        if (now != kNoProfile) {
            shared_.put(address, now);
        } else {
            shared_.erase(address);
        }
        if (before != kNoProfile) profiles_.release(before);
    }
}

AddressBook::Entry AddressBook::entry_for(const base::Address& address,
                                          const BlockTable& blocks) const {
    const BlockId block = blocks.find(address);
    const ProfileId* shared = shared_.find(address);
    if (const std::string* path = newest_pod(address)) {
        const Owner& pod = pods_.at(*path);
        return {.cell = {Kind::Pod, shared != nullptr ? *shared : pod.profile, block},
                .node = node_numbers_.find(pod.node),
                .nodes = {},
                .one_of_several = of_family(pod.addresses, address.family()) > 1,
                .owner = *path,
                .incarnation = lasting_hash(pod.uid)};
    }
    const std::vector<std::string> names = nodes_of(address);
    std::vector<std::uint32_t> numbers;
    if (names.size() > 1) {
        for (const std::string& each : names) numbers.push_back(node_numbers_.find(each));
    }
    const std::string& name = newest_node(names);
    return {.cell = {Kind::Node, shared != nullptr ? *shared : nodes_.at(name).profile, block},
            .node = node_numbers_.find(name),
            .nodes = std::move(numbers),
            .one_of_several = false,
            .owner = name,
            .incarnation = 0};
}

std::optional<kube::Problem> AddressBook::unknown_nodes() const {
    if (nowhere_.size() == 0) return std::nullopt;
    const base::Address& first = nowhere_.map().begin()->first;
    const std::string& path = hosts_at_.of(first).front();
    kube::Problem problem;
    problem.object = "Pod/" + path;
    problem.field = "spec.nodeName";
    problem.error = base::Errc::NotFound;
    problem.severity = kube::Severity::Warning;
    problem.message = "Node/" + hosts_.at(path).node + " is not known: " + text(first);
    const std::size_t more = nowhere_.size() - 1;
    if (more > 0) {
        problem.message += " and " + std::to_string(more) + " other" + (more > 1 ? "s" : "") +
                           " of host-networked pods count";
    } else {
        problem.message += " counts";
    }
    problem.message += " as outside the cluster";
    return problem;
}

void AddressBook::warn_if_shared(const base::Address& address) {
    const auto& pods = pods_at_.of(address);
    const auto nodes = nodes_of(address);
    if (pods.empty() && nodes.empty() && !hosts_at_.of(address).empty()) {
        nowhere_.put(address, true);
    } else {
        nowhere_.erase(address);
    }
    if (pods.size() + nodes.size() < 2) {
        warnings_.erase(address);
        return;
    }
    const std::string* newest = newest_pod(address);
    const std::string owner = newest != nullptr ? "Pod/" + *newest : "Node/" + newest_node(nodes);
    kube::Problem problem;
    problem.object = owner;
    problem.field = newest != nullptr ? "status.podIPs" : "status.addresses";
    problem.error = base::Errc::Duplicate;
    problem.severity = kube::Severity::Warning;
    std::vector<std::string> others;
    for (const std::string& path : pods) {
        if (newest != nullptr && path != *newest) others.push_back("Pod/" + path);
    }
    for (const std::string& name : nodes) {
        if ("Node/" + name != owner) others.push_back("Node/" + name);
    }
    problem.message = "has " + text(address) + " although it is also the address of";
    constexpr std::size_t kNamedMax = 3;
    for (std::size_t i = 0; i < std::min(others.size(), kNamedMax); ++i) {
        problem.message += " " + others[i];
    }
    if (others.size() > kNamedMax) {
        problem.message += " and " + std::to_string(others.size() - kNamedMax) + " more";
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
        const bool owned = !pods_at_.of(address).empty() || !nodes_of(address).empty();
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
