// SPDX-License-Identifier: Apache-2.0
#include "control/kube/domain_names.hpp"

#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace tierwall;

namespace {

kube::Contents policy(const std::string& tier, const std::string& rule) {
    const auto documents = document::parse_yaml(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
        "metadata: {name: guard}\nspec:\n  priority: 1\n  subject: {namespaces: {}}\n  tier: " +
            tier + "\n  egress:\n  - " + rule + "\n",
        "f");
    BOOST_REQUIRE(documents.ok());
    return {std::make_shared<const kube::Decoded>(kube::decode_object(documents->roots()[0], "f"))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(lint_says_which_domain_names_match_nothing_until_they_are_learned) {
    struct Case {
        const char* tier;
        const char* rule;
        bool warns;
    };
    const Case cases[] = {
        {"Admin", "{action: Accept, to: [{networks: [10.0.0.0/8]}, {domainNames: [a.io]}]}", true},
        {"Admin", "{action: Accept, to: [{networks: [10.0.0.0/8]}]}", false},
        {"Admin", "{action: Deny, to: [{networks: [10.0.0.0/8]}, {domainNames: [a.io]}]}", false},
        {"Baseline", "{action: Accept, to: [{namespaces: {}}, {domainNames: [a.io]}]}", false},
    };
    for (const Case& row : cases) {
        const auto problems = kube::lint(policy(row.tier, row.rule), kube::Channel::Experimental);
        const auto warning = std::find_if(problems.begin(), problems.end(), [](const auto& each) {
            return each.severity == kube::Severity::Warning &&
                   each.message.find("until names are learned") != std::string::npos;
        });
        BOOST_TEST_CONTEXT(row.tier << " " << row.rule) {
            BOOST_REQUIRE((warning != problems.end()) == row.warns);
            if (!row.warns) continue;
            BOOST_TEST(warning->object == "ClusterNetworkPolicy/guard");
            BOOST_TEST(warning->field == "spec.egress[0].to[1].domainNames");
            BOOST_TEST(warning->path == "f");
            BOOST_TEST(problems.size() == 1u);
        }
    }
}
