// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Enforcer: takes a snapshot's resources, checks them, builds tables and publishes them.
///
/// Tables whose rows did not change are taken over from the snapshot before; when only addresses
/// changed, nothing is built at all. Whatever is wrong with a snapshot is found before anything is
/// published, so a refused one leaves no trace.
///
/// Threads: one control thread; workers read what it publishes.
/// Memory:  the current resources, tables and names, and what workers may still hold of older ones.
/// Cost:    proportional to what changed, except that validation of a full snapshot is O(n).

#include "control/agent/built_rows.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/tier/ladder.hpp"
#include "dataplane/worker/published.hpp"
#include "dataplane/worker/snapshot.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tierwall::agent {

/// Rule.number -> what people call it.
struct RuleName {
    std::string tier;
    std::string policy;       ///< "NetworkPolicy/shop/web"
    std::string direction;    ///< "egress" or "ingress"
    std::int32_t index = -1;  ///< -1: isolation
    std::string name;
    std::string action;
    bool audit = false;          ///< its policy is audited
    bool failed_closed = false;  ///< a part of the rule is not understood, or too large
};

class Enforcer {
public:
    struct Options {
        std::string scope = "all";  ///< "all" or "node:NAME"
        std::uint32_t addresses_max = 1u << 19;
        std::uint32_t workers_max = 1;
        bool own_node_egress = false;  ///< isolation admits what a pod sends to its own node
    };
    /// Requires: rte_eal_init done.
    static base::Result<std::unique_ptr<Enforcer>> create(const Options& options);
    ~Enforcer();

    // For workers.
    worker::Readers& readers();
    worker::Published<worker::Snapshot>& published();
    identity::AddressMap& addresses();

    /// Validates, builds and publishes. `epoch` 1 or more. Fails with every problem found (at most
    /// kProblemsMax); then everything is as before. `ready`: rows that are built already; others
    /// are built here.
    base::Status apply(const proto::ResourceSet& resources, std::uint64_t epoch,
                       std::vector<base::Error>& problems, const BuiltRows& ready = {});
    static constexpr std::size_t kProblemsMax = 20;

    /// Calls this in apply() when nothing can fail any more and no worker has seen anything: what
    /// it binds belongs to its port before anybody can reach it, and a refused snapshot leaves no
    /// trace.
    void before_publication(std::function<void(const proto::ResourceSet& next)> then);

    /// Ties an address to a port of the configuration, or unties it (identity::kUnbound), at once.
    /// When it was accepted from another port before, its flows are judged again, each packet of
    /// them until the next snapshot is published.
    void bind(const base::Address& address, std::uint16_t port);

    /// Frees what no worker holds any more; call a few times a second. Answers how many old
    /// snapshots still wait.
    std::size_t reclaim();

    const proto::ResourceSet& resources() const;
    std::uint64_t epoch() const;

    // Names, for people.
    std::optional<RuleName> rule(std::uint32_t number) const;
    /// Numbers of the rules of policies with these numbers.
    std::set<std::uint32_t> rules_of(const std::set<std::uint32_t>& policies) const;
    /// False: no node of the snapshot has the name of the scope, so nobody is protected here.
    bool scope_is_known() const;
    /// "namespace/pod", the node's name, or nothing.
    std::optional<std::string> owner(const base::Address& address) const;
    /// Which pod of its name has the address; 0: not known.
    std::uint64_t incarnation(const base::Address& address) const;
    std::vector<base::Address> addresses_of(const std::string& owner) const;

    struct Answer {
        base::Decision egress;
        base::Decision ingress;
        base::Decision audit;  ///< of what is allowed: the denial that audited policies would make
        bool allowed = false;
    };
    /// Asks the published tables about the first packet of a connection. Control thread.
    Answer ask(const base::Address& source, const base::Address& destination, std::uint8_t protocol,
               std::uint16_t destination_port) const;

    /// What one tier says about a packet, for people who ask why.
    struct TierView {
        std::string tier;
        std::vector<std::string> policies;  ///< that select the subject, in asking order
        bool audited = false;  ///< were all of them enforced, it might say something else
        bool matched = false;  ///< a row matched; otherwise isolation or silence
        base::Action action = base::Action::Pass;  ///< Pass: the next tier is asked
        std::uint32_t rule = base::kNoRule;
    };
    /// Every tier up to the one that decides; nothing when that end is no subject or both ends are
    /// the same address. Control thread.
    std::vector<TierView> look(base::Direction direction, const parse::Tuple& connection) const;

    /// What is published for an address, its CIDR block included.
    identity::Entry entry(const base::Address& address) const;
    /// The published ladder; before the first snapshot an empty one.
    const tier::Ladder& ladder() const;
    std::uint32_t generation() const;

private:
    struct State;
    explicit Enforcer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::agent
