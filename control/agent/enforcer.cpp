// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer.hpp"

#include "control/agent/enforcer_state.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace tierwall::agent {
namespace {

using base::Errc;
using base::Error;

constexpr const char* kScopeNode = "node:";

std::string scope_name(const std::string& scope) {
    return scope.starts_with(kScopeNode) ? scope.substr(5) : std::string();
}

std::shared_ptr<const identity::CidrTable> cidr_table(const Model& model) {
    std::vector<identity::CidrIdentity> blocks;
    for (const auto& [prefix, fact] : model.prefixes) blocks.push_back({prefix, fact.identity});
    return std::make_shared<const identity::CidrTable>(identity::CidrTable::build(blocks));
}

/// A pod is where it runs, whoever else has its address; a node's address is at each that has it.
bool is_at(const AddressFacts& address, std::uint32_t node) {
    if (address.node == node) return true;
    if (address.is_pod || address.sharing == nullptr) return false;
    const std::vector<std::uint32_t>& nodes = address.sharing->nodes;
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

/// Any identity but kWorld says: a service address.
std::shared_ptr<const identity::CidrTable> service_table(const Model& model) {
    std::vector<identity::CidrIdentity> blocks;
    for (const auto& [prefix, fact] : model.services) blocks.push_back({prefix, 1});
    return std::make_shared<const identity::CidrTable>(identity::CidrTable::build(blocks));
}

}  // namespace

Enforcer::State::State(Options given, std::unique_ptr<worker::Readers> some_readers,
                       std::unique_ptr<identity::AddressMap> map)
    : options(std::move(given)),
      readers(std::move(some_readers)),
      published(*readers),
      addresses(std::move(map)),
      cidrs(std::make_shared<const identity::CidrTable>()),
      services(cidrs),
      shared(std::make_shared<const identity::SharedAddresses>()) {
    tables.own_node_egress = options.own_node_egress;
    tables.ladder = std::make_shared<const tier::Ladder>(std::vector<tier::Tier>{});
}

std::optional<std::uint32_t> Enforcer::State::find_scope_node() const {
    const std::string name = scope_name(options.scope);
    for (const auto& [number, node] : model.nodes) {
        if (!name.empty() && node.name == name) return number;
    }
    return std::nullopt;
}

bool Enforcer::State::in_scope(const AddressFacts& address,
                               std::optional<std::uint32_t> node) const {
    if (options.scope == "all") return true;
    return node.has_value() && is_at(address, *node);
}

identity::AddressMap::Assignment Enforcer::State::assignment(
    const AddressFacts& address, std::optional<std::uint32_t> node) const {
    unsigned flags = identity::kEntryKnown;
    flags |= address.is_pod ? identity::kEntryPod : identity::kEntryNode;
    if (address.sharing != nullptr) flags |= identity::kEntryShared;
    if (in_scope(address, node)) {
        flags |= address.is_pod ? identity::kEntrySubject : identity::kEntryLocalNode;
        const bool elsewhere_too = address.sharing != nullptr && address.sharing->nodes.size() > 1;
        if (options.scope != "all" && !elsewhere_too) flags |= identity::kEntryPlaced;
    }
    return {.identity = address.identity,
            .node = address.node,
            .flags = static_cast<std::uint8_t>(flags)};
}

namespace {

/// Names that nodes had before, by number: a source that begins anew may number them otherwise.
class FormerNodes {
public:
    FormerNodes(const Edit& edit, const Model& model) : model_(model) {
        for (const auto& change : edit.nodes.changes()) {
            names_[change.key] = change.before ? change.before->name : std::string();
        }
    }
    bool same(std::uint32_t before, std::uint32_t now) const {
        if (names_.empty()) return before == now;
        const auto former = names_.find(before);
        return (former != names_.end() ? former->second : name(before)) == name(now);
    }

private:
    std::string name(std::uint32_t number) const {
        const auto node = model_.nodes.find(number);
        return node != model_.nodes.end() ? node->second.name : std::string();
    }

