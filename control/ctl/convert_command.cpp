// SPDX-License-Identifier: Apache-2.0
#include "control/compile/compiler.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/convert.hpp"
#include "control/ctl/diff.hpp"
#include "control/ctl/document_text.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/objects.hpp"
#include "control/ctl/row_ladder.hpp"
#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"
#include "control/kube/manifests.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

struct ConvertOptions {
    std::vector<std::string> paths;
    std::string target;
    std::string output;
};

/// Items of lists stand alone.
void take_apart(const Json& document, std::vector<Json>& out) {
    const bool is_list = document.is_object() && document.contains("items") &&
                         document["items"].is_array() && document.contains("kind") &&
                         document["kind"].is_string() &&
                         document["kind"].get<std::string>().ends_with("List");
    if (!is_list) {
        out.push_back(document);
        return;
    }
    const std::string kind = document["kind"].get<std::string>();
    for (Json item : document["items"]) {
        // The items of a PodList do not say what they are.
        if (item.is_object() && !item.contains("kind") && kind != "List") {
            item["kind"] = kind.substr(0, kind.size() - 4);
            item["apiVersion"] = document.value("apiVersion", "");
        }
        take_apart(item, out);
    }
}

base::Result<std::vector<Json>> read_documents(const std::vector<std::string>& paths) {
    std::vector<Json> out;
    for (const std::string& path : paths) {
        TW_TRY(files, kube::list_manifests(path));
        for (const std::string& file : files) {
            TW_TRY(documents, document::read_file(file));
            for (const document::Value& root : documents.roots()) take_apart(json_of(root), out);
        }
    }
    return out;
}

std::string list_text(Json items) {
    return json_text(Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}});
}

/// One side of the check: objects that were there before and can be read, or what became of them.
struct CheckedSide {
    kube::Cluster cluster;
    agent::Model model;
};

base::Result<CheckedSide> checked_side(const std::string& text, const std::string& name) {
    TW_TRY(objects, read_objects_text(text, name));
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = objects.policies;
    compile::Compiler compiler;
    TW_TRY(compiled, compiler.compile(input));
    TW_TRY(model, model_of(compiled.resources));
    return CheckedSide{std::move(objects.cluster), std::move(model)};
}

/// The API server would have to accept what was made.
base::Status lint_converted(const Conversion& conversion) {
    Json made = Json::array();
    for (const ConvertedDocument& each : conversion.documents) {
        if (each.is_new) made.push_back(each.document);
    }
    const std::string text = list_text(std::move(made));
    TW_TRY(documents, document::parse_json(text, "the result"));
    std::vector<kube::Decoded> decoded;
    for (const document::Value& root : documents.roots()) kube::decode(root, "", decoded);
    kube::Contents contents;
    for (kube::Decoded& each : decoded) {
        contents.push_back(std::make_shared<const kube::Decoded>(std::move(each)));
    }
    for (const kube::Problem& problem : kube::lint(contents, kube::Channel::Any)) {
        if (!kube::is_error(problem)) continue;
        return base::Error{problem.error, "the result, " + problem.object + " " + problem.field,
                           problem.message};
    }
    return base::Done{};
}

bool is_readable_before(const Json& document) { return !is_old_network_policy(document); }

/// Nobody reads the oldest kinds any more: they are left out on both sides.
base::Status check_meaning(const std::vector<Json>& given, const Conversion& conversion,
                           std::vector<std::string>& notes) {
    Json old_items = Json::array();
    Json new_items = Json::array();
    for (const Json& each : given) {
        if (is_readable_before(each)) old_items.push_back(each);
    }
    for (const ConvertedDocument& each : conversion.documents) {
        if (!each.is_unreadable_before) {
            new_items.push_back(each.document);
        } else {
            notes.push_back(object_path(each.document) +
                            ": was not compared with what it was made from, which nothing reads");
        }
    }
    TW_TRY(before, checked_side(list_text(std::move(old_items)), "what was given"));
    TW_TRY(after, checked_side(list_text(std::move(new_items)), "the result"));
    const DiffQuestion question{{{{&before.model, "all"}, {&after.model, "all"}}},
                                {decided_by_rows(before.model), decided_by_rows(after.model)},
                                {base::Family::IPv4, base::Family::IPv6},
                                {}};
    TW_TRY(found, difference(question));
    if (found.verdicts_change()) {
        const DiffPage page{
            found, {&before.model, &after.model}, {&before.cluster, &after.cluster}};
        return base::Error{base::Errc::Invalid, "convert",
                           "the meaning would change, nothing is converted: " + diff_text(page)};
    }
    const bool has_pods = std::any_of(before.model.addresses.begin(), before.model.addresses.end(),
                                      [](const auto& address) { return address.second.is_pod; });
    if (!has_pods) notes.push_back("no pods were given: the result was not checked on any");
    return base::Done{};
}

std::string printed(const Conversion& conversion, const std::string& output) {
    if (output == "json") {
        Json items = Json::array();
        for (const ConvertedDocument& each : conversion.documents) items.push_back(each.document);
        return json_text(Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", items}}, 2) + "\n";
    }
    std::string out;
    for (const ConvertedDocument& each : conversion.documents) {
        out += (out.empty() ? "" : "---\n") + yaml_text(each.document);
    }
    return out;
}

base::Result<Answer> answer_convert(const ConvertOptions& options) {
    TW_TRY(given, read_documents(options.paths));
    TW_TRY(conversion, convert(given));
    TW_TRY(sound, lint_converted(conversion));
    std::vector<std::string> notes = conversion.notes;
    TW_TRY(same, check_meaning(given, conversion, notes));
    return Answer{printed(conversion, options.output), 0, std::move(notes)};
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
