// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/table.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct Options {
    std::string address;
    std::string output;
};

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
    };
    std::string out;
    for (const auto& [name, value] : lines) {
        out += name + std::string(12 - std::string(name).size(), ' ') + value + "\n";
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

std::string for_people(const v1::StatusReply& reply) {
    std::string out = summary(reply);
    for (const std::string& warning : reply.warnings()) out += "warning: " + warning + "\n";
    for (const std::string& problem : reply.last_problems()) out += "refused: " + problem + "\n";
    return out + "\n" + ports(reply) + "\n" + workers(reply);
}

base::Result<Answer> ask(const Options& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(reply, client->status());
    if (options.output == "json") return Answer{message_json(reply).dump(2) + "\n"};
    return Answer{for_people(reply)};
}

}  // namespace

void offer_status(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "status", "Say how a running tierwalld is doing");
    const auto options = std::make_shared<Options>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->callback([options, &run] { run = [options] { return ask(*options); }; });
}

}  // namespace tierwall::ctl
