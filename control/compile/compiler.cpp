// SPDX-License-Identifier: Apache-2.0
#include "control/compile/compiler.hpp"

#include "control/compile/policy_table.hpp"
#include "control/compile/side_tables.hpp"
#include "control/compile/snapshot_writer.hpp"
#include "control/resolve/resolver.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace tierwall::compile {
namespace {

constexpr std::array<std::uint16_t, 3> kTiers{base::kTierAdmin, base::kTierNetworkPolicy,
                                              base::kTierBaseline};
constexpr std::size_t kSidesOfView = kTiers.size() * kDirections;
constexpr std::array<base::Direction, kDirections> kBothDirections{base::Direction::Egress,
                                                                   base::Direction::Ingress};

bool is_known_tier(std::uint16_t tier) {
    return std::find(kTiers.begin(), kTiers.end(), tier) != kTiers.end();
}

/// What is gone or not in `now` any more: keys of `before` that `now` lacks.
template <typename Before, typename Now>
std::vector<std::string> missing(const Before& before, const Now& now) {
    std::vector<std::string> keys;
    for (const auto& entry : before) {
        if (!now.contains(entry.first)) keys.push_back(entry.first);
    }
    return keys;
}

bool any_audited(const std::vector<const CompiledPolicy*>& policies) {
    return std::any_of(policies.begin(), policies.end(),
                       [](const CompiledPolicy* policy) { return policy->policy->audit; });
}

template <typename Map>
const typename Map::mapped_type* value_or_null(const Map& map, const std::string& key) {
    const auto entry = map.find(key);
    return entry == map.end() ? nullptr : &entry->second;
}

}  // namespace

struct Compiler::State {
    explicit State(const Limits& limits_in);

    base::Status update(const Input& input);
    base::Status set_policies(const Input& input);
    base::Status set_changed_policies(const Input& input);
    void set_cluster(const Input& input);
    void set_changed_objects(const Input& input);
    std::set<resolve::IdentityNumber> regrouped_identities() const;
    base::Status regroup(const std::set<resolve::IdentityNumber>& identities);
    void find_stale_tables();
    void write_tiers(SnapshotWriter& writer);
    void write(const Input& input, const resolve::Resolver::Changes& changes);
    void find_ties();
    void forget_changes();
    Output output() const;

    Limits limits;
    resolve::Journal journal;
    resolve::Resolver resolver;
    PolicyTable policies;
    std::deque<SideTables> sides;  ///< of what is enforced, then in the same order the others
    proto::ResourceSet resources;
    std::vector<base::Prefix> service_prefixes;
    std::vector<kube::Problem> ties;
    bool compiled = false;
};

Compiler::State::State(const Limits& limits_in)
    : limits(limits_in),
      resolver(journal, limits.identities - 1),
      policies(journal, resolver.terms()) {
    for (const View view : {View::Enforced, View::Audit}) {
        for (const std::uint16_t tier : kTiers) {
            for (const base::Direction direction : kBothDirections) {
                sides.emplace_back(journal, Side{tier, direction, view}, limits);
            }
        }
    }
}

base::Status Compiler::State::set_policies(const Input& input) {
    // By path, so that numbers do not depend on the order of the input.
    std::map<std::string, const policy::Policy*> now;
    for (const policy::Policy& policy : input.policies) {
        const std::string path = policy.path();
        if (!is_known_tier(policy.tier)) {
            return base::Error{base::Errc::Invalid, path, "is in a tier that is not known"};
        }
        if (!now.emplace(path, &policy).second) {
            return base::Error{base::Errc::Duplicate, path, "is there twice"};
        }
    }
    for (const auto& [path, policy] : now) policies.set(path, policy);
    for (const std::string& path : missing(policies.paths(), now)) policies.set(path, nullptr);
    return base::Done{};
}

base::Status Compiler::State::set_changed_policies(const Input& input) {
    std::map<std::string, const policy::Policy*> changed;
    for (const std::string& path : input.changes->policies) {
        changed[path] = input.find_policy ? input.find_policy(path) : nullptr;
    }
    if (changed.empty()) return base::Done{};
    const auto searched = input.find_policy ? std::span<const policy::Policy>() : input.policies;
    for (const policy::Policy& policy : searched) {
        const auto entry = changed.find(policy.path());
        if (entry == changed.end()) continue;
        if (entry->second != nullptr) {
            return base::Error{base::Errc::Duplicate, entry->first, "is there twice"};
        }
        entry->second = &policy;
    }
    for (const auto& [path, policy] : changed) {
        if (policy != nullptr && !is_known_tier(policy->tier)) {
            return base::Error{base::Errc::Invalid, path, "is in a tier that is not known"};
        }
    }
    for (const auto& [path, policy] : changed) policies.set(path, policy);
    return base::Done{};
}

