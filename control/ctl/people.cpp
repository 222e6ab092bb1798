// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/people.hpp"

#include "control/ctl/decider.hpp"
#include "control/ctl/table.hpp"
#include "control/document/printable.hpp"

#include <cstdint>
#include <utility>

namespace tierwall::ctl {

namespace {

using document::printable;

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string summary(const v1::StatusReply& reply) {
    const std::string sync =
        reply.sync_address() + (reply.sync_connected() ? " (connected)" : " (not connected)");
    const std::string snapshot = reply.epoch() == 0
                                     ? "none"
                                     : "epoch " + number(reply.epoch()) + ", hash " + reply.hash() +
                                           ", from " + reply.source() + ", " +
                                           number(reply.snapshot_age_s()) + " s old";
    const std::pair<const char*, std::string> lines[] = {
        {"version", reply.version()},
        {"dataplane", reply.dataplane()},
        {"mode", reply.mode()},
        {"scope", reply.scope()},
        {"boot", reply.boot()},
        {"established", reply.established()},
        {"own node", "egress " + reply.own_node_egress()},
        {"uptime", number(reply.uptime_s()) + " s"},
        {"sync", sync},
        {"snapshot", snapshot},
        {"generation", number(reply.generation()) + " (" + number(reply.retired_snapshots()) +
                           " older ones still in use)"},
        {"accepted", number(reply.acks()) + " (" + number(reply.nacks()) + " refused)"},
        {"addresses", number(reply.addresses()) + " of " + number(reply.addresses_max())},
        {"identities", number(reply.identities())},
        {"tables", number(reply.tables())},
        {"rows", number(reply.rows())},
        {"rules", number(reply.rules())},
        {"audit", number(reply.audited_policies()) + " policies (" + number(reply.would_deny()) +
                      " connections let through that they would deny)"},
    };
    std::string out;
    for (const auto& [name, value] : lines) {
        out += name + std::string(12 - std::string(name).size(), ' ') + printable(value) + "\n";
    }
    return out;
}

std::string ports(const v1::StatusReply& reply) {
    Table table(
        {"PORT", "DEVICE", "SIDE", "POD", "LINK", "MTU", "RECEIVED", "SENT", "MISSED", "ERRORS"});
    for (const v1::PortStatus& port : reply.ports()) {
        table.add({port.name(), port.device(), port.side(), port.pod(),
                   port.link_up() ? "up" : "down", number(port.mtu()), number(port.rx_packets()),
                   number(port.tx_packets()), number(port.rx_missed()),
                   number(port.rx_errors() + port.tx_errors())});
    }
    return table.text();
}

std::string workers(const v1::StatusReply& reply) {
    Table flows({"WORKER", "CORE", "FLOWS", "MOST"});
    Table counts({"WORKER", "COUNTER", "VALUE"});
    for (const v1::WorkerStatus& worker : reply.workers()) {
        flows.add({number(worker.number()), number(worker.core()), number(worker.flows()),
                   number(worker.flows_max())});
        for (const v1::Count& count : worker.counters()) {
            if (count.value() == 0) continue;
            counts.add({number(worker.number()), count.name(), number(count.value())});
        }
        for (const v1::Count& count : worker.reasons()) {
            if (count.value() == 0) continue;
            counts.add({number(worker.number()), "reason " + count.name(), number(count.value())});
        }
    }
    return flows.text() + "\n" + counts.text();
}

std::string end(const std::string& name, const std::string& address, std::uint32_t port) {
    const std::string host = name.empty() ? address : name;
    return port == 0 ? host : host + " " + std::to_string(port);
}

std::string direction(const v1::DirectionExplanation& side) {
    std::string out = printable(side.direction() + ": " + side.words()) + "\n";
    for (const v1::TierExplanation& tier : side.tiers()) {
        out += "  " + printable(tier.tier() + ": " + tier.words()) + "\n";
        for (const std::string& policy : tier.policies()) {
            out += "    " + printable(policy) +
                   (tier.decided() && policy == tier.policy() ? "  <- decided here\n" : "\n");
        }
    }
    return out;
}

}  // namespace

std::string for_people(const v1::StatusReply& reply) {
    std::string out = summary(reply);
    for (const std::string& warning : reply.warnings())
        out += "warning: " + printable(warning) + "\n";
    for (const std::string& problem : reply.last_problems())
        out += "refused: " + printable(problem) + "\n";
    return out + "\n" + ports(reply) + "\n" + workers(reply);
}

std::string for_people(const std::vector<v1::FlowRow>& rows) {
    Table table({"SOURCE", "DESTINATION", "PROTOCOL", "STATE", "IDLE", "EGRESS", "INGRESS"});
    for (const v1::FlowRow& row : rows) {
        table.add({end(row.source_name(), row.source(), row.source_port()),
                   end(row.destination_name(), row.destination(), row.destination_port()),
                   row.protocol(), row.state(), std::to_string(row.idle_s()) + " s",
                   decider({row.egress_tier(), row.egress_policy(), row.egress_rule()}),
                   decider({row.ingress_tier(), row.ingress_policy(), row.ingress_rule()})});
    }
    return table.text();
}

std::string for_people(const std::vector<v1::RuleRow>& rows) {
    Table table({"TIER", "POLICY", "DIRECTION", "RULE", "NAME", "ACTION", "HITS", "ROWS", "MODE",
                 "WOULD DENY"});
    for (const v1::RuleRow& row : rows) {
        table.add({row.tier(), row.policy(), row.direction(),
                   row.index() < 0 ? "isolation" : std::to_string(row.index()), row.name(),
                   row.action(), std::to_string(row.hits()), std::to_string(row.rows()),
                   row.audit() ? "audit" : "enforce", std::to_string(row.would_deny())});
    }
    return table.text();
}

std::string for_people(const v1::ExplainReply& reply) {
    return printable(reply.words()) + "\n\n" + direction(reply.egress()) + "\n" +
           direction(reply.ingress());
}

}  // namespace tierwall::ctl
