// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"
#include "control/ctl/convert.hpp"
#include "control/ctl/convert_check.hpp"
#include "control/ctl/convert_read.hpp"
#include "control/ctl/document_text.hpp"

#include <memory>
#include <utility>

namespace tierwall::ctl {

namespace {

struct ConvertOptions {
    std::vector<std::string> paths;
    std::string target;
    std::string output;
};

std::string printed(const Conversion& conversion, const std::string& output) {
    if (output == "json") {
        Documents items;
        for (const ConvertedDocument& each : conversion.documents) items.push_back(each.document);
        return list_text(items, 2) + "\n";
    }
    std::string out;
    for (const ConvertedDocument& each : conversion.documents) {
        out += (out.empty() ? "" : "---\n") + yaml_text(each.document);
    }
    return out;
}

base::Result<Answer> answer_convert(const ConvertOptions& options) {
    TW_TRY(given, read_documents(options.paths));
    TW_TRY(conversion, convert(given.documents, given.places));
    std::string text = printed(conversion, options.output);
    TW_TRY(checked, check_converted({given.documents, conversion, text}));
    if (!checked.changes.empty()) {
        Answer refusal{"", kExitError};
        refusal.details = {"tierwallctl: convert: the meaning would change, nothing is converted"};
        refusal.details.insert(refusal.details.end(), checked.changes.begin(),
                               checked.changes.end());
        return refusal;
    }
    std::vector<std::string> notes = std::move(conversion.notes);
    notes.insert(notes.end(), checked.notes.begin(), checked.notes.end());
    return Answer{std::move(text), 0, std::move(notes)};
}

}  // namespace

void offer_convert(CLI::App& app, Run& run) {
    CLI::App* command =
        subcommand(app, "convert", "Write older kinds of policy as the current ones");
    const auto options = std::make_shared<ConvertOptions>();
    command->add_option("path", options->paths, "Manifest files and folders")
        ->required()
        ->option_text("PATH...");
    command->add_option("--to", options->target, "cnp: ClusterNetworkPolicy and NetworkPolicy v1")
        ->required()
        ->check(CLI::IsMember({"cnp"}));
    offer_output(*command, options->output, {"yaml", "json"});
    command->callback([options, &run] { run = [options] { return answer_convert(*options); }; });
}

}  // namespace tierwall::ctl
