// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/sarif.hpp"

#include "dataplane/base/version.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string_view>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;
using base::Errc;

constexpr const char* kSchema = "https://json.schemastore.org/sarif-2.1.0.json";

struct FieldError {
    Errc error;
    const char* id;
    const char* summary;
    const char* help;
};

/// What an API server would say of an object: its own words.
constexpr FieldError kFieldErrors[] = {
    {Errc::Required, "field-required", "A field that must be there is missing.", "Add the field."},
    {Errc::Invalid, "field-invalid", "A field has a value that the API refuses.",
     "Correct the value; kubectl explain shows what the field may hold."},
    {Errc::NotSupported, "field-not-supported", "A value or kind is not one of those supported.",
     "Use one of the values that the message or the API's reference lists."},
    {Errc::Forbidden, "field-forbidden", "A field may not be there together with another.",
     "Remove one of the two."},
    {Errc::TooMany, "field-too-many", "A list is longer than the API allows.",
     "Spread it over several rules or policies."},
    {Errc::TooLong, "field-too-long", "A text is longer than the API allows.", "Shorten it."},
    {Errc::Duplicate, "field-duplicate", "An object or value is there twice.", "Remove one."},
};
constexpr FieldError kUnreadable{Errc::Io, "file-unreadable", "A file cannot be read as manifests.",
                                 "Correct the YAML or JSON at the line that the message names."};

const FieldError& field_error(Errc error) {
    const auto found =
        std::find_if(std::begin(kFieldErrors), std::end(kFieldErrors),
                     [error](const FieldError& each) { return each.error == error; });
    return found == std::end(kFieldErrors) ? kUnreadable : *found;
}

Json rule(std::string_view id, std::string_view summary, std::string_view help, bool is_error) {
    return {{"id", id},
            {"shortDescription", {{"text", summary}}},
            {"help", {{"text", help}}},
            {"defaultConfiguration", {{"level", is_error ? "error" : "warning"}}}};
}

Json rules() {
    Json all = Json::array();
    for (const lint::Kind& each : lint::kinds()) {
        all.push_back(rule(each.id, each.summary, each.help, false));
    }
    for (const FieldError& each : kFieldErrors) {
        all.push_back(rule(each.id, each.summary, each.help, true));
    }
    all.push_back(rule(kUnreadable.id, kUnreadable.summary, kUnreadable.help, true));
    return all;
}

/// Everything but what RFC 3986 lets stand in a path is written as %XX.
std::string percent_encoded(const std::string& path) {
    constexpr std::string_view kPlain = "-._~/!$&'()*+,;=@";
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
        }
    }
    return out;
}

/// Relative where the file is below the folder, else a file URI.
std::string uri(const std::string& path, const std::string& folder) {
    const std::filesystem::path absolute =
        (std::filesystem::path(folder) / path).lexically_normal();
    const std::filesystem::path relative =
        absolute.lexically_relative(std::filesystem::path(folder).lexically_normal());
    if (relative.empty() || *relative.begin() == "..") {
        return "file://" + percent_encoded(absolute.string());
    }
    return percent_encoded(relative.string());
}

Json location(const kube::Problem& problem, const std::string& folder) {
    Json out = Json::object();
    if (!problem.path.empty()) {
        Json physical = {{"artifactLocation", {{"uri", uri(problem.path, folder)}}}};
        if (problem.line > 0) physical["region"] = {{"startLine", problem.line}};
        out["physicalLocation"] = std::move(physical);
    }
    Json logical = Json::array();
    if (!problem.object.empty()) {
        logical.push_back({{"fullyQualifiedName", problem.object}, {"kind", "object"}});
    }
    if (!problem.field.empty()) {
        logical.push_back({{"name", problem.field},
                           {"fullyQualifiedName", problem.object + " " + problem.field},
                           {"kind", "member"}});
    }
    if (!logical.empty()) out["logicalLocations"] = std::move(logical);
    return out;
}

std::string words(const kube::Problem& problem) {
    std::string where = problem.object;
    if (!problem.field.empty()) where += (where.empty() ? "" : " ") + problem.field;
    return where.empty() ? problem.message : where + ": " + problem.message;
}

}  // namespace

std::string rule_id(const lint::Finding& finding) {
    return finding.rule.empty() ? field_error(finding.problem.error).id : finding.rule;
}

Json sarif(std::span<const lint::Finding> findings, const std::string& folder) {
    Json listed = rules();
    std::map<std::string, std::size_t> indices;
    for (std::size_t i = 0; i < listed.size(); ++i) indices[listed[i]["id"]] = i;
    Json results = Json::array();
    for (const lint::Finding& each : findings) {
        const std::string id = rule_id(each);
        results.push_back({{"ruleId", id},
                           {"ruleIndex", indices.at(id)},
                           {"level", kube::is_error(each.problem) ? "error" : "warning"},
                           {"message", {{"text", words(each.problem)}}},
                           {"locations", Json::array({location(each.problem, folder)})}});
    }
    const Json driver = {
        {"name", "tierwallctl"}, {"version", base::kVersion}, {"rules", std::move(listed)}};
    const Json run = {{"tool", {{"driver", driver}}},
                      {"columnKind", "utf16CodeUnits"},
                      {"results", std::move(results)}};
    return {{"$schema", kSchema}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
}

}  // namespace tierwall::ctl
