// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// World: a small cluster around one Pipeline, for tests: addresses, rules, ports, a clock.
///
/// Every packet is sent with what is expected of it: its verdict and all counters that move. A
/// counter that moves without being expected is a failure.
///
/// Threads: one test.
/// Memory:  owned.
/// Cost:    not for measurements.

#include "dataplane/worker/pipeline.hpp"
#include "test/support/packet.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::base {
/// For the names of data-driven cases.
inline std::ostream& operator<<(std::ostream& out, Family family) {
    return out << (family == Family::IPv4 ? "IPv4" : "IPv6");
}
}  // namespace tierwall::base

namespace tierwall::worker::testing {

// The cluster. Numbers of identities and nodes are as good as any.
inline constexpr std::uint32_t kShop = 1;       ///< pod behind port 1, node 1, a subject
inline constexpr std::uint32_t kBank = 2;       ///< pod behind port 2, node 1, a subject
inline constexpr std::uint32_t kFarPod = 3;     ///< pod behind the uplink, node 2, no subject
inline constexpr std::uint32_t kOwnNode = 4;    ///< node 1
inline constexpr std::uint32_t kOtherNode = 5;  ///< node 2
inline constexpr std::uint32_t kOffice = 6;     ///< 203.0.113.0/24 and 2001:db8:1::/48
inline constexpr std::uint32_t kIdentities = 16;

// Ports.
inline constexpr std::uint16_t kUplink = 0;
inline constexpr std::uint16_t kShopPort = 1;
inline constexpr std::uint16_t kBankPort = 2;
inline constexpr std::uint16_t kOtherUplink = 3;
inline constexpr std::uint16_t kEmptyPort = 4;  ///< pods side, nobody there

/// The same cast in both families.
struct Cast {
    base::Family family;
    std::string shop, bank, far_pod, own_node, other_node, office, stranger, group;
};
inline const Cast kCast4{base::Family::IPv4, "10.0.0.1",    "10.0.0.2",  "10.0.1.3", "172.16.0.1",
                         "172.16.0.2",       "203.0.113.9", "192.0.2.7", "239.1.1.1"};
inline const Cast kCast6{base::Family::IPv6, "fd00::1",       "fd00::2",
                         "fd00:1::3",        "fd01::1",       "fd01::2",
                         "2001:db8:1::9",    "2001:db8:2::7", "ff05::1234"};
inline const Cast& cast_of(base::Family family) {
    return family == base::Family::IPv4 ? kCast4 : kCast6;
}

/// One row of policy in terms of identities.
struct Rule {
    std::uint16_t tier = base::kTierAdmin;
    base::Direction direction = base::Direction::Ingress;
    std::uint32_t subject = 0;
    std::optional<std::uint32_t> peer = {};  ///< nothing: everybody
    std::optional<std::uint8_t> protocol = {};
    std::uint16_t port_first = 0;
    std::uint16_t port_last = 65535;
    base::Action action = base::Action::Allow;
    std::uint32_t rule = 0;
};

/// A NetworkPolicy without rules for this subject and direction.
struct Isolation {
    base::Direction direction = base::Direction::Ingress;
    std::uint32_t subject = 0;
    std::uint32_t rule = 0;
};

struct Policy {
    std::vector<Rule> rules = {};
    std::vector<Isolation> isolations = {};
};

/// One table a tier and direction; group and class numbers are those of the identities, plus one.
inline tier::DirectionTables tables_of(const Policy& policy, std::uint16_t tier_number,
                                       base::Direction direction) {
    std::vector<tier::Row> rows;
    auto group_of = std::make_shared<tier::GroupOf>(kIdentities, 0);
    auto class_of = std::make_shared<tier::ClassOf>(kIdentities, std::uint16_t{0});
    auto isolation = std::make_shared<std::vector<std::uint32_t>>(kIdentities + 1, 0);
    for (std::uint32_t i = 0; i < kIdentities; ++i) {
        (*class_of)[i] = static_cast<std::uint16_t>(i + 1);
    }
    for (const Rule& rule : policy.rules) {
        if (rule.tier != tier_number || rule.direction != direction) continue;
        const auto group = static_cast<std::uint16_t>(rule.subject + 1);
        (*group_of)[rule.subject] = group;
        rows.push_back({.group = group,
                        .any_class = !rule.peer,
                        .peer_class = static_cast<std::uint16_t>(rule.peer.value_or(0) + 1),
                        .any_protocol = !rule.protocol,
                        .protocol = rule.protocol.value_or(0),
                        .port_first = rule.port_first,
                        .port_last = rule.port_last,
                        .action = rule.action,
                        .rule = rule.rule});
    }
    for (const Isolation& isolated : policy.isolations) {
        if (tier_number != base::kTierNetworkPolicy || isolated.direction != direction) continue;
        (*group_of)[isolated.subject] = isolated.subject + 1;
        (*isolation)[isolated.subject + 1] = isolated.rule;
    }
    tier::DirectionTables tables;
    tables.group_of = group_of;
    auto table = tier::AclTable::build(rows);
    BOOST_REQUIRE(table.ok());
    tables.shards.push_back({*table, class_of, isolation});
    return tables;
}

/// `audit`: for the subjects that it names, what would be if audited policies were enforced.
inline std::shared_ptr<const tier::Ladder> ladder_of(const Policy& policy,
                                                     const Policy& audit = {}) {
    std::vector<tier::Tier> tiers;
    for (const std::uint16_t number :
         {base::kTierAdmin, base::kTierNetworkPolicy, base::kTierBaseline}) {
        tiers.push_back({.number = number,
                         .kind = number == base::kTierNetworkPolicy ? tier::TierKind::Isolating
                                                                    : tier::TierKind::Ordered,
                         .egress = tables_of(policy, number, base::Direction::Egress),
                         .ingress = tables_of(policy, number, base::Direction::Ingress)});
        if (audit.rules.empty() && audit.isolations.empty()) continue;
        tiers.back().audit_egress = tables_of(audit, number, base::Direction::Egress);
        tiers.back().audit_ingress = tables_of(audit, number, base::Direction::Ingress);
    }
    return std::make_shared<const tier::Ladder>(std::move(tiers));
}

/// Counters by name; only those that moved are kept in a difference.
using Moved = std::map<std::string, std::uint64_t>;

inline Moved all_of(const base::Counters& counters) {
    Moved all;
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        const auto reason = static_cast<base::Reason>(i);
        all[base::name(reason)] = counters.of(reason).read();
    }
    all["flows_created"] = counters.flows_created.read();
    all["flows_expired"] = counters.flows_expired.read();
    all["flows_closed"] = counters.flows_closed.read();
    all["flows_yielded"] = counters.flows_yielded.read();
    all["flows_revoked"] = counters.flows_revoked.read();
    all["flows_rejudged"] = counters.flows_rejudged.read();
    all["service_address_seen"] = counters.service_address_seen.read();
    all["events_lost"] = counters.events_lost.read();
    all["rx_packets"] = counters.rx_packets.read();
    all["rx_bytes"] = counters.rx_bytes.read();
    all["tx_packets"] = counters.tx_packets.read();
    all["tx_bytes"] = counters.tx_bytes.read();
    all["flood_copies"] = counters.flood_copies.read();
    all["lost_after_verdict"] = counters.lost_after_verdict.read();
    all["ring_hops"] = counters.ring_hops.read();
    all["sleeps"] = counters.sleeps.read();
    all["would_deny"] = counters.would_deny.read();
    all["macs_without_room"] = counters.macs_without_room.read();
    all["link_locals_without_room"] = counters.link_locals_without_room.read();
    return all;
}

