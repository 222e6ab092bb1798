// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/diff.hpp"
#include "control/ctl/diff_live.hpp"
#include "control/ctl/family_option.hpp"
#include "control/ctl/ladder_decide.hpp"
#include "control/ctl/question.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace tierwall::ctl {

namespace {

struct DiffOptions {
    std::vector<std::string> paths;
    std::vector<std::string> cluster;
    QuestionOptions question;  ///< without manifests
    std::vector<std::string> ports;
    std::string family;
    std::string address;
    std::string output;
    bool live = false;
};

/// One of the two sides, loaded. DPDK must have been started before.
struct LoadedSide {
    Compiled compiled;
    agent::Model model;
    std::unique_ptr<Engine> engine;
};

QuestionOptions question_about(const DiffOptions& options, const std::string& path) {
    QuestionOptions question = options.question;
    question.manifests = options.cluster;
    question.manifests.push_back(path);
    return question;
}

base::Result<LoadedSide> load_side(Compiled compiled, const std::string& scope,
                                   bool own_node_egress) {
    LoadedSide side;
    TW_TRY(model, model_of(compiled.resources));
    TW_TRY(engine, Engine::create(Engine::Kind::Tiers, scope, compiled.resources, own_node_egress));
    side.model = std::move(model);
    side.engine = std::move(engine);
    side.compiled = std::move(compiled);
    return side;
}

bool has_pods(const agent::Model& model) {
    return std::any_of(model.addresses.begin(), model.addresses.end(),
                       [](const auto& address) { return address.second.is_pod; });
}

std::vector<std::string> joint_warnings(const LoadedSide& before, const LoadedSide& after) {
    std::vector<std::string> out = before.compiled.warnings;
    for (const std::string& warning : after.compiled.warnings) {
        if (std::find(out.begin(), out.end(), warning) == out.end()) out.push_back(warning);
    }
    if (!has_pods(before.model) && !has_pods(after.model)) {
        out.push_back("there is no pod on either side: nothing was compared");
    }
    return out;
}

base::Result<Answer> answer_two(const DiffOptions& options) {
    TW_TRY(old_compiled, compile_question(question_about(options, options.paths[0])));
    TW_TRY(new_compiled, compile_question(question_about(options, options.paths[1])));
    TW_TRY(eal, Eal::start(megabytes_for(old_compiled.resources) +
                           megabytes_for(new_compiled.resources)));
    const std::string& scope = options.question.scope;
    const bool own_node_egress = options.question.own_node_egress == "exempt";
    TW_TRY(before, load_side(std::move(old_compiled), scope, own_node_egress));
    TW_TRY(after, load_side(std::move(new_compiled), scope, own_node_egress));
    const DiffQuestion question{{{{&before.model, scope}, {&after.model, scope}}},
                                {decided_by(before.engine->enforcer().ladder()),
                                 decided_by(after.engine->enforcer().ladder())},
                                families_of(options.family),
                                options.ports};
    TW_TRY(found, difference(question));
    const DiffPage page{
        found, {&before.model, &after.model}, {&before.compiled.cluster, &after.compiled.cluster}};
    return Answer{options.output == "json" ? diff_json_text(page) : diff_text(page),
                  found.empty() ? 0 : kExitFound, joint_warnings(before, after)};
}

base::Result<Answer> answer_live(const DiffOptions& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(status, client->status());
    TW_TRY(rows, client->flows(v1::FlowsRequest{}));
    TW_TRY(compiled, compile_question(question_about(options, options.paths[0])));
    TW_TRY(eal, Eal::start(megabytes_for(compiled.resources)));
    const LiveSettings settings = live_settings(status);
    TW_TRY(side, load_side(std::move(compiled), settings.scope, settings.own_node_egress));
    const LiveQuestion question{
        side.model, [&side](const auto&... asked) { return side.engine->enforcer().ask(asked...); },
        settings};
    TW_TRY(flows, judge_flows(rows, question));
    std::vector<std::string> warnings = side.compiled.warnings;
    if (flows.strangers != 0) {
        warnings.push_back(std::to_string(flows.strangers) +
                           " flows have an end that the manifests do not know; it was judged as "
                           "an address from outside");
    }
    return Answer{
        options.output == "json" ? live_json_text(flows, question) : live_text(flows, question),
        flows.cut.empty() ? 0 : kExitFound, std::move(warnings)};
}

base::Result<Answer> answer_diff(const DiffOptions& options) {
    const std::size_t wanted = options.live ? 1 : 2;
    if (options.paths.size() != wanted) {
        return base::Error{base::Errc::Invalid, "diff",
                           options.live ? "--live takes one path, NEW" : "takes OLD and NEW"};
    }
    return options.live ? answer_live(options) : answer_two(options);
}

}  // namespace

void offer_diff(CLI::App& app, Run& run) {
    CLI::App* command =
        subcommand(app, "diff", "Say which connections get another verdict by other manifests");
    const auto options = std::make_shared<DiffOptions>();
    command->add_option("path", options->paths, "Manifests before and after")
        ->required()
        ->option_text("OLD NEW");
    command->add_option("--cluster", options->cluster, "Manifests that belong to both sides")
        ->option_text("PATH...");
    CLI::Option* scope = command->add_option("--scope", options->question.scope,
                                             "all, or node:NAME: whose pods are protected");
    CLI::Option* own_node = command
                                ->add_option("--own-node-egress", options->question.own_node_egress,
                                             "What isolated pods send to their own node")
                                ->check(CLI::IsMember({"enforce", "exempt"}))
                                ->capture_default_str();
    command->add_option("--dns", options->question.dns, "DNS answers taken as seen, JSON lines");
    offer_ports(*command, options->ports);
    offer_families(*command, options->family);
    CLI::Option* live = command->add_flag("--live", options->live,
                                          "Which flows of a running tierwalld NEW would cut");
    live->excludes(scope)->excludes(own_node);
    offer_address(*command, options->address)->needs(live);
    offer_output(*command, options->output, {"text", "json"});
    command->callback([options, &run] { run = [options] { return answer_diff(*options); }; });
}

}  // namespace tierwall::ctl
