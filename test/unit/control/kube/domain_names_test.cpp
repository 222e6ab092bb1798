// SPDX-License-Identifier: Apache-2.0
#include "control/kube/domain_names.hpp"

#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <variant>

using namespace tierwall;

namespace {

std::shared_ptr<const kube::Decoded> policy(const std::string& tier, const std::string& rule) {
    const auto documents = document::parse_yaml(
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
        "metadata: {name: guard}\nspec:\n  priority: 1\n  subject: {namespaces: {}}\n  tier: " +
            tier + "\n  egress:\n  - " + rule + "\n",
        "f");
    BOOST_REQUIRE(documents.ok());
    return std::make_shared<const kube::Decoded>(kube::decode_object(documents->roots()[0], "f"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(domain_names_that_are_sound_match_nothing_until_learned_and_are_no_fault) {
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
        const auto decoded = policy(row.tier, row.rule);
        const auto& written = std::get<kube::ClusterNetworkPolicy>(decoded->object);
        const auto problems = kube::unlearned_names(written);
        BOOST_TEST_CONTEXT(row.tier << " " << row.rule) {
            BOOST_REQUIRE(problems.size() == (row.warns ? 1u : 0u));
            if (!row.warns) continue;
            BOOST_TEST((problems[0].severity == kube::Severity::Warning));
            BOOST_TEST(problems[0].object == "ClusterNetworkPolicy/guard");
            BOOST_TEST(problems[0].field == "spec.egress[0].to[1].domainNames");
            BOOST_TEST(kube::lint({decoded}, kube::Channel::Experimental).empty());
        }
    }
}
