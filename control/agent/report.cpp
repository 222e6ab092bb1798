// SPDX-License-Identifier: Apache-2.0
#include "control/agent/report.hpp"

#include "control/agent/explain.hpp"
#include "dataplane/worker/revocation.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

namespace tierwall::agent {

namespace {

std::uint64_t seconds_since(Report::Clock::time_point then) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(Report::Clock::now() - then).count());
}

std::string mac_text(const std::array<std::uint8_t, 6>& mac) {
    char out[18];
    std::snprintf(out, sizeof(out), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                  mac[4], mac[5]);
    return out;
}

constexpr std::pair<const char*, base::Counter base::Counters::*> kCounters[] = {
    {"rx_packets", &base::Counters::rx_packets},
    {"rx_bytes", &base::Counters::rx_bytes},
    {"tx_packets", &base::Counters::tx_packets},
    {"tx_bytes", &base::Counters::tx_bytes},
    {"flows_created", &base::Counters::flows_created},
    {"flows_expired", &base::Counters::flows_expired},
    {"flows_closed", &base::Counters::flows_closed},
    {"flows_yielded", &base::Counters::flows_yielded},
    {"flows_revoked", &base::Counters::flows_revoked},
    {"flows_rejudged", &base::Counters::flows_rejudged},
    {"service_address_seen", &base::Counters::service_address_seen},
    {"flood_copies", &base::Counters::flood_copies},
    {"lost_after_verdict", &base::Counters::lost_after_verdict},
    {"ring_hops", &base::Counters::ring_hops},
    {"events_lost", &base::Counters::events_lost},
    {"sleeps", &base::Counters::sleeps},
    {"would_deny", &base::Counters::would_deny},
    {"macs_without_room", &base::Counters::macs_without_room},
    {"link_locals_without_room", &base::Counters::link_locals_without_room},
};

void add_counts(const base::Counters& counters, v1::WorkerStatus& out) {
    for (const auto& [name, counter] : kCounters) {
        v1::Count& count = *out.add_counters();
        count.set_name(name);
        count.set_value((counters.*counter).read());
    }
    for (std::size_t i = 0; i < base::kReasonCount; ++i) {
        v1::Count& count = *out.add_reasons();
        count.set_name(base::name(static_cast<base::Reason>(i)));
        count.set_value(counters.packets_by_reason[i].read());
    }
}

/// The rule that decided a direction; without one, only the tier is set.
RuleName decider(const Enforcer& enforcer, const base::Decision& decision) {
    RuleName name = enforcer.rule(decision.rule).value_or(RuleName{});
    name.tier = base::tier_name(decision.tier);
    return name;
}

}  // namespace

void Report::note_applied(bool from_disk) {
    applied_ = Clock::now();
    from_disk_ = from_disk;
}

void Report::status(v1::StatusReply& reply) const {
    const Config& config = parts_.config;
    reply.set_version(parts_.version);
    reply.set_dataplane(config.name);
    reply.set_mode(config.dataplane.mode == worker::DataplaneConfig::Mode::Wire ? "wire"
                                                                                : "switch");
    reply.set_scope(config.scope);
    reply.set_boot(config.dataplane.boot_open ? "open" : "closed");
    reply.set_own_node_egress(config.own_node_egress ? "exempt" : "enforce");
    reply.set_established(config.dataplane.keep_established ? "keep" : "rejudge");
    reply.set_uptime_s(seconds_since(started_));
    add_control(reply);
    add_tables(reply);
    add_ports(reply);
    add_workers(reply);
    add_warnings(reply);
}

void Report::add_control(v1::StatusReply& reply) const {
    const Enforcer& enforcer = parts_.enforcer;
    const SyncClient::State state = parts_.client.state();
    reply.set_epoch(enforcer.epoch());
    reply.set_source(enforcer.epoch() == 0 ? "none" : from_disk_ ? "disk" : "stream");
    if (enforcer.epoch() != 0) {
        reply.set_hash(enforcer.resources().hash().hex());
        reply.set_snapshot_age_s(seconds_since(applied_));
    }
    reply.set_sync_connected(state.connected);
    reply.set_sync_address(parts_.config.sync.text());
    reply.set_generation(enforcer.generation());
    reply.set_retired_snapshots(retired_);
    reply.set_acks(state.acks);
    reply.set_nacks(state.nacks);
    for (const base::Error& problem : state.last_problems) reply.add_last_problems(problem.text());
    for (const std::string& reason : state.notice.blocked) reply.add_source_blocked(reason);
    for (const std::string& problem : state.notice.problems) reply.add_source_problems(problem);
    reply.set_source_problems_more(state.notice.more);
}