inline Moved difference(const Moved& before, const Moved& after) {
    Moved moved;
    for (const auto& [name, value] : after) {
        const std::uint64_t old = before.contains(name) ? before.at(name) : 0;
        if (value != old) moved[name] = value - old;
    }
    return moved;
}

inline std::string text_of(const Moved& moved) {
    std::string text;
    for (const auto& [name, value] : moved) text += name + "+" + std::to_string(value) + " ";
    return text;
}

/// What must come of a packet.
struct Expect {
    base::Reason reason = base::Reason::Policy;
    std::uint16_t tier = base::kTierNone;
    std::uint32_t rule = base::kNoRule;
    /// Counters besides the reason's own.
    Moved moved = {};
};

class World {
public:
    explicit World(const Policy& policy = {}, Pipeline::Config config = default_config()) {
        auto map = identity::AddressMap::create({.addresses_max = 4096, .numa_socket = -1});
        BOOST_REQUIRE(map.ok());
        addresses = std::move(*map);
        people();
        publish(policy);
        auto made = Pipeline::create(config, *addresses);
        BOOST_REQUIRE(made.ok());
        pipeline = std::move(*made);
    }

    static Pipeline::Config default_config() {
        Pipeline::Config config;
        config.ports = {{Side::Uplink, 1500},
                        {Side::Pods, 1500},
                        {Side::Pods, 1500},
                        {Side::Uplink, 1500},
                        {Side::Pods, 1500}};
        config.flows_max = 1024;
        config.pickup_s = 0;
        config.rules_max = 100;
        return config;
    }

    /// Adds or changes an address from the next generation on; publish() makes it count.
    void set(const std::string& address, std::uint32_t identity, std::uint32_t node,
             std::uint8_t flags) {
        const auto done =
            addresses->set(support::address(address),
                           {.identity = identity, .node = node, .flags = flags}, generation + 1);
        BOOST_REQUIRE(done.ok());
    }

