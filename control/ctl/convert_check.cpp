// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_check.hpp"

#include "control/compile/compiler.hpp"
#include "control/ctl/convert_names.hpp"
#include "control/ctl/convert_old_meaning.hpp"
#include "control/ctl/convert_people.hpp"
#include "control/ctl/convert_read.hpp"
#include "control/ctl/diff.hpp"
#include "control/ctl/objects.hpp"
#include "control/ctl/row_ladder.hpp"
#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kResult = "the result";

base::Status check_text(const ConvertedText& converted, const Documents& read) {
    const auto& made = converted.conversion.documents;
    const bool same =
        std::equal(made.begin(), made.end(), read.begin(), read.end(),
                   [](const ConvertedDocument& a, const Json& b) { return a.document == b; });
    if (same) return base::Done{};
    return base::Error{base::Errc::Internal, kResult, "cannot be read back as what was written"};
}

/// No two objects are one to an API server.
base::Status check_names(const Documents& read) {
    std::set<ObjectIdentity> seen;
    for (const Json& document : read) {
        const auto identity = identity_of(document);
        if (!identity || seen.insert(*identity).second) continue;
        return base::Error{base::Errc::Duplicate,
                           std::string(kResult) + ", " + identity->path() + " metadata.name",
                           "is there twice"};
    }
    return base::Done{};
}

/// The API server would have to accept what was made.
base::Status check_form(const ConvertedText& converted, const Documents& read) {
    Documents made;
    for (std::size_t i = 0; i < read.size(); ++i) {
        if (converted.conversion.documents[i].is_new) made.push_back(read[i]);
    }
    TW_TRY(documents, document::parse_json(list_text(made), kResult));
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

struct CheckedSide {
    kube::Cluster cluster;
    agent::Model model;
};

base::Result<CheckedSide> checked_side(const std::string& text, const std::string& name,
                                       const std::vector<policy::Policy>& more) {
    TW_TRY(objects, read_objects_text(text, name));
    objects.policies.insert(objects.policies.end(), more.begin(), more.end());
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = objects.policies;
    compile::Compiler compiler;
    TW_TRY(compiled, compiler.compile(input));
    TW_TRY(model, model_of(compiled.resources));
    return CheckedSide{std::move(objects.cluster), std::move(model)};
}

void add(const Documents& more, Documents& out) { out.insert(out.end(), more.begin(), more.end()); }

base::Result<CheckedSide> side_before(const ConvertedText& converted, const Documents& people,
                                      std::vector<std::string>& notes) {
    TW_TRY(old, old_meaning(converted.given));
    for (const std::string& object : old.unknown) {
        notes.push_back(object +
                        ": was not compared with what it has become, because nothing "
                        "here knows all that it says");
    }
    Documents readable;
    for (const Json& each : converted.given) {
        if (!is_old_network_policy(each)) readable.push_back(each);
    }
    add(people, readable);
    return checked_side(list_text(readable), "what was given", old.policies);
}

/// Where the old meaning of an object is not known, it is left out on both sides.
base::Result<CheckedSide> side_after(const ConvertedText& converted, const Documents& read,
                                     const Documents& people) {
    TW_TRY(old, old_meaning(converted.given));
    const std::set<std::string> unknown(old.unknown.begin(), old.unknown.end());
    Documents known;
    for (std::size_t i = 0; i < read.size(); ++i) {
        const ConvertedDocument& each = converted.conversion.documents[i];
        const Json& source = converted.given[each.source];
        const bool is_compared =
            !is_old_network_policy(source) || !unknown.contains(object_path(source));
        if (is_compared) known.push_back(read[i]);
    }
    add(people, known);
    return checked_side(list_text(known), kResult, {});
}

/// What diff says of it, line by line; nothing where no verdict changes.
base::Result<std::vector<std::string>> changes_between(const CheckedSide& before,
                                                       const CheckedSide& after) {
    const DiffQuestion question{{{{&before.model, "all"}, {&after.model, "all"}}},
                                {decided_by_rows(before.model), decided_by_rows(after.model)},
                                {base::Family::IPv4, base::Family::IPv6},
                                {}};
    TW_TRY(found, difference(question));
    std::vector<std::string> lines;
    if (!found.verdicts_change()) return lines;
    const DiffPage page{found, {&before.model, &after.model}, {&before.cluster, &after.cluster}};
    std::istringstream text(diff_text(page));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

base::Result<std::vector<std::string>> changes_on_invented(const ConvertedText& converted,
                                                           const Documents& read) {
    std::vector<std::string> told_already;
    const Documents people = invented_people(converted.given);
    TW_TRY(before, side_before(converted, people, told_already));
    TW_TRY(after, side_after(converted, read, people));
    return changes_between(before, after);
}

/// Changes on those who were given, or else on those who are invented besides.
base::Status compare(const ConvertedText& converted, const Documents& read, Checked& checked) {
    TW_TRY(before, side_before(converted, {}, checked.notes));
    TW_TRY(after, side_after(converted, read, {}));
    TW_TRY(changes, changes_between(before, after));
    checked.changes = std::move(changes);
    if (!checked.changes.empty()) return base::Done{};
    const bool has_pods = std::any_of(before.model.addresses.begin(), before.model.addresses.end(),
                                      [](const auto& address) { return address.second.is_pod; });
    // They may be too many for the limits, which is nothing that the policies are to blame for.
    auto more_changes = changes_on_invented(converted, read);
    if (!more_changes.ok()) {
        checked.notes.push_back("the result was not checked on invented pods" +
                                std::string(has_pods ? "" : ", nor were any given") + ": " +
                                more_changes.error().text());
        return base::Done{};
    }
    checked.changes = *std::move(more_changes);
    if (has_pods) return base::Done{};
    checked.notes.push_back(
        "no pods were given: the result was checked only on invented ones that the policies "
        "select");
    return base::Done{};
}

}  // namespace

base::Result<Checked> check_converted(const ConvertedText& converted) {
    Checked checked;
    if (converted.conversion.documents.empty() && converted.given.empty()) return checked;
    TW_TRY(read, documents_of(converted.text, kResult));
    TW_TRY(text, check_text(converted, read.documents));
    TW_TRY(names, check_names(read.documents));
    TW_TRY(form, check_form(converted, read.documents));
    TW_TRY(compared, compare(converted, read.documents, checked));
    return checked;
}

}  // namespace tierwall::ctl