    const Model& model_;
    std::unordered_map<std::uint32_t, std::string> names_;
};

/// Has the address gone to another pod? One that was deleted and made again has the same name, and
/// may be behind another port. Where either is not told its incarnation, the names decide: taking
/// the address from the port of a pod that lives would let another pod have it.
bool has_moved(const AddressFacts& before, const AddressFacts& now, const FormerNodes& nodes) {
    const bool made_again =
        before.incarnation != 0 && now.incarnation != 0 && before.incarnation != now.incarnation;
    return made_again || before.name != now.name || before.is_pod != now.is_pod ||
           !nodes.same(before.node, now.node);
}

}  // namespace

std::vector<AddressWrite> Enforcer::State::address_writes(const Edit& edit,
                                                          std::optional<std::uint32_t> node) const {
    std::vector<AddressWrite> writes;
    const FormerNodes nodes(edit, model);
    for (const auto& change : edit.addresses.changes()) {
        // An address that goes to another pod starts anew: the port that its last owner was seen
        // at must not bind the next one.
        const AddressFacts* now = edit.addresses.now(change);
        if (now == nullptr || (change.before && has_moved(*change.before, *now, nodes))) {
            writes.push_back({change.key, std::nullopt});
        }
    }
    for (const auto& change : edit.addresses.changes()) {
        const AddressFacts* now = edit.addresses.now(change);
        if (now != nullptr) writes.push_back({change.key, assignment(*now, node)});
    }
    if (node == scope_node) return writes;
    // Another node is in scope, so pods that did not change have become subjects or peers.
    for (const auto& [address, facts] : model.addresses) {
        if (!(node && is_at(facts, *node)) && !(scope_node && is_at(facts, *scope_node))) continue;
        writes.push_back({address, assignment(facts, node)});
    }
    return writes;
}

base::Status Enforcer::State::check_room(const std::vector<AddressWrite>& writes) {
    if (model.addresses.size() > options.addresses_max) {
        return Error{Errc::Limit, "Address",
                     std::to_string(model.addresses.size()) + " addresses, at most " +
                         std::to_string(options.addresses_max)};
    }
    std::size_t added = 0;
    for (const AddressWrite& write : writes) {
        if (write.assignment && !addresses->newest(write.address)) ++added;
    }
    // Taking out, waiting for the workers and making free are three steps that never block.
    for (int step = 0; step < 3 && added > addresses->room(); ++step) reclaim();
    if (added <= addresses->room()) return base::Done{};
    return Error{Errc::Limit, "Address", "workers still hold too many removed addresses"};
}

base::Result<Preparation> Enforcer::State::prepare(const Edit& edit, const BuiltRows& ready) {
    Preparation next{.tables = std::nullopt,
                     .subjects = {},
                     .cidrs = cidrs,
                     .services = services,
                     .writes = {},
                     .scope_node = edit.nodes.empty() ? scope_node : find_scope_node()};
    next.writes = address_writes(edit, next.scope_node);
    TW_TRY(room, check_room(next.writes));
    if (edit.tables_touched()) {
        TW_TRY(built, build_tables(model, tables, ready));
        next.subjects = subjects_changed(tables, built, [this](std::uint32_t identity) {
            return identity == identity::kWorld || by_identity.contains(identity) ||
                   cidr_identities.contains(identity);
        });
        next.tables = std::move(built);
    }
    if (!edit.prefixes.empty()) next.cidrs = cidr_table(model);
    if (!edit.services.empty()) next.services = service_table(model);
    return next;
}

/// That is all that can still fail, and nobody sees it.
base::Status Enforcer::State::reserve(const std::vector<AddressWrite>& writes) {
    for (std::size_t i = 0; i < writes.size(); ++i) {
        if (!writes[i].assignment.has_value()) continue;
        base::Status status = addresses->reserve(writes[i].address);
        if (status.ok()) continue;
        for (const AddressWrite& each : std::span(writes).first(i)) {
            if (!addresses->newest(each.address)) addresses->remove(each.address, generation + 1);
        }
        return status;
    }
    return base::Done{};
}

void Enforcer::State::write_addresses(const std::vector<AddressWrite>& writes, std::uint32_t next) {
    for (const AddressWrite& each : writes) {
        if (each.assignment.has_value()) {
            addresses->write(each.address, *each.assignment, next);
        } else {
            addresses->remove(each.address, next);
        }
    }
}

void Enforcer::State::index_addresses(const Edit& edit) {
    for (const auto& change : edit.addresses.changes()) {
        if (change.before.has_value()) {
            const auto same = by_identity.find(change.before->identity);
            same->second.erase(change.key);
            if (same->second.empty()) by_identity.erase(same);
            const auto named = by_name.find(change.before->name);
            std::erase(named->second, change.key);
            if (named->second.empty()) by_name.erase(named);
        }
        if (const AddressFacts* now = edit.addresses.now(change)) {
            by_identity[now->identity].insert(change.key);
            by_name[now->name].push_back(change.key);
        }
    }
    if (edit.prefixes.empty()) return;
    cidr_identities.clear();
    for (const auto& [prefix, fact] : model.prefixes) cidr_identities.insert(fact.identity);
}

std::shared_ptr<const identity::SharedAddresses> Enforcer::State::shared_addresses(
    std::uint32_t next) const {
    std::vector<identity::Sharing> all;
    std::unordered_map<std::string, std::uint32_t> pods;
    for (const base::Address& address : sharing) {
        const AddressFacts& facts = model.addresses.at(address);
        identity::Entry entry;
        addresses->lookup({&address, 1}, next, {&entry, 1});
        identity::Sharing& each = all.emplace_back();
        each.slot = entry.slot;
        each.nodes = facts.sharing->nodes;
        if (!facts.sharing->one_of_several) continue;
        each.pod =
            pods.try_emplace(facts.name, static_cast<std::uint32_t>(pods.size() + 1)).first->second;
    }
    return std::make_shared<const identity::SharedAddresses>(
        identity::SharedAddresses::build(std::move(all)));
}

/// Flows of an address are judged again when others share it now, whatever else of it is the same.
void Enforcer::State::follow_sharing(const Edit& edit, std::uint32_t next) {
    bool changed = false;
    for (const auto& change : edit.addresses.changes()) {
        const AddressFacts* now = edit.addresses.now(change);
        const bool is_shared = now != nullptr && now->sharing != nullptr;
        changed = changed || is_shared || sharing.contains(change.key);
        if (!is_shared) {
            sharing.erase(change.key);
            continue;
        }
        sharing.insert(change.key);
        identity::Entry entry;
        addresses->lookup({&change.key, 1}, next, {&entry, 1});
        addresses->touch(entry.slot, next);
    }
    if (changed) shared = shared_addresses(next);
}

void Enforcer::State::touch_subjects(const std::unordered_set<std::uint32_t>& identities,
                                     std::uint32_t next) {
    for (const std::uint32_t identity : identities) {
        const auto same = by_identity.find(identity);
        if (same == by_identity.end()) continue;
        for (const base::Address& address : same->second) {
            identity::Entry entry;
            addresses->lookup({&address, 1}, next, {&entry, 1});
            if (entry.is_subject()) addresses->touch(entry.slot, next);
        }
    }
}

void Enforcer::State::publish(std::uint64_t new_epoch) {
    ++generation;
    epoch = new_epoch;
    published.replace(
        std::make_unique<const worker::Snapshot>(worker::Snapshot{.generation = generation,
                                                                  .epoch = epoch,
                                                                  .ladder = tables.ladder,
                                                                  .cidrs = cidrs,
                                                                  .services = services,
                                                                  .shared = shared}));
}

void Enforcer::State::carry_out(const Edit& edit, Preparation preparation,
                                std::uint64_t new_epoch) {
    // The address map is written for a generation that no worker holds yet: workers go on seeing
    // the versions of theirs. Flows that the change concerns are marked as judged too early. The
    // pointer that publish() swaps is the one step by which a worker gets the new generation, and
    // with it addresses, tables and marks together; it can never see a new identity with old
    // tables. A flow judged before that step carries the old generation, so the mark still holds.
    const std::uint32_t next = generation + 1;
    write_addresses(preparation.writes, next);
    index_addresses(edit);
    follow_sharing(edit, next);
    if (preparation.tables.has_value()) tables = std::move(*preparation.tables);
    touch_subjects(preparation.subjects, next);
    if (preparation.cidrs != cidrs) addresses->touch_unknown(next);
    cidrs = std::move(preparation.cidrs);
    services = std::move(preparation.services);
    scope_node = preparation.scope_node;
    publish(new_epoch);
}

std::size_t Enforcer::State::reclaim() {
    const std::size_t waiting = published.reclaim();
    if (release_token.has_value()) {
        if (!readers->passed(*release_token)) return waiting;
        addresses->release();
        release_token.reset();
    }
    const worker::Snapshot* oldest = published.oldest();
    if (oldest != nullptr) addresses->reclaim(oldest->generation);
    if (addresses->unreleased() > 0) release_token = readers->start();
    return waiting;
}

Enforcer::Enforcer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Enforcer::~Enforcer() = default;

base::Result<std::unique_ptr<Enforcer>> Enforcer::create(const Options& options) {
    if (options.scope != "all" && scope_name(options.scope).empty()) {
        return Error{Errc::Invalid, "scope", "expected all or node:NAME"};
    }
    TW_TRY(readers, worker::Readers::create(options.workers_max));
    identity::AddressMap::Options map_options;
    map_options.addresses_max = options.addresses_max;
    TW_TRY(map, identity::AddressMap::create(map_options));
    auto state = std::make_unique<State>(options, std::move(readers), std::move(map));
    return std::unique_ptr<Enforcer>(new Enforcer(std::move(state)));
}

worker::Readers& Enforcer::readers() { return *state_->readers; }

worker::Published<worker::Snapshot>& Enforcer::published() { return state_->published; }

identity::AddressMap& Enforcer::addresses() { return *state_->addresses; }

base::Status Enforcer::apply(const proto::ResourceSet& resources, std::uint64_t epoch,
                             std::vector<base::Error>& problems, const BuiltRows& ready) {
    problems.clear();
    Problems found(problems, kProblemsMax);
    if (epoch == 0) found.add({Errc::Invalid, "epoch", "0 is no epoch"});
    Edit edit(state_->model);
    if (found.none()) edit.apply(resources.since(state_->resources), found);
    if (found.none()) edit.check(found);
    if (found.none()) {
        base::Result<Preparation> next = state_->prepare(edit, ready);
        const base::Status status = next.ok() ? state_->reserve(next->writes) : next.error();
        if (status.ok()) {
            if (state_->before_publication) state_->before_publication(resources);
            state_->carry_out(edit, std::move(*next), epoch);
        } else {
            found.add(status.error());
        }
    }
    if (!found.none()) {
        edit.undo();
        return problems.front();
    }
    state_->resources = resources;
    return base::Done{};
}

void Enforcer::before_publication(std::function<void(const proto::ResourceSet& next)> then) {
    state_->before_publication = std::move(then);
}

void Enforcer::bind(const base::Address& address, std::uint16_t port) {
    state_->addresses->bind(address, port, state_->generation + 1);
}

std::size_t Enforcer::reclaim() { return state_->reclaim(); }

}  // namespace tierwall::agent
