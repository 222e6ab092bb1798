// SPDX-License-Identifier: Apache-2.0
#include "test/fuzz/mill.hpp"

#include "control/dialect/translate.hpp"
#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"
#include "control/lint/warnings.hpp"
#include "proto/snapshot.pb.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <tuple>

namespace tierwall::fuzz {
namespace {

#define TW_CHECK(fact)                                                      \
    do {                                                                    \
        if (!(fact)) {                                                      \
            std::cerr << __FILE__ << ":" << __LINE__ << ": " #fact << "\n"; \
            std::abort();                                                   \
        }                                                                   \
    } while (false)

base::Result<document::Documents> parse(std::string_view text, const std::string& name,
                                        Language language) {
    if (language == Language::Json) return document::parse_json(text, name);
    if (language == Language::Yaml) return document::parse_yaml(text, name);
    return document::parse(text, name);
}

/// What the API server would take as it is, is enforced as it is.
void check_soundness(const std::shared_ptr<const kube::Decoded>& object) {
    if (object->soundness == kube::Soundness::Ignored) return;
    if (!object->form_problems.empty()) return;
    if (!kube::lint({object}, kube::Channel::Standard).empty()) return;
    if (object->soundness == kube::Soundness::Sound) return;
    std::cerr << object->key.path() << " is refused, and lint says nothing\n";
    for (const kube::Problem& each : object->problems) {
        std::cerr << "  " << each.field << ": " << each.message << "\n";
    }
    std::abort();
}

void check_problems(const std::vector<kube::Problem>& problems) {
    for (const kube::Problem& problem : problems) TW_CHECK(!problem.message.empty());
}

/// What others have written stands in these: a text that is no UTF-8 would make the whole snapshot
/// unreadable at the other end.
void check_texts(const proto::ResourceSet& resources) {
    resources.for_each([](const proto::Key& key, const std::string& body) {
        v1::Policy policy;
        v1::Rule rule;
        v1::Node node;
        v1::Address address;
        switch (key.type) {
            case v1::RESOURCE_TYPE_POLICY: TW_CHECK(policy.ParseFromString(body)); return;
            case v1::RESOURCE_TYPE_RULE: TW_CHECK(rule.ParseFromString(body)); return;
            case v1::RESOURCE_TYPE_NODE: TW_CHECK(node.ParseFromString(body)); return;
            case v1::RESOURCE_TYPE_ADDRESS:
                TW_CHECK(address.ParseFromString(body) && address.ip().size() == 16);
                return;
            default: return;
        }
    });
}

std::map<int, std::size_t> count(const proto::ResourceSet& resources) {
    std::map<int, std::size_t> counts;
    resources.for_each([&](const proto::Key& key, const std::string&) {
        // How groups are spread over tables depends on their order of appearance.
        const bool spread =
            key.type == v1::RESOURCE_TYPE_TABLE || key.type == v1::RESOURCE_TYPE_MEMBERSHIP;
        if (!spread) ++counts[key.type];
    });
    return counts;
}

constexpr const char* kGivenUp = "not-fully-checked";
/// Enough for some of the objects of a batch, and not for all.
constexpr lint::Effort kFewSteps{100, 1};

using Words = std::tuple<std::string, std::string, std::string>;
std::set<Words> words_of(const lint::Report& report) {
    std::set<Words> words;
    for (const lint::Finding& each : report.findings) {
        if (each.rule == kGivenUp) continue;
        // Of rules that say the same, without an order, any may be the one that is called useless.
        const bool any_of_them =
            each.rule == "rule-shadowed" && each.problem.object.starts_with("NetworkPolicy/");
        words.insert({each.rule, each.problem.object, any_of_them ? "" : each.problem.field});
    }
    return words;
}

/// The checks that took more steps than they may, each once.
std::size_t given_up(const lint::Report& report) {
    std::size_t over = 0;
    for (const lint::Taken& each : report.taken) over += each.steps > each.allowed ? 1 : 0;
    return over;
}

void check_report(const lint::Report& report) {
    std::size_t said = 0;
    for (const lint::Finding& each : report.findings) {
        TW_CHECK(!each.problem.message.empty() && !each.problem.object.empty());
        TW_CHECK(!kube::is_error(each.problem) && lint::kind(each.rule).id == each.rule);
        said += each.rule == kGivenUp ? 1 : 0;
    }
    TW_CHECK(given_up(report) == 0 || said > 0);
}

}  // namespace

/// What little effort finds is part of what there is, and what it leaves out is told of.
void Mill::check_warnings() const {
    kube::Contents all;
    for (const auto& [source, contents] : read_) {
        all.insert(all.end(), contents.begin(), contents.end());
    }
    const lint::Report full = lint::report(all, lint::Effort{});
    check_report(full);
    TW_CHECK(given_up(full) == 0);
    const lint::Report little = lint::report(all, kFewSteps);
    check_report(little);
    const std::set<Words> known = words_of(full);
    const std::set<Words> some = words_of(little);
    TW_CHECK(std::includes(known.begin(), known.end(), some.begin(), some.end()));
    TW_CHECK(given_up(little) > 0 || some == known);
}

std::size_t Mill::feed(const std::string& source, std::string_view text, Language language) {
    const auto documents = parse(text, source, language);
    if (!documents) {
        TW_CHECK(!documents.error().what.empty());
        store_.mark_unreadable(source, documents.error());
        return 0;
    }
    std::vector<kube::Decoded> objects;
    for (const document::Value& root : documents->roots()) kube::decode(root, source, objects);
    kube::Contents contents;
    for (kube::Decoded& each : objects) {
        contents.push_back(std::make_shared<const kube::Decoded>(std::move(each)));
        check_soundness(contents.back());
    }
    check_problems(kube::lint(contents, kube::Channel::Standard));
    check_problems(kube::lint(contents, kube::Channel::Experimental));
    const std::size_t read = contents.size();
    read_[source] = contents;
    store_.replace(source, std::move(contents));
    check_problems(store_.problems());
    compiled(compiler_);
    return read;
}

void Mill::forget(const std::string& source) {
    read_.erase(source);
    store_.forget(source);
    compiled(compiler_);
}

compile::Output Mill::compiled(compile::Compiler& compiler) const {
    const kube::Objects& objects = store_.objects();
    std::vector<kube::Problem> problems;
    const std::vector<policy::Policy> policies = dialect::translate(objects, problems);
    check_problems(problems);
    compile::Input input;
    input.cluster = &objects.cluster;
    input.policies = policies;
    input.names["a.example.com"] = {*base::parse_address("10.0.0.7")};
    input.names["b.a.example.com"] = {*base::parse_address("10.0.0.8"),
                                      *base::parse_address("fd00::8")};
    auto output = compiler.compile(input);
    if (!output) std::cerr << output.error().where << ": " << output.error().what << "\n";
    TW_CHECK(output.ok());
    return *std::move(output);
}

void Mill::check_against_a_new_compiler() {
    const compile::Output now = compiled(compiler_);
    const compile::Output again = compiled(compiler_);
    TW_CHECK(now.resources.hash() == again.resources.hash());
    check_texts(now.resources);
    compile::Compiler other;
    const compile::Output fresh = compiled(other);
    TW_CHECK(now.summary.identities == fresh.summary.identities);
    TW_CHECK(now.summary.groups == fresh.summary.groups);
    TW_CHECK(count(now.resources) == count(fresh.resources));
    TW_CHECK(now.warnings.size() == fresh.warnings.size());
}

}  // namespace tierwall::fuzz
