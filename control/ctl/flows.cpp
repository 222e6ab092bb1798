// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/decider.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/table.hpp"
#include "dataplane/base/address.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct Options {
    std::string address;
    std::string output;
    std::string end;
    std::uint32_t limit = 0;
};

std::string end(const std::string& name, const std::string& address, std::uint32_t port) {
    const std::string host = name.empty() ? address : name;
    return port == 0 ? host : host + " " + std::to_string(port);
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

base::Result<Answer> ask(const Options& options) {
    v1::FlowsRequest request;
    request.set_limit(options.limit);
    if (!options.end.empty()) {
        const auto address = base::parse_address(options.end);
        if (!address) {
            return base::Error{base::Errc::Invalid, "--of", "not an address: " + options.end};
        }
        request.set_address(base::text(*address));
    }
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(rows, client->flows(request));
    if (options.output == "table") return Answer{for_people(rows)};
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const v1::FlowRow& row : rows) list.push_back(message_json(row));
    return Answer{list.dump(2) + "\n"};
}

}  // namespace

void offer_flows(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "flows", "List the connections that a tierwalld tracks");
    const auto options = std::make_shared<Options>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->add_option("--of", options->end, "Only connections with this address at one end");
    command->add_option("--limit", options->limit, "At most so many, 0: all");
    command->callback([options, &run] { run = [options] { return ask(*options); }; });
}

}  // namespace tierwall::ctl
