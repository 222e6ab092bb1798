// SPDX-License-Identifier: Apache-2.0
#include "control/lint/shared_ends.hpp"

#include "control/lint/label_set.hpp"
#include "control/policy/selector.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::lint {
namespace {

/// Ends that are tried for one pair of rules.
constexpr std::size_t kEndsMax = 64;
/// Kinds of pods that are looked at for whether their addresses are in a block.
constexpr std::size_t kMembersMax = 4096;
/// What making one costs: its labels are copied.
constexpr std::uint64_t kEndSteps = 16;

/// Of what has no address yet: ranges for documentation.
constexpr const char* kSomeAddresses[] = {"203.0.113.1", "2001:db8::1"};

std::vector<base::Address> some_addresses() {
    std::vector<base::Address> all;
    for (const char* text : kSomeAddresses) all.push_back(*base::parse_address(text));
    return all;
}

/// A name that it is for.
std::string domain_for(const std::string& name) {
    return name.starts_with("*.") ? "www" + name.substr(1) : name;
}

std::uint64_t weight(const policy::Selector& selector) {
    std::uint64_t sum = 1;
    for (const policy::Requirement& each : selector.requirements) sum += 1 + each.values.size();
    return sum;
}

}  // namespace

End end_of(const kube::Pod& pod, const base::Address& address, const kube::Labels& space) {
    End end{End::Kind::Pod, pod.namespace_name, space, pod.labels, {}, {address}, pod.path()};
    for (const kube::ContainerPort& port : pod.ports) {
        if (!port.name.empty()) end.ports.push_back(port);
    }
    return end;
}

End end_of(const Area::Example& example) {
    End end;
    end.kind = End::Kind::Pod;
    end.namespace_labels = example.namespace_labels;
    end.labels = example.labels;
    const auto name = example.namespace_labels.find(kNameLabel);
    if (name != example.namespace_labels.end()) end.namespace_name = name->second;
    return end;
}

void SharedEnds::add(End end, Ends& ends) const {
    budget_.spend(kEndSteps + end.labels.size() + end.namespace_labels.size() + end.ports.size());
    ends.push_back(std::make_shared<const End>(std::move(end)));
}

bool SharedEnds::is_enough(const Ends& ends) const {
    return ends.size() >= kEndsMax || budget_.is_spent();
}

void SharedEnds::add_addresses(const kube::Pod& pod, const RuleView* networks, Ends& ends) const {
    for (const base::Address& address : pod.addresses) {
        if (!budget_.spend()) return;
        if (networks != nullptr && !networks->holds(address, budget_)) continue;
        add(end_of(pod, address, scene_.labels_of_namespace(pod.namespace_name)), ends);
    }
}

/// False when no more are wanted.
bool SharedEnds::add_kind(KindNumber number, const RuleView* networks, Ends& ends) const {
    const PodKind& kind = scene_.pod_kinds()[number];
    if (is_enough(ends)) return false;
    if (!kind.live) return true;
    // Two of a kind, because a pod does not count as its own peer.
    add_addresses(*kind.pods.front(), networks, ends);
    if (kind.pods.size() > 1) add_addresses(*kind.pods.back(), networks, ends);
    return true;
}

void SharedEnds::add_pods(const policy::PodSet& a, const policy::PodSet& b, Ends& ends) {
    const SetNumber one = *scene_.sets().find(a);
    const SetNumber two = *scene_.sets().find(b);
    if (!budget_.spend() || !seen_.emplace(one, two, nullptr).second) return;
    if (scene_.has_pods()) {
        const Kinds* fewer = &scene_.members(one);
        const Kinds* more = &scene_.members(two);
        if (fewer->size() > more->size()) std::swap(fewer, more);
        std::size_t looked_at = 0;
        for (const KindNumber number : *fewer) {
            if (!budget_.spend()) return;
            if (!std::binary_search(more->begin(), more->end(), number)) continue;
            if (++looked_at > kMembersMax || !add_kind(number, nullptr, ends)) return;
        }
        return;
    }
    const Area& own = scene_.sets().area(one);
    const Area& other = scene_.sets().area(two);
    if (!budget_.spend(own.cost(other)) || !own.meets(other)) return;
    add(end_of(own.example(other)), ends);
}

/// Whichever are fewer: the pods of the set, or those in the networks.
void SharedEnds::add_pods(const policy::PodSet& pods, const RuleView& networks, Ends& ends) {
    const SetNumber set = *scene_.sets().find(pods);
    if (!networks.has_networks() || !budget_.spend()) return;
    if (!seen_.emplace(set, set, &networks).second) return;
    if (!scene_.has_pods()) return add_made_up_pods(scene_.sets().area(set), networks, ends);
    const Kinds& members = scene_.members(set);
    std::size_t in_networks = 0;
    for (const BlockUse& use : networks.blocks().all()) {
        if (in_networks >= members.size() || !budget_.spend()) break;
        in_networks += scene_.addresses_in(use.block).size();
    }
    if (in_networks < members.size()) return add_pods_by_address(set, networks, ends);
    std::size_t looked_at = 0;
    for (const KindNumber number : members) {
        if (++looked_at > kMembersMax || !add_kind(number, &networks, ends)) return;
    }
}

