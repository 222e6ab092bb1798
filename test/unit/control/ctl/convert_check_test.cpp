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

/// Lines that say how the meaning would change.
std::size_t changes(const Story& story) {
    const auto checked = story.check();
    return checked.ok() ? checked->changes.size() : 0;
}

/// Nobody is given whom these policies could be about.
const char* const kPolicies = R"(
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: guard}
spec:
  priority: 5
  subject:
    pods:
      podSelector: {matchLabels: {app: db}}
      namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [a]}]}
  ingress:
  - action: Allow
    from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}]
    ports: [{namedPort: sql}]
  - {action: Deny, from: [{namespaces: {}}]}
  egress:
  - {action: Allow, to: [{nodes: {matchExpressions: [{key: cp, operator: Exists}]}}]}
  - {action: Deny, to: [{networks: [0.0.0.0/0]}]}
)";

}  // namespace

BOOST_AUTO_TEST_CASE(without_pods_a_result_is_checked_on_invented_ones) {
    const Story good = story(kPolicies);
    const auto checked = good.check();
    BOOST_REQUIRE(checked.ok());
    BOOST_TEST(checked->changes.empty());
    BOOST_REQUIRE_EQUAL(checked->notes.size(), 1u);
    BOOST_TEST(checked->notes.front().find("invented") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_pods_no_change_of_meaning_stays_unseen) {
    const auto changed = [](auto change) {
        Story other = story(kPolicies);
        change(other.made("guard")["spec"]);
        return changes(other);
    };
    BOOST_TEST(changed([](Json&) {}) == 0u);
    BOOST_TEST(changed([](Json& spec) { spec["ingress"].erase(1); }) > 0u);
    BOOST_TEST(changed([](Json& spec) { spec["ingress"].erase(0); }) > 0u);
    BOOST_TEST(changed([](Json& spec) { spec["egress"].erase(0); }) > 0u);
    BOOST_TEST(changed([](Json& spec) { std::swap(spec["egress"][0], spec["egress"][1]); }) > 0u);
    BOOST_TEST(changed([](Json& spec) {
                   spec["ingress"][0]["from"][0]["namespaces"] = Json::object();
               }) > 0u);
    BOOST_TEST(
        changed([](Json& spec) { spec["subject"]["pods"]["podSelector"] = Json::object(); }) > 0u);
    BOOST_TEST(changed([](Json& spec) { spec["subject"]["pods"].erase("namespaceSelector"); }) >
               0u);
}

BOOST_AUTO_TEST_CASE(without_pods_two_policies_that_overlap_do_not_change_places_unseen) {
    // Only a pod of both labels in a namespace of both labels sees who is first.
    const char* const kOverlapping = R"(
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: first}
spec:
  priority: 5
  subject: {namespaces: {matchLabels: {x: "1"}}}
  ingress: [{action: Deny, from: [{namespaces: {matchLabels: {y: "1"}}}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: second}
spec:
  priority: 6
  subject: {pods: {podSelector: {matchLabels: {app: db}}, namespaceSelector: {}}}
  ingress:
  - action: Allow
    from: [{pods: {podSelector: {matchLabels: {role: ops}}, namespaceSelector: {}}}]
)";
    BOOST_TEST(changes(story(kOverlapping)) == 0u);
    Story swapped = story(kOverlapping);
    swapped.made("first")["spec"]["priority"] = 7;
    BOOST_TEST(changes(swapped) > 0u);
}

BOOST_AUTO_TEST_CASE(odd_words_in_selectors_do_not_hinder_the_check) {
    std::string odd = kPolicies;
    odd.replace(odd.find("shop}"), 4, "\"No_Name\"");
    odd +=
        "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy,"
        " metadata: {namespace: No_Name, name: x}, spec: {podSelector: {}}}\n";
    const auto checked = story(odd).check();
    BOOST_REQUIRE(checked.ok());
    BOOST_TEST(checked->changes.empty());
    BOOST_REQUIRE_EQUAL(checked->notes.size(), 1u);
    BOOST_TEST(checked->notes.front().find("only on invented") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_convert_makes_of_the_oldest_kinds_means_what_they_meant) {
    const auto checked = story().check();
    BOOST_REQUIRE(checked.ok());
    BOOST_TEST(checked->notes.empty());
    BOOST_TEST(checked->changes.empty());
}

BOOST_AUTO_TEST_CASE(a_result_that_means_something_else_is_refused) {
    Story wider = story();
    wider.made("oldest")["spec"]["ingress"][0]["ports"][0]["port"] = 81;
    BOOST_TEST(changes(wider) > 0u);

    Story open = story();
    open.made("default-deny")["spec"]["ingress"] = Json::array({Json::object()});
    BOOST_TEST(changes(open) > 0u);

    Story gone = story();
    gone.conversion.documents.pop_back();
    BOOST_TEST(changes(gone) > 0u);
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
    BOOST_REQUIRE_EQUAL(checked->notes.size(), 1u);
    BOOST_TEST(checked->notes.front().find("NetworkPolicy/a/oldest: was not compared") == 0u);
}