void Report::add_tables(v1::StatusReply& reply) const {
    reply.set_addresses(parts_.addresses.size());
    reply.set_addresses_max(parts_.addresses.addresses_max());
    reply.set_tables(parts_.enforcer.ladder().tables());
    reply.set_rows(parts_.enforcer.ladder().rows());
    count_totals();
    reply.set_rules(totals_.rules);
    reply.set_identities(totals_.identities);
    reply.set_audited_policies(totals_.audited);
}

void Report::count_totals() const {
    if (totals_.epoch == parts_.enforcer.epoch()) return;
    std::uint64_t rules = 0;
    std::set<std::uint32_t> identities;
    const proto::ResourceSet& resources = parts_.enforcer.resources();
    resources.for_each(v1::RESOURCE_TYPE_RULE,
                       [&rules](const proto::Key&, const std::string&) { ++rules; });
    resources.for_each(v1::RESOURCE_TYPE_ADDRESS,
                       [&identities](const proto::Key&, const std::string& body) {
                           v1::Address address;
                           if (address.ParseFromString(body)) identities.insert(address.identity());
                       });
    resources.for_each(v1::RESOURCE_TYPE_PREFIX,
                       [&identities](const proto::Key&, const std::string& body) {
                           v1::Prefix prefix;
                           if (prefix.ParseFromString(body)) identities.insert(prefix.identity());
                       });
    std::uint64_t audited = 0;
    resources.for_each(v1::RESOURCE_TYPE_POLICY,
                       [&audited](const proto::Key&, const std::string& body) {
                           v1::Policy policy;
                           if (policy.ParseFromString(body) && policy.audit()) ++audited;
                       });
    totals_ = {parts_.enforcer.epoch(), identities.size(), rules, audited};
}

void Report::add_ports(v1::StatusReply& reply) const {
    for (const worker::PortView& view : parts_.dataplane.ports()) {
        v1::PortStatus& port = *reply.add_ports();
        port.set_name(view.name);
        port.set_device(view.device);
        port.set_side(view.side == worker::Side::Pods ? "pods" : "uplink");
        port.set_pod(view.pod);
        port.set_mac(mac_text(view.mac));
        port.set_link_up(view.link_up);
        port.set_mtu(view.mtu);
        port.set_number(view.number);
        port.set_rx_packets(view.stats.rx_packets);
        port.set_tx_packets(view.stats.tx_packets);
        port.set_rx_missed(view.stats.rx_missed + view.stats.rx_no_memory);
        port.set_rx_errors(view.stats.rx_errors);
        port.set_tx_errors(view.stats.tx_errors);
    }
}

void Report::add_workers(v1::StatusReply& reply) const {
    const worker::Dataplane& dataplane = parts_.dataplane;
    for (std::uint32_t number = 0; number < dataplane.workers(); ++number) {
        v1::WorkerStatus& out = *reply.add_workers();
        out.set_number(number);
        out.set_core(static_cast<std::uint32_t>(std::max(dataplane.core(number), 0)));
        out.set_flows(dataplane.pipeline(number).flows().size());
        out.set_flows_max(dataplane.pipeline(number).flows().capacity());
        reply.set_would_deny(reply.would_deny() + dataplane.counters(number).would_deny.read());
        add_counts(dataplane.counters(number), out);
        v1::Count& replaced = *out.add_counters();
        replaced.set_name("fragments_replaced");
        replaced.set_value(dataplane.pipeline(number).fragments_replaced());
    }
}

void Report::add_warnings(v1::StatusReply& reply) const {
    const worker::Dataplane& dataplane = parts_.dataplane;
    const SyncClient::State state = parts_.client.state();
    Condition condition;
    for (std::uint32_t number = 0; number < dataplane.workers(); ++number) {
        const base::Counters& counters = dataplane.counters(number);
        for (std::size_t i = 0; i < base::kReasonCount; ++i) {
            condition.counts.packets_by_reason[i].add(counters.packets_by_reason[i].read());
        }
        condition.counts.service_address_seen.add(counters.service_address_seen.read());
        condition.counts.macs_without_room.add(counters.macs_without_room.read());
        condition.counts.link_locals_without_room.add(counters.link_locals_without_room.read());
        condition.fragments_replaced += dataplane.pipeline(number).fragments_replaced();
        condition.flows += dataplane.pipeline(number).flows().size();
        condition.flows_max += dataplane.pipeline(number).flows().capacity();
    }
    condition.addresses = parts_.addresses.size();
    condition.addresses_max = parts_.addresses.addresses_max();
    condition.boot_open = parts_.config.dataplane.boot_open;
    condition.epoch = parts_.enforcer.epoch();
    condition.stored_epoch = parts_.keeper.stored_epoch();
    condition.store_error = parts_.keeper.error();
    // Once another one is stored the old one is of no matter.
    if (condition.stored_epoch == 0) condition.disk_problem = parts_.disk_problem;
    condition.sync_connected = state.connected;
    condition.disconnected_s = seconds_since(state.since);
    condition.sync_address = parts_.config.sync.text();
    condition.sync_error = state.last_error;
    for (const base::Error& problem : state.last_problems) {
        condition.problems.push_back(problem.text());
    }
    condition.source_blocked = state.notice.blocked;
    condition.source_problems = state.notice.problems;
    condition.source_problems_more = state.notice.more;
    condition.retired_snapshots = retired_;
    if (!parts_.enforcer.scope_is_known()) condition.unknown_scope = parts_.config.scope;
    condition.host = dataplane.warnings();
    for (std::string& warning : warnings_about(condition)) reply.add_warnings(std::move(warning));
}