    /// The next generation, with this policy. Touches the slots of `subjects` only.
    void publish(const Policy& policy, const std::vector<std::string>& subjects = {}) {
        ladder = ladder_of(policy);
        for (const std::string& subject : subjects) touch(subject);
        republish();
    }
    /// The same, with audited policies.
    void publish_audit(const Policy& policy, const Policy& audit,
                       const std::vector<std::string>& subjects = {}) {
        ladder = ladder_of(policy, audit);
        for (const std::string& subject : subjects) touch(subject);
        republish();
    }
    void republish() {
        auto next = std::make_unique<Snapshot>();
        next->generation = ++generation;
        next->ladder = ladder;
        next->cidrs = std::make_shared<const identity::CidrTable>(
            identity::CidrTable::build(std::vector<identity::CidrIdentity>{
                {*base::parse_prefix("203.0.113.0/24"), kOffice},
                {*base::parse_prefix("2001:db8:1::/48"), kOffice}}));
        next->services = std::make_shared<const identity::CidrTable>(identity::CidrTable::build(
            std::vector<identity::CidrIdentity>{{*base::parse_prefix("10.96.0.0/16"), 1},
                                                {*base::parse_prefix("fd00:96::/64"), 1}}));
        next->shared = std::make_shared<const identity::SharedAddresses>(
            identity::SharedAddresses::build(shared));
        snapshot = std::move(next);
    }
    void touch(const std::string& address) {
        addresses->touch(entry(address).slot, generation + 1);
    }
    /// Ties an address to a port at once; its flows are judged again until republish().
    void bind(const std::string& address, std::uint16_t port) {
        addresses->bind(support::address(address), port, generation + 1);
    }
    identity::Entry entry(const std::string& address) const {
        const base::Address wanted = support::address(address);
        identity::Entry entry;
        addresses->lookup({&wanted, 1}, generation, {&entry, 1});
        return entry;
    }

    /// Judges frames that came in at the ports given, as one burst.
    std::vector<Outcome> judge(const std::vector<std::pair<support::Bytes, std::uint16_t>>& burst) {
        std::vector<Frame> frames;
        for (const auto& [bytes, port] : burst) {
            const auto length = static_cast<std::uint32_t>(bytes.size());
            frames.push_back({bytes.data(), length, length, port});
        }
        headers.assign(frames.size(), {});
        std::vector<Outcome> outcomes(frames.size());
        pipeline->judge(frames, {snapshot.get(), now_ms}, headers, outcomes);
        return outcomes;
    }

    /// Sends one frame and checks everything about its verdict and the counters.
    Outcome send(const support::Bytes& frame, std::uint16_t port, const Expect& expect) {
        const Moved before = all_of(pipeline->counters());
        const Outcome outcome = judge({{frame, port}})[0];
        const Moved moved = difference(before, all_of(pipeline->counters()));
        Moved wanted = expect.moved;
        wanted[base::name(expect.reason)] += 1;
        BOOST_CHECK_EQUAL(base::name(outcome.verdict.reason), base::name(expect.reason));
        BOOST_CHECK_EQUAL(outcome.verdict.action == base::Action::Allow,
                          base::passes(expect.reason));
        BOOST_CHECK_EQUAL(outcome.verdict.tier, expect.tier);
        BOOST_CHECK_EQUAL(outcome.verdict.rule, expect.rule);
        BOOST_CHECK_EQUAL(text_of(moved), text_of(wanted));
        return outcome;
    }

    std::unique_ptr<identity::AddressMap> addresses;
    std::shared_ptr<const tier::Ladder> ladder;
    std::vector<identity::Sharing> shared;  ///< from the next generation on
    std::unique_ptr<const Snapshot> snapshot;
    std::unique_ptr<Pipeline> pipeline;
    std::vector<parse::Headers> headers;  ///< of the last burst
    std::uint32_t generation = 0;
    std::uint64_t now_ms = 1'000'000;

private:
    void people() {
        using namespace identity;
        for (const Cast& cast : {kCast4, kCast6}) {
            set(cast.shop, kShop, 1, kEntryKnown | kEntryPod | kEntrySubject);
            set(cast.bank, kBank, 1, kEntryKnown | kEntryPod | kEntrySubject);
            set(cast.far_pod, kFarPod, 2, kEntryKnown | kEntryPod);
            set(cast.own_node, kOwnNode, 1, kEntryKnown | kEntryNode);
            set(cast.other_node, kOtherNode, 2, kEntryKnown | kEntryNode);
        }
    }
};

}  // namespace tierwall::worker::testing
