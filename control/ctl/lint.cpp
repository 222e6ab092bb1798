// SPDX-License-Identifier: Apache-2.0
#include "control/kube/lint.hpp"

#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/sarif.hpp"
#include "control/document/printable.hpp"
#include "control/kube/api_versions.hpp"
#include "control/kube/manifests.hpp"
#include "control/lint/warnings.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;
using Findings = std::vector<lint::Finding>;

struct LintOptions {
    std::vector<std::string> paths;
    std::string channel = "standard";
    std::string output;
    bool strict = false;
};

std::string line(const lint::Finding& finding) {
    const kube::Problem& problem = finding.problem;
    std::string where = problem.object;
    if (!problem.field.empty()) where += (where.empty() ? "" : " ") + problem.field;
    const std::string mark = kube::is_error(problem) ? "" : "warning: ";
    const std::string rule = finding.rule.empty() ? "" : " [" + finding.rule + "]";
    return document::printable(problem.path + ": " + (where.empty() ? "" : where + ": ") + mark +
                               problem.message + rule) +
           "\n";
}

Json row(const lint::Finding& finding) {
    const kube::Problem& problem = finding.problem;
    Json out = {
        {"path", problem.path},       {"object", problem.object},
        {"field", problem.field},     {"error", base::name(problem.error)},
        {"message", problem.message}, {"severity", kube::is_error(problem) ? "error" : "warning"}};
    if (!finding.rule.empty()) out["rule"] = finding.rule;
    return out;
}

struct Read {
    kube::Contents objects;
    std::vector<kube::Problem> problems;  ///< files that are neither YAML nor JSON
};

bool is_about_content(base::Errc code) {
    return code != base::Errc::Io && code != base::Errc::NotFound;
}

/// `error`: its place is FILE:LINE, or FILE alone.
kube::Problem unreadable(const std::string& file, const base::Error& error) {
    kube::Problem problem;
    problem.path = file;
    // Kubernetes' word for what passes a limit of its size.
    problem.error = error.code == base::Errc::Limit ? base::Errc::TooLong : error.code;
    problem.message = error.what;
    const std::string_view place = error.where;
    if (place.size() > file.size() + 1 && place.starts_with(file)) {
        const std::string_view number = place.substr(file.size() + 1);
        std::from_chars(number.data(), number.data() + number.size(), problem.line);
        problem.message = "line " + std::string(number) + ": " + problem.message;
    }
    return problem;
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
            all.problems.push_back(unreadable(file, error));
        }
    }
    return all;
}

/// Some of what the validation of objects warns of has a rule of its own.
std::string rule_of(const kube::Problem& problem, const std::vector<kube::Problem>& mixed) {
    if (kube::is_error(problem)) return "";
    if (std::find(mixed.begin(), mixed.end(), problem) != mixed.end()) return "mixed-admin-apis";
    const bool is_list = problem.field == "spec.ingress" || problem.field == "spec.egress";
    return is_list && problem.object.starts_with("NetworkPolicy/") ? "ignored-rules" : "";
}

Findings found_in(const Read& all, kube::Channel channel) {
    Findings findings;
    for (const kube::Problem& problem : all.problems) findings.push_back({"", problem});
    const std::vector<kube::Problem> mixed = kube::mixed_versions(all.objects);
    for (kube::Problem& problem : kube::lint(all.objects, channel)) {
        std::string rule = rule_of(problem, mixed);
        findings.push_back({std::move(rule), std::move(problem)});
    }
    const bool sound = std::none_of(findings.begin(), findings.end(), [](const auto& finding) {
        return kube::is_error(finding.problem);
    });
    // What a wrong object was meant to say may be what a warning would miss.
    if (!sound) return findings;
    for (lint::Finding& each : lint::warnings(all.objects)) findings.push_back(std::move(each));
    return findings;
}

std::string text_of(const Findings& findings, const std::string& output) {
    if (output == "sarif") {
        std::error_code ignored;
        const auto folder = std::filesystem::current_path(ignored).string();
        return json_text(sarif(findings, folder), 1) + "\n";
    }
    if (output == "json") {
        Json rows = Json::array();
        for (const lint::Finding& each : findings) rows.push_back(row(each));
        return json_text(rows, 1) + "\n";
    }
    std::string text;
    for (const lint::Finding& each : findings) text += line(each);
    return text;
}

base::Result<Answer> answer_lint(const LintOptions& options) {
    TW_TRY(all, read(options.paths));
    const auto channel =
        options.channel == "experimental" ? kube::Channel::Experimental : kube::Channel::Standard;
    const Findings findings = found_in(all, channel);
    Answer answer;
    answer.text = text_of(findings, options.output);
    const bool counts = std::any_of(findings.begin(), findings.end(), [&](const auto& finding) {
        return options.strict || kube::is_error(finding.problem);
    });
    if (counts) answer.status = kExitFound;
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
    offer_output(*command, options->output, {"text", "json", "sarif"});
    command->callback([options, &run] { run = [options] { return answer_lint(*options); }; });
}

}  // namespace tierwall::ctl
