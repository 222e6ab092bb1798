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
};

base::Result<Answer> answer_matrix(const MatrixOptions& options) {
    TW_TRY(prepared, prepare(options.question));
    const agent::Enforcer& enforcer = prepared.engine->enforcer();
    TW_TRY(model, model_of(enforcer.resources()));
    const MatrixQuestion question{{&model, options.question.scope},
                                  decided_by(enforcer.ladder()),
                                  families_of(options.family),
                                  options.ports};
    TW_TRY(matrix, build_matrix(question));
    if (options.output == "svg" && matrix.groups.size() > kPictureGroupsMax) {
        return base::Error{base::Errc::Limit, "--output svg",
                           std::to_string(matrix.groups.size()) + " groups, more than " +
                               std::to_string(kPictureGroupsMax) +
                               "; --output text and json have no such limit"};
    }
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
    offer_output(*command, options->output, {"text", "json", "svg"});
    command->callback([options, &run] { run = [options] { return answer_matrix(*options); }; });
}

}  // namespace tierwall::ctl