void Compiler::State::set_cluster(const Input& input) {
    const kube::Cluster& cluster = *input.cluster;
    for (const auto& [name, value] : cluster.namespaces) resolver.set_namespace(name, &value);
    for (const std::string& name : resolver.namespaces()) {
        if (!cluster.namespaces.contains(name)) resolver.set_namespace(name, nullptr);
    }
    for (const auto& [name, node] : cluster.nodes) resolver.set_node(name, &node);
    for (const std::string& name : missing(resolver.book().nodes(), cluster.nodes)) {
        resolver.set_node(name, nullptr);
    }
    for (const auto& [path, pod] : cluster.pods) resolver.set_pod(path, &pod);
    if (!compiled) return;  // there was nothing before that could be gone
    for (const std::string& path : missing(resolver.book().pods(), cluster.pods)) {
        resolver.set_pod(path, nullptr);
    }
    for (const std::string& path : missing(resolver.book().hosts(), cluster.pods)) {
        resolver.set_pod(path, nullptr);
    }
}

void Compiler::State::set_changed_objects(const Input& input) {
    const kube::Cluster& cluster = *input.cluster;
    for (const std::string& name : input.changes->namespaces) {
        resolver.set_namespace(name, value_or_null(cluster.namespaces, name));
    }
    for (const std::string& name : input.changes->nodes) {
        resolver.set_node(name, value_or_null(cluster.nodes, name));
    }
    for (const std::string& path : input.changes->pods) {
        resolver.set_pod(path, value_or_null(cluster.pods, path));
    }
}

/// Identities whose policies may be others now.
std::set<resolve::IdentityNumber> Compiler::State::regrouped_identities() const {
    std::set<resolve::IdentityNumber> identities;
    for (const auto& [number, _] : resolver.identities().changed()) identities.insert(number);
    for (const auto& [_, change] : policies.changes()) {
        for (const auto& policy : {change.before, change.now}) {
            if (policy == nullptr) continue;
            const auto members = resolver.members(policy->subject);
            identities.insert(members.begin(), members.end());
        }
    }
    return identities;
}

base::Status Compiler::State::regroup(const std::set<resolve::IdentityNumber>& identities) {
    std::vector<std::vector<GroupTable::Assignment>> assignments(sides.size());
    for (const resolve::IdentityNumber identity : identities) {
        const resolve::Signature* signature = resolver.identities().find(identity);
        std::vector<std::vector<const CompiledPolicy*>> selecting(kSidesOfView);
        if (signature != nullptr && signature->kind == resolve::Kind::Pod) {
            for (const TermId term : resolver.terms_of(*signature)) {
                for (const std::uint32_t number : policies.with_subject(term)) {
                    const CompiledPolicy& policy = policies.at(number);
                    for (std::size_t i = 0; i < kSidesOfView; ++i) {
                        const Side& side = sides[i].side();
                        const bool here = side.tier == policy.policy->tier;
                        if (here && policy.affects(side.direction)) {
                            selecting[i].push_back(&policy);
                        }
                    }
                }
            }
        }
        for (std::size_t i = 0; i < kSidesOfView; ++i) {
            const SideTables& audit = sides[kSidesOfView + i];
            // Mostly nothing is audited, and nothing is kept about it.
            if (audit.groups().size() != 0 || any_audited(selecting[i])) {
                assignments[kSidesOfView + i].push_back(
                    audit.assignment(identity, selecting[i], resolver));
            }
            assignments[i].push_back(
                sides[i].assignment(identity, std::move(selecting[i]), resolver));
        }
    }
    for (std::size_t i = 0; i < sides.size(); ++i) {
        TW_TRY(assigned, sides[i].assign(assignments[i]));
    }
    return base::Done{};
}

void Compiler::State::find_stale_tables() {
    for (const auto& [number, _] : policies.changes()) {
        for (SideTables& side : sides) side.policy_changed(number);
    }
    std::set<TermId> terms;
    for (const auto& [number, before] : resolver.identities().changed()) {
        const resolve::Signature* now = resolver.identities().find(number);
        const auto old_terms = before ? resolver.terms_of(*before) : resolve::TermList{};
        const auto new_terms = now != nullptr ? resolver.terms_of(*now) : resolve::TermList{};
        std::set_symmetric_difference(old_terms.begin(), old_terms.end(), new_terms.begin(),
                                      new_terms.end(), std::inserter(terms, terms.end()));
    }
    for (const TermId term : terms) {
        for (SideTables& side : sides) side.members_changed(term);
    }
}

void Compiler::State::write_tiers(SnapshotWriter& writer) {
    for (const std::uint16_t tier : kTiers) {
        if (!compiled) writer.put_tier(tier, View::Enforced);
        const bool audited = std::any_of(sides.begin(), sides.end(), [&](const SideTables& side) {
            return side.side().tier == tier && side.side().view == View::Audit &&
                   side.tables() != 0;
        });
        if (audited) {
            writer.put_tier(tier, View::Audit);
        } else {
            writer.erase_tier(tier, View::Audit);
        }
    }
}

