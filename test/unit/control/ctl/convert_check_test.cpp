// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_check.hpp"

#include "control/ctl/convert_read.hpp"
#include "control/ctl/document_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace tierwall;
using Json = nlohmann::ordered_json;

namespace {

const char* const kGiven = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: a
  annotations: {net.beta.kubernetes.io/network-policy: '{"ingress":{"isolation":"DefaultDeny"}}'}
---
{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: web, labels: {app: web}},
 status: {phase: Running, podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: db, labels: {app: db}},
 status: {phase: Running, podIP: 10.0.0.2}}
---
apiVersion: extensions/v1beta1
kind: NetworkPolicy
metadata: {namespace: a, name: oldest}
spec: {podSelector: {app: db}, allowIncoming: {from: [{pods: {app: web}}], toPorts: [{port: 80}]}}
)";

struct Story {
    ctl::Documents given;
    ctl::Conversion conversion;

    std::string text() const {
        std::string out;
        for (const auto& each : conversion.documents) {
            out += (out.empty() ? "" : "---\n") + ctl::yaml_text(each.document);
        }
        return out;
    }
    auto check() const { return ctl::check_converted({given, conversion, text()}); }
    Json& made(const char* name) {
        for (auto& each : conversion.documents) {
            if (each.document["metadata"]["name"] == name) return each.document;
        }
        throw std::out_of_range(name);
    }
};

Story story(const std::string& text = kGiven) {
    Story out;
    auto read = ctl::documents_of(text, "test");
    BOOST_REQUIRE(read.ok());
    out.given = std::move(read->documents);
    auto converted = ctl::convert(out.given);
    BOOST_REQUIRE(converted.ok());
    out.conversion = std::move(*converted);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_convert_makes_of_the_oldest_kinds_means_what_they_meant) {
    const auto checked = story().check();
    BOOST_REQUIRE(checked.ok());
    BOOST_TEST(checked->empty());
}

BOOST_AUTO_TEST_CASE(a_result_that_means_something_else_is_refused) {
    Story wider = story();
    wider.made("oldest")["spec"]["ingress"][0]["ports"][0]["port"] = 81;
    BOOST_REQUIRE(!wider.check().ok());
    BOOST_TEST(wider.check().error().what.find("meaning would change") != std::string::npos);

    Story open = story();
    open.made("default-deny")["spec"]["ingress"] = Json::array({Json::object()});
    BOOST_TEST(!open.check().ok());

    Story gone = story();
    gone.conversion.documents.pop_back();
    BOOST_TEST(!gone.check().ok());
}

BOOST_AUTO_TEST_CASE(two_objects_of_one_name_are_refused_whoever_made_them) {
    Story twice = story();
    twice.made("default-deny")["metadata"]["name"] = "oldest";
    BOOST_REQUIRE(!twice.check().ok());
    BOOST_TEST((twice.check().error().code == base::Errc::Duplicate));
}

BOOST_AUTO_TEST_CASE(what_is_printed_must_read_back_as_it_was) {
    const Story good = story();
    const std::string text = good.text() + "---\n{kind: Extra, metadata: {name: x}}\n";
    BOOST_TEST(!ctl::check_converted({good.given, good.conversion, text}).ok());
    std::string other = good.text();
    other.replace(other.find("10.0.0.1"), 8, "10.0.0.9");
    BOOST_TEST(!ctl::check_converted({good.given, good.conversion, other}).ok());
}

BOOST_AUTO_TEST_CASE(a_policy_whose_old_meaning_is_not_known_is_told_of) {
    Story odd = story();
    odd.given.back()["spec"]["podSelector"]["app"] = 5;
    const auto checked = odd.check();
    BOOST_REQUIRE(checked.ok());
    BOOST_REQUIRE_EQUAL(checked->size(), 1u);
    BOOST_TEST(checked->front().find("NetworkPolicy/a/oldest: was not compared") == 0u);
}