void SharedEnds::add_pods_by_address(SetNumber set, const RuleView& networks, Ends& ends) const {
    const Kinds& members = scene_.members(set);
    std::size_t looked_at = 0;
    for (const BlockUse& use : networks.blocks().all()) {
        for (const PodAddress& each : scene_.addresses_in(use.block)) {
            if (is_enough(ends) || !budget_.spend(2) || ++looked_at > kMembersMax) return;
            if (!std::binary_search(members.begin(), members.end(), each.kind)) continue;
            if (!networks.holds(each.address, budget_)) continue;
            add(end_of(*each.pod, each.address,
                       scene_.labels_of_namespace(each.pod->namespace_name)),
                ends);
        }
    }
}

void SharedEnds::add_made_up_pods(const Area& area, const RuleView& networks, Ends& ends) const {
    if (area.empty()) return;
    for (const base::Address& address : networks.addresses()) {
        if (is_enough(ends)) return;
        if (!budget_.spend(area.cost(area)) || !networks.holds(address, budget_)) continue;
        End end = end_of(area.example(area));
        end.addresses = {address};
        add(std::move(end), ends);
    }
}

void SharedEnds::add_node(const kube::Labels& labels, const base::Address& address,
                          Ends& ends) const {
    End end;
    end.kind = End::Kind::Node;
    end.labels = labels;
    end.addresses = {address};
    add(std::move(end), ends);
}

void SharedEnds::add_made_up_nodes(const policy::NodeSet& nodes, const RuleView& other,
                                   Ends& ends) const {
    const LabelSet own(nodes.nodes);
    if (own.empty()) return;
    for (const base::Address& address : other.addresses()) {
        if (is_enough(ends)) return;
        if (other.holds(address, budget_)) add_node(own.example(), address, ends);
    }
    for (const policy::NodeSet* each : other.nodes()) {
        const LabelSet theirs(each->nodes);
        if (is_enough(ends) || !budget_.spend(own.weight() + theirs.weight())) return;
        if (!own.meets(theirs)) continue;
        for (const base::Address& address : some_addresses()) {
            add_node(own.common(theirs).example(), address, ends);
        }
    }
}

void SharedEnds::add_nodes(const policy::NodeSet& nodes, const RuleView& other, Ends& ends) const {
    if (scene_.objects().cluster.nodes.empty()) return add_made_up_nodes(nodes, other, ends);
    const std::uint64_t steps = weight(nodes.nodes);
    for (const auto& [name, node] : scene_.objects().cluster.nodes) {
        if (is_enough(ends) || !budget_.spend(steps)) return;
        if (!policy::matches(nodes.nodes, node.labels)) continue;
        bool is_other = false;
        for (const policy::NodeSet* each : other.nodes()) {
            if (!budget_.spend(weight(each->nodes))) return;
            is_other = is_other || policy::matches(each->nodes, node.labels);
        }
        for (const base::Address& address : node.addresses) {
            if (!is_other && !other.holds(address, budget_)) continue;
            add_node(node.labels, address, ends);
        }
    }
}

void SharedEnds::add_domains(const RuleView& names, const RuleView& other, Ends& ends) const {
    for (const policy::NameSet* set : names.names()) {
        for (const std::string& name : set->names) {
            const std::string domain = domain_for(name);
            if (is_enough(ends) || !budget_.spend(1 + domain.size() / 16)) return;
            const bool is_other = other.has_name_for(domain, budget_);
            const auto addresses = is_other ? some_addresses() : other.addresses();
            for (const base::Address& address : addresses) {
                if (is_enough(ends)) return;
                if (!is_other && !other.holds(address, budget_)) continue;
                End end;
                end.addresses = {address};
                end.domain = domain;
                add(std::move(end), ends);
            }
        }
    }
}

void SharedEnds::add_externals(const RuleView& a, const RuleView& b, Ends& ends) const {
    if (!a.has_networks() || !b.has_networks()) return;
    for (const RuleView* view : {&a, &b}) {
        for (const base::Address& address : view->addresses()) {
            if (is_enough(ends)) return;
            if (!a.holds(address, budget_) || !b.holds(address, budget_)) continue;
            End end;
            end.addresses = {address};
            add(std::move(end), ends);
        }
    }
}

Ends SharedEnds::of(const RuleView& a, const RuleView& b) {
    Ends ends;
    for (const policy::PodSet* own : a.pods()) {
        for (const policy::PodSet* other : b.pods()) {
            if (is_enough(ends) || !budget_.spend()) return ends;
            add_pods(*own, *other, ends);
        }
        add_pods(*own, b, ends);
    }
    for (const policy::PodSet* other : b.pods()) add_pods(*other, a, ends);
    for (const policy::NodeSet* own : a.nodes()) add_nodes(*own, b, ends);
    if (a.has_networks()) {
        for (const policy::NodeSet* other : b.nodes()) add_nodes(*other, a, ends);
    }
    add_domains(a, b, ends);
    add_domains(b, a, ends);
    add_externals(a, b, ends);
    return ends;
}

}  // namespace tierwall::lint
