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

std::string for_people(const std::vector<v1::RuleRow>& rows) {
    Table table({"TIER", "POLICY", "DIRECTION", "RULE", "NAME", "ACTION", "HITS", "ROWS"});
    for (const v1::RuleRow& row : rows) {
        table.add({row.tier(), row.policy(), row.direction(),
                   row.index() < 0 ? "isolation" : std::to_string(row.index()), row.name(),
                   row.action(), std::to_string(row.hits()), std::to_string(row.rows())});
    }
    return table.text();
}

base::Result<Answer> ask(const Options& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(rows, client->rules());
    if (options.output == "table") return Answer{for_people(rows)};
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const v1::RuleRow& row : rows) list.push_back(message_json(row));
    return Answer{list.dump(2) + "\n"};
}

}  // namespace

void offer_rules(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "rules", "List the rules that a tierwalld enforces");
    const auto options = std::make_shared<Options>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->callback([options, &run] { run = [options] { return ask(*options); }; });
}

}  // namespace tierwall::ctl
