// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/people.hpp"
#include "dataplane/base/address.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct FlowsOptions {
    std::string address;
    std::string output;
    std::string end;
    std::uint32_t limit = 0;
};

base::Result<Answer> answer_flows(const FlowsOptions& options) {
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
    return Answer{json_text(list, 2) + "\n"};
}

}  // namespace

void offer_flows(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "flows", "List the connections that a tierwalld tracks");
    const auto options = std::make_shared<FlowsOptions>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->add_option("--of", options->end, "Only connections with this address at one end");
    command->add_option("--limit", options->limit, "At most so many, 0: all");
    command->callback([options, &run] { run = [options] { return answer_flows(*options); }; });
}

}  // namespace tierwall::ctl
