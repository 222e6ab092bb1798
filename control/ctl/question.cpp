// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/question.hpp"

#include "control/compile/compiler.hpp"
#include "control/ctl/names.hpp"
#include "control/ctl/objects.hpp"
#include "control/ctl/text_file.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tierwall::ctl {

namespace {

base::Status check_scope(const std::string& scope, const kube::Cluster& cluster) {
    if (scope == "all") return base::Done{};
    constexpr std::string_view kNode = "node:";
    if (!scope.starts_with(kNode)) {
        return base::Error{base::Errc::Invalid, "--scope", "must be all or node:NAME: " + scope};
    }
    const std::string name = scope.substr(kNode.size());
    const bool known = cluster.nodes.contains(name) ||
                       std::any_of(cluster.pods.begin(), cluster.pods.end(),
                                   [&](const auto& pod) { return pod.second.node == name; });
    if (!known) return base::Error{base::Errc::NotFound, "--scope", "no such node: " + name};
    return base::Done{};
}

base::Result<Names> read_names(const std::string& path) {
    if (path.empty()) return Names{};
    TW_TRY(text, read_text(path));
    return parse_names(text, path);
}

}  // namespace

CLI::Option* offer_question(CLI::App& command, QuestionOptions& options) {
    CLI::Option* manifests =
        command.add_option("--manifests", options.manifests, "Manifest files and folders");
    manifests->option_text("PATH...");
    command.add_option("--profile", options.profile, "Whose reading of the policies")
        ->check(CLI::IsMember({"upstream"}))
        ->capture_default_str();
    command.add_option("--scope", options.scope, "all, or node:NAME: whose pods are protected")
        ->capture_default_str();
    command
        .add_option("--own-node-egress", options.own_node_egress,
                    "What isolated pods send to their own node")
        ->check(CLI::IsMember({"enforce", "exempt"}))
        ->capture_default_str();
    command.add_option("--dns", options.dns, "DNS answers taken as seen, JSON lines");
    return manifests;
}

void offer_engine(CLI::App& command, QuestionOptions& options) {
    command.add_option("--engine", options.engine, "Ask the tables, or send packets")
        ->check(CLI::IsMember({"tiers", "packets"}))
        ->capture_default_str();
}

base::Result<Compiled> compile_question(const QuestionOptions& options) {
    TW_TRY(names, read_names(options.dns));
    TW_TRY(objects, read_objects(options.manifests));
    TW_TRY(scope, check_scope(options.scope, objects.cluster));
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = objects.policies;
    input.names = std::move(names);
    compile::Compiler compiler;
    TW_TRY(output, compiler.compile(input));

    Compiled compiled;
    compiled.warnings = std::move(objects.problems);
    for (const kube::Problem& each : output.warnings) {
        compiled.warnings.push_back(each.object + " " + each.field + ": " + each.message);
    }
    if (options.dns.empty()) {
        for (const std::string& place : objects.named) {
            compiled.warnings.push_back(place + ": matches nothing, no --dns says where names are");
        }
    }
    compiled.cluster = std::move(objects.cluster);
    compiled.resources = std::move(output.resources);
    return compiled;
}

base::Result<Prepared> prepare(const QuestionOptions& options) {
    TW_TRY(compiled, compile_question(options));
    Prepared prepared;
    prepared.warnings = std::move(compiled.warnings);
    TW_TRY(eal, Eal::start(megabytes_for(compiled.resources)));
    prepared.eal = std::move(eal);
    const auto kind = options.engine == "packets" ? Engine::Kind::Packets : Engine::Kind::Tiers;
    TW_TRY(engine, Engine::create(kind, options.scope, compiled.resources,
                                  options.own_node_egress == "exempt"));
    prepared.engine = std::move(engine);
    prepared.cluster = std::move(compiled.cluster);
    return prepared;
}

void add_terminated(Prepared& prepared, const Probe& probe, const Ends& ends) {
    const agent::Enforcer& enforcer = prepared.engine->enforcer();
    for (const auto& [name, address] :
         {std::pair(probe.from, ends.source), std::pair(probe.to, ends.destination)}) {
        std::string words =
            terminated_words(prepared.cluster, name, address, enforcer.owner(address));
        std::vector<std::string>& all = prepared.warnings;
        if (words.empty() || std::find(all.begin(), all.end(), words) != all.end()) continue;
        all.push_back(std::move(words));
    }
}

}  // namespace tierwall::ctl
