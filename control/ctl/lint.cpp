// SPDX-License-Identifier: Apache-2.0
#include "control/kube/lint.hpp"

#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/document/printable.hpp"
#include "control/kube/manifests.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <set>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

struct LintOptions {
    std::vector<std::string> paths;
    std::string channel = "standard";
    std::string output;
    bool strict = false;
};

std::string severity(const kube::Problem& problem) {
    return problem.severity == kube::Severity::Error ? "error" : "warning";
}

std::string line(const kube::Problem& problem) {
    std::string where = problem.object;
    if (!problem.field.empty()) where += (where.empty() ? "" : " ") + problem.field;
    const std::string mark = problem.severity == kube::Severity::Error ? "" : "warning: ";
    return document::printable(problem.path + ": " + (where.empty() ? "" : where + ": ") + mark +
                               problem.message) +
           "\n";
}

Json row(const kube::Problem& problem) {
    return {{"path", problem.path},       {"object", problem.object},
            {"field", problem.field},     {"error", base::name(problem.error)},
            {"message", problem.message}, {"severity", severity(problem)}};
}

struct Read {
    kube::Contents objects;
    std::vector<kube::Problem> problems;  ///< files that are neither YAML nor JSON
};

bool is_about_content(base::Errc code) {
    return code != base::Errc::Io && code != base::Errc::NotFound;
}

/// A file that is named twice, directly or by its folder, is read once.
base::Result<Read> read(const std::vector<std::string>& paths) {
    Read all;
    std::set<std::string> seen;
    for (const std::string& path : paths) {
        TW_TRY(files, kube::list_manifests(path));
        for (const std::string& file : files) {
            if (!seen.insert(file).second) continue;
            const auto contents = kube::read_manifest(file);
            if (contents.ok()) {
                all.objects.insert(all.objects.end(), contents->begin(), contents->end());
                continue;
            }
            const base::Error& error = contents.error();
            if (!is_about_content(error.code)) return error;
            kube::Problem problem;
            problem.path = error.where.empty() ? file : error.where;
            problem.error = error.code;
            problem.message = error.what;
            all.problems.push_back(problem);
        }
    }
    return all;
}

base::Result<Answer> lint(const LintOptions& options) {
    TW_TRY(all, read(options.paths));
    const auto channel =
        options.channel == "experimental" ? kube::Channel::Experimental : kube::Channel::Standard;
    std::vector<kube::Problem> problems = all.problems;
    for (kube::Problem& problem : kube::lint(all.objects, channel)) {
        problems.push_back(std::move(problem));
    }
    Answer answer;
    Json rows = Json::array();
    for (const kube::Problem& problem : problems) {
        const bool counts = problem.severity == kube::Severity::Error || options.strict;
        if (counts) answer.status = kExitFound;
        if (options.output == "json") {
            rows.push_back(row(problem));
        } else {
            answer.text += line(problem);
        }
    }
    if (options.output == "json") answer.text = json_text(rows, 1) + "\n";
    return answer;
}

}  // namespace

void offer_lint(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "lint", "Say what is wrong with manifests");
    const auto options = std::make_shared<LintOptions>();
    command->add_option("path", options->paths, "Manifest files and folders")
        ->required()
        ->option_text("PATH...");
    command->add_option("--channel", options->channel, "CRD channel of ClusterNetworkPolicy")
        ->check(CLI::IsMember({"standard", "experimental"}))
        ->capture_default_str();
    command->add_flag("--strict", options->strict, "Exit status 1 also for warnings");
    offer_output(*command, options->output, {"text", "json"});
    command->callback([options, &run] { run = [options] { return lint(*options); }; });
}

}  // namespace tierwall::ctl
