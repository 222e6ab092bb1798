// SPDX-License-Identifier: Apache-2.0
#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

using namespace tierwall;
using kube::Channel;

namespace {

/// The case files lie beside the source tree; elsewhere the variable says where.
std::string cases_path() {
    const char* folder = std::getenv("TIERWALL_CASES");
    const std::string base = folder != nullptr ? folder : TIERWALL_SOURCE_DIR "/../shared/cases";
    return base + "/validation_all.json";
}

std::string text_of(const document::Value& value, std::string_view key) {
    const document::Value* found = value.find(key);
    return found != nullptr && found->kind() == document::Kind::Text ? std::string(found->as_text())
                                                                     : std::string();
}

std::vector<kube::Problem> errors_of(const document::Value& object, Channel channel) {
    kube::Contents contents{
        std::make_shared<const kube::Decoded>(kube::decode_object(object, "case.json"))};
    std::vector<kube::Problem> problems = kube::lint(contents, channel);
    std::erase_if(problems, [](const kube::Problem& problem) {
        return problem.severity != kube::Severity::Error;
    });
    return problems;
}

void check_case(const document::Value& row, Channel channel) {
    const document::Value& object = *row.find("object");
    const auto problems = errors_of(object, channel);
    const document::Value* valid = row.find("valid");
    const bool refused = valid->kind() == document::Kind::Boolean && !valid->as_boolean();
    BOOST_TEST_CONTEXT(text_of(object, "kind") << ": " << text_of(row, "title")) {
        BOOST_TEST(problems.size() == (refused ? 1u : 0u));
        for (const kube::Problem& problem : problems) {
            BOOST_TEST(problem.field == text_of(row, "field"));
            BOOST_TEST(base::name(problem.error) == text_of(row, "error"));
            BOOST_TEST(problem.message.find(text_of(row, "message")) != std::string::npos,
                       problem.message);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_validation_case_gives_its_field_and_error) {
    if (!std::filesystem::exists(cases_path())) {
        BOOST_TEST_MESSAGE("skipped: no case files at " << cases_path());
        return;
    }
    const auto documents = document::read_file(cases_path());
    BOOST_REQUIRE(documents.ok());
    int checked = 0;
    for (const document::Value& row : documents->roots().front().find("cases")->items()) {
        const std::string channel = text_of(row, "channel");
        if (channel != "experimental") check_case(row, Channel::Standard);
        if (channel != "standard") check_case(row, Channel::Experimental);
        ++checked;
    }
    BOOST_TEST(checked == 163);
}
