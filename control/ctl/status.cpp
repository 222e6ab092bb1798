// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/people.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct StatusOptions {
    std::string address;
    std::string output;
};

base::Result<Answer> answer_status(const StatusOptions& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(reply, client->status());
    if (options.output == "json") return Answer{json_text(message_json(reply), 2) + "\n"};
    return Answer{for_people(reply)};
}

}  // namespace

void offer_status(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "status", "Say how a running tierwalld is doing");
    const auto options = std::make_shared<StatusOptions>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->callback([options, &run] { run = [options] { return answer_status(*options); }; });
}

}  // namespace tierwall::ctl