void Report::add_flow(const flow::FlowView& flow, std::uint32_t worker, v1::FlowRow& row) const {
    const Enforcer& enforcer = parts_.enforcer;
    row.set_source(base::text(flow.source()));
    row.set_destination(base::text(flow.destination()));
    row.set_source_port(flow.source_port());
    row.set_destination_port(flow.destination_port());
    row.set_protocol(protocol_text(flow.protocol()));
    row.set_source_name(enforcer.owner(flow.source()).value_or(""));
    row.set_destination_name(enforcer.owner(flow.destination()).value_or(""));
    row.set_state(flow::name(flow.state()));
    row.set_idle_s(flow.idle_s(static_cast<std::uint32_t>(parts_.dataplane.now_ms() / 1000)));
    row.set_worker(worker);
    const RuleName egress = decider(enforcer, flow.egress());
    row.set_egress_tier(egress.tier);
    row.set_egress_policy(egress.policy);
    row.set_egress_rule(egress.index);
    const RuleName ingress = decider(enforcer, flow.ingress());
    row.set_ingress_tier(ingress.tier);
    row.set_ingress_policy(ingress.policy);
    row.set_ingress_rule(ingress.index);
    row.set_source_incarnation(enforcer.incarnation(flow.source()));
    row.set_destination_incarnation(enforcer.incarnation(flow.destination()));
    row.set_revoked(worker::is_revoked(flow));
}

bool Report::flows(const v1::FlowsRequest& request, std::uint64_t& at,
                   std::vector<v1::FlowRow>& rows) const {
    // A place is the worker in the upper half and the index in its table in the lower.
    const auto worker = static_cast<std::uint32_t>(at >> 32);
    if (worker >= parts_.dataplane.workers()) return false;
    const flow::Table& table = parts_.dataplane.pipeline(worker).flows();
    const auto first = static_cast<std::uint32_t>(at);
    const std::uint32_t last = std::min(table.bound(), first + kBatch);
    const auto wanted = base::parse_address(request.address());
    for (std::uint32_t index = first; index < last; ++index) {
        const auto flow = table.view(index);
        if (!flow || (wanted && flow->source() != *wanted && flow->destination() != *wanted)) {
            continue;
        }
        add_flow(*flow, worker, rows.emplace_back());
        if (request.limit() != 0 && rows.size() >= request.limit()) break;
    }
    at = last >= table.bound() ? std::uint64_t{worker + 1} << 32 : at - first + last;
    return true;
}

void Report::rules(std::vector<v1::RuleRow>& rows) const {
    const proto::ResourceSet& resources = parts_.enforcer.resources();
    std::map<std::uint32_t, std::uint64_t> rows_of;
    resources.for_each(v1::RESOURCE_TYPE_TABLE, [&](const proto::Key&, const std::string& body) {
        v1::Table table;
        if (!table.ParseFromString(body)) return;
        for (const std::uint32_t rule : table.rows().rule()) ++rows_of[rule];
    });
    resources.for_each(v1::RESOURCE_TYPE_RULE, [&](const proto::Key&, const std::string& body) {
        v1::Rule rule;
        if (!rule.ParseFromString(body)) return;
        const auto name = parts_.enforcer.rule(rule.number());
        if (!name) return;
        v1::RuleRow& row = rows.emplace_back();
        row.set_tier(name->tier);
        row.set_policy(name->policy);
        row.set_direction(name->direction);
        row.set_index(name->index);
        row.set_name(name->name);
        row.set_action(name->action);
        row.set_rows(rows_of[rule.number()]);
        row.set_audit(name->audit);
        const RuleHits hits =
            parts_.tally.of(rule.number(), counted(parts_.dataplane, rule.number()));
        row.set_hits(hits.decided);
        row.set_would_deny(hits.would_deny);
    });
}

}  // namespace tierwall::agent