void Compiler::State::write(const Input& input, const resolve::Resolver::Changes& changes) {
    SnapshotWriter writer(resources);
    write_tiers(writer);
    for (const auto& [number, name] : changes.nodes.added) writer.put_node(number, name);
    for (const std::uint32_t number : changes.nodes.removed) writer.erase_node(number);
    for (const base::Address& address : changes.addresses) {
        const auto* entry = resolver.book().find(address);
        if (entry != nullptr) {
            writer.put_address(address, *entry, resolver.identity(entry->cell));
        } else {
            writer.erase_address(address);
        }
    }
    for (const base::Prefix& prefix : changes.blocks_gone) writer.erase_prefix(prefix);
    for (const auto& [prefix, block] : changes.blocks) {
        const resolve::Cell cell{resolve::Kind::External, resolve::kNoProfile, block};
        writer.put_prefix(prefix, resolver.identity(cell));
    }
    for (const auto& [_, change] : policies.changes()) writer.put_policy(change);
    if (!compiled || input.service_prefixes != service_prefixes) {
        writer.set_service_prefixes(input.service_prefixes);
    }
}

void Compiler::State::find_ties() {
    const auto changed = [](const SideTables& side) {
        return side.side().tier != base::kTierNetworkPolicy && !side.groups().touched().empty();
    };
    if (policies.changes().empty() && std::none_of(sides.begin(), sides.end(), changed)) return;
    std::set<std::pair<std::string, std::string>> pairs;
    for (const SideTables& side : sides) {
        if (side.side().tier == base::kTierNetworkPolicy) continue;
        side.groups().for_each([&](const Group& group) {
            const auto& numbers = group.key->policies;
            for (std::size_t i = 1; i < numbers.size(); ++i) {
                const policy::Policy& first = *policies.at(numbers[i - 1]).policy;
                const policy::Policy& second = *policies.at(numbers[i]).policy;
                if (first.priority == second.priority) pairs.emplace(first.path(), second.path());
            }
        });
    }
    ties.clear();
    for (const auto& [first, second] : pairs) {
        kube::Problem problem;
        problem.object = second;
        problem.field = "spec.priority";
        problem.error = base::Errc::Duplicate;
        problem.severity = kube::Severity::Warning;
        problem.message = "is that of " + first + " too, and both select the same pods; " + first +
                          " is asked first";
        ties.push_back(std::move(problem));
    }
}

base::Status Compiler::State::update(const Input& input) {
    const bool look_at_all = input.changes == nullptr || !compiled;
    TW_TRY(policies_set, look_at_all ? set_policies(input) : set_changed_policies(input));
    if (look_at_all) {
        set_cluster(input);
    } else {
        set_changed_objects(input);
    }
    resolver.set_names(input.names);
    TW_TRY(changes, resolver.resolve());
    TW_TRY(regrouped, regroup(regrouped_identities()));
    find_stale_tables();
    SnapshotWriter writer(resources);
    for (SideTables& side : sides) {
        TW_TRY(built, side.build(resolver, policies, writer));
    }
    write(input, changes);
    find_ties();
    return base::Done{};
}

void Compiler::State::forget_changes() {
    resolver.forget_changes();
    policies.forget_changes();
    for (SideTables& side : sides) side.forget_changes();
}

Output Compiler::State::output() const {
    Output out;
    out.resources = resources;
    out.summary.identities = resolver.identities().size();
    for (const SideTables& side : sides) {
        out.summary.groups += side.groups().size();
        out.summary.classes += side.classes();
        out.summary.tables += side.tables();
        out.summary.rows += side.rows();
    }
    out.warnings = ties;
    SideTables::Problems problems;
    for (const SideTables& side : sides) side.report(problems);
    for (const auto& [_, problem] : problems) out.warnings.push_back(problem);
    for (const auto& [_, warning] : resolver.book().warnings()) out.warnings.push_back(warning);
    if (auto warning = resolver.book().unknown_nodes()) out.warnings.push_back(*std::move(warning));
    return out;
}

Compiler::Compiler(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
Compiler::~Compiler() = default;

base::Result<Output> Compiler::compile(const Input& input) {
    State& state = *state_;
    // Before the first success there is nothing to keep, and nothing to write down.
    if (state.compiled) state.journal.begin();
    const proto::ResourceSet resources_before = state.resources;
    const auto ties_before = state.ties;
    const base::Status status = state.update(input);
    if (status) {
        state.resolver.sweep();
        state.journal.commit();
        state.service_prefixes = input.service_prefixes;
        state.compiled = true;
        state.forget_changes();
        return state.output();
    }
    if (!state.compiled) {
        state_ = std::make_unique<State>(state.limits);
        return status.error();
    }
    state.journal.roll_back();
    state.resources = resources_before;
    state.ties = ties_before;
    state.forget_changes();
    return status.error();
}

}  // namespace tierwall::compile
