// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/people.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct RulesOptions {
    std::string address;
    std::string output;
};

base::Result<Answer> answer_rules(const RulesOptions& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(rows, client->rules());
    if (options.output == "table") return Answer{for_people(rows)};
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const v1::RuleRow& row : rows) list.push_back(message_json(row));
    return Answer{json_text(list, 2) + "\n"};
}

}  // namespace

void offer_rules(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "rules", "List the rules that a tierwalld enforces");
    const auto options = std::make_shared<RulesOptions>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->callback([options, &run] { run = [options] { return answer_rules(*options); }; });
}

}  // namespace tierwall::ctl
