// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"
#include "control/ctl/family_option.hpp"
#include "control/ctl/ladder_decide.hpp"
#include "control/ctl/matrix.hpp"
#include "control/ctl/matrix_output.hpp"
#include "control/ctl/question.hpp"

#include <memory>
#include <utility>

namespace tierwall::ctl {

namespace {

struct MatrixOptions {
    QuestionOptions question;
    std::vector<std::string> ports;
    std::string family;
    std::string output;
    std::vector<std::string> namespaces;
    std::vector<std::string> pods;
    std::string only = "all";
};

MatrixFilter filter_of(const MatrixOptions& options) {
    return {{options.namespaces.begin(), options.namespaces.end()},
            {options.pods.begin(), options.pods.end()},
            options.only == "denied"    ? OnlyAnswers::Denied
            : options.only == "allowed" ? OnlyAnswers::Allowed
                                        : OnlyAnswers::All};
}

base::Result<Answer> answer_matrix(const MatrixOptions& options) {
    TW_TRY(prepared, prepare(options.question));
    const agent::Enforcer& enforcer = prepared.engine->enforcer();
    TW_TRY(model, model_of(enforcer.resources()));
    const MatrixQuestion question{{&model, options.question.scope},
                                  decided_by(enforcer.ladder()),
                                  families_of(options.family),
                                  options.ports,
                                  filter_of(options)};
    TW_TRY(matrix, build_matrix(question));
    const MatrixPage page{matrix, model, prepared.cluster,
                          options.output == "text" && wants_colours()};
    std::string text = options.output == "json"  ? matrix_json_text(page)
                       : options.output == "svg" ? matrix_svg(page)
                                                 : matrix_text(page);
    return Answer{std::move(text), 0, std::move(prepared.warnings)};
}

}  // namespace

void offer_matrix(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "matrix", "Show who may connect to whom");
    const auto options = std::make_shared<MatrixOptions>();
    offer_question(*command, options->question)->required();
    offer_ports(*command, options->ports);
    offer_families(*command, options->family);
    command->add_option("--namespace", options->namespaces, "Only from and to pods of these")
        ->option_text("NS...");
    command->add_option("--pod", options->pods, "Only from and to these pods")
        ->option_text("NS/NAME...");
    command->add_option("--only", options->only, "Only where something is denied, or allowed")
        ->check(CLI::IsMember({"all", "denied", "allowed"}))
        ->capture_default_str();
    offer_output(*command, options->output, {"text", "json", "svg"});
    command->callback([options, &run] { run = [options] { return answer_matrix(*options); }; });
}

}  // namespace tierwall::ctl
