// SPDX-License-Identifier: Apache-2.0
#include "control/kube/store.hpp"

#include "control/document/parse.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace tierwall;
using namespace tierwall::kube;

namespace {

Contents contents(const std::string& yaml, const std::string& file = "f") {
    const auto documents = document::parse_yaml(yaml, file);
    BOOST_REQUIRE(documents.ok());
    std::vector<Decoded> objects;
    for (const auto& root : documents->roots()) decode(root, file, objects);
    Contents result;
    for (Decoded& object : objects) {
        result.push_back(std::make_shared<const Decoded>(std::move(object)));
    }
    return result;
}

const std::string kPolicyHead =
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
    "metadata: {name: web, namespace: shop}\nspec:\n";
const std::string kGood =
    kPolicyHead +
    "  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n  egress: [{}]\n";
const std::string kBadRule =
    kPolicyHead +
    "  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n  egress: [{to: [{}]}]\n";
const std::string kBadSelector = kPolicyHead + "  podSelector: {matchLabels: {app: yes}}\n";
const std::string kCluster =
    "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
    "metadata: {name: guard}\nspec:\n  tier: Admin\n  subject: {namespaces: {}}\n";

std::string pod(const std::string& name, const std::string& labels = "{}") {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
           ", namespace: shop, labels: " + labels + "}\nstatus: {podIP: 10.0.0.1}\n";
}

bool has(const std::vector<Problem>& problems, base::Errc error, std::string_view text) {
    return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
        return problem.error == error && problem.message.find(text) != std::string::npos;
    });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_bad_version_keeps_the_last_good_one_while_the_object_is_there) {
    Store store;
    store.replace("f", contents(kGood));
    const NetworkPolicy good = store.objects().network_policies.at("shop/web");
    for (const std::string& bad : {kBadRule, kBadSelector}) {
        store.replace("f", contents(bad));
        BOOST_TEST((store.objects().network_policies.at("shop/web") == good));
        BOOST_TEST(store.blocked().empty());
        BOOST_TEST(has(store.problems(), base::Errc::Invalid, "last good version"));
    }
    store.replace("f", contents(kGood));
    BOOST_TEST(store.problems().empty());
    store.replace("f", contents(kBadRule));
    store.replace("f", {});
    BOOST_TEST(store.objects().network_policies.empty());
    BOOST_TEST(store.problems().empty());
}

BOOST_AUTO_TEST_CASE(a_removed_object_leaves_no_last_good_version_behind) {
    Store store;
    store.replace("f", contents(kGood));
    store.replace("f", {});
    store.replace("f", contents(kBadRule));
    const NetworkPolicy& policy = store.objects().network_policies.at("shop/web");
    BOOST_TEST(policy.egress.empty());
    BOOST_TEST(has(store.problems(), base::Errc::Invalid, "isolates"));
}

BOOST_AUTO_TEST_CASE(without_a_good_version_a_policy_isolates_in_the_directions_it_names) {
    struct Case {
        const char* spec;
        std::vector<std::string> types;
    };
    const Case cases[] = {
        {"  policyTypes: [Egress]\n  egress: [{to: [{}]}]\n", {"Egress"}},
        {"  policyTypes: [Ingress, Egress]\n  egress: [{to: [{}]}]\n", {"Ingress", "Egress"}},
        {"  ingress: [{from: [{}]}]\n", {"Ingress"}},
        {"  egress: []\n  ingress: [{from: [{}]}]\n", {"Ingress"}},
        {"  egress: [{to: [{}]}]\n", {"Ingress", "Egress"}},
        {"  policyTypes: [Both]\n", {"Ingress", "Egress"}},
        {"  policyTypes: Ingress\n", {"Ingress", "Egress"}},
        {"  policyTypes: [Ingress]\n  surprise: 1\n", {"Ingress"}},
        {"  ingress: 5\n", {"Ingress"}},
    };
    for (const Case& row : cases) {
        Store store;
        store.replace("f",
                      contents(kPolicyHead + "  podSelector: {matchLabels: {a: b}}\n" + row.spec));
        BOOST_TEST_CONTEXT(row.spec) {
            BOOST_TEST(store.blocked().empty());
            BOOST_REQUIRE(store.objects().network_policies.count("shop/web") == 1u);
            const NetworkPolicy& policy = store.objects().network_policies.at("shop/web");
            BOOST_TEST(policy.policy_types == row.types, boost::test_tools::per_element());
            BOOST_TEST(policy.pod_selector.match_labels.at("a") == "b");
            BOOST_TEST((policy.ingress.empty() && policy.egress.empty()));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_policy_whose_subjects_cannot_be_read_blocks) {
    for (const std::string& bad :
         {kBadSelector,
          kPolicyHead + "  podSelector: {matchExpressions: [{key: a, operator: In}]}\n",
          kPolicyHead + "  podSelector: 5\n", kPolicyHead + "  podSelector: {surprise: 1}\n"}) {
        Store store;
        store.replace("f", contents(bad));
        BOOST_TEST(store.objects().network_policies.empty());
        BOOST_REQUIRE(store.blocked().size() == 1u);
        BOOST_TEST(store.blocked()[0].starts_with("f: NetworkPolicy/shop/web spec.podSelector"),
                   store.blocked()[0]);
        store.replace("f", contents(kGood));
        BOOST_TEST(store.blocked().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_cluster_policy_blocks_only_if_it_could_have_denied) {
    struct Case {
        const char* spec;
        bool blocks;
        bool in_force;
    };
    const Case cases[] = {
        {"  ingress: [{action: Deny, from: [{namespaces: {}}]}]\n", true, false},
        {"  egress: [{action: Pass, to: [{namespaces: {}}]}]\n", true, false},
        {"  egress: [{action: Accept, to: [{namespaces: {}}]}]\n", false, false},
        {"  egress: [{action: Drop, to: [{namespaces: {}}]}]\n", true, false},
        {"  egress: 5\n", true, false},
        {"  priority: 1\n  ingress: [{action: Deny, from: [{}]}]\n", false, true},
        {"  priority: 1\n  ingress: [{action: Deny, from: [{surprise: 1}]}]\n", false, true},
        {"  priority: 1\n  egress: [{action: Deny, to: [{networks: [10.0.0.0/33]}]}]\n", false,
         true},
        {"  priority: 1\n  surprise: 1\n  ingress: [{action: Deny, from: [{namespaces: {}}]}]\n",
         true, false},
    };
    for (const Case& row : cases) {
        Store store;
        store.replace("f", contents(kCluster + row.spec));
        BOOST_TEST_CONTEXT(row.spec) {
            BOOST_TEST(store.blocked().empty() != row.blocks);
            BOOST_TEST(store.objects().cluster_network_policies.count("guard") == row.in_force);
            BOOST_TEST(!store.problems().empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_cluster_policy_with_a_bad_subject_selector_keeps_its_last_good_version) {
    const std::string rules =
        "  priority: 1\n  ingress: [{action: Deny, from: [{namespaces: {}}]}]\n";
    std::string bad = kCluster + rules;
    const std::string good_subject = "{namespaces: {}}\n";
    bad.replace(bad.find(good_subject), good_subject.size(),
                "{namespaces: {matchExpressions: [{key: a, operator: In}]}}\n");
    Store fresh;
    fresh.replace("f", contents(bad));
    BOOST_TEST(fresh.blocked().size() == 1u);
    Store store;
    store.replace("f", contents(kCluster + rules));
    store.replace("f", contents(bad));
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(
        store.objects().cluster_network_policies.at("guard").subject->namespaces.has_value());
    BOOST_TEST(store.objects()
                   .cluster_network_policies.at("guard")
                   .subject->namespaces->match_expressions.empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_peer_is_in_force_at_once_but_a_typo_keeps_the_last_good_version) {
    const std::string good = kCluster +
                             "  priority: 1\n  egress: [{action: Accept, to: "
                             "[{networks: [10.0.0.0/8]}]}]\n";
    Store store;
    store.replace("f", contents(good));
    store.replace("f", contents(kCluster + "  priority: 1\n  egress: [{action: Accept, to: "
                                           "[{networks: [10.0.0.0/99]}]}]\n"));
    BOOST_TEST(store.objects().cluster_network_policies.at("guard").egress[0].understood);
    store.replace("f", contents(kCluster + "  priority: 1\n  egress: [{action: Accept, to: "
                                           "[{moons: [10.0.0.0/9]}]}]\n"));
    BOOST_TEST(!store.objects().cluster_network_policies.at("guard").egress[0].understood);
}

BOOST_AUTO_TEST_CASE(kinds_of_policy_that_are_not_enforced_block_and_others_are_ignored) {
    struct Case {
        const char* head;
        bool blocks;
    };
    const Case cases[] = {
        {"apiVersion: policy.networking.k8s.io/v1alpha2\nkind: AdminNetworkPolicy\n", true},
        {"apiVersion: policy.networking.k8s.io/v1\nkind: BaselineAdminNetworkPolicy\n", true},
        {"apiVersion: policy.networking.k8s.io/v1beta9\nkind: ClusterNetworkPolicy\n", true},
        {"apiVersion: networking.k8s.io/v2\nkind: NetworkPolicy\n", true},
        {"apiVersion: extensions/v1beta1\nkind: NetworkPolicy\n", true},
        {"apiVersion: networking.k8s.io/v1\nkind: Ingress\n", false},
        {"apiVersion: apps/v1\nkind: Deployment\n", false},
        {"apiVersion: v1\nkind: Service\n", false},
        {"apiVersion: v1\nkind: List\n", true},
        {"kind: NetworkPolicy\n", true},
        {"apiVersion: v1\n", true},
    };
    for (const Case& row : cases) {
        Store store;
        store.replace("f", contents(row.head + std::string("metadata: {name: x}\n")));
        BOOST_TEST_CONTEXT(row.head) {
            BOOST_TEST(store.blocked().empty() != row.blocks);
            BOOST_REQUIRE(store.problems().size() == 1u);
            BOOST_TEST((store.problems()[0].severity == Severity::Error) == row.blocks);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unreadable_source_keeps_what_it_held_and_blocks_if_it_never_was_read) {
    Store store;
    const base::Error error{base::Errc::Invalid, "f:7", "not YAML"};
    store.mark_unreadable("f", error);
    BOOST_REQUIRE(store.blocked().size() == 1u);
    BOOST_TEST(store.blocked()[0] == "f: not YAML");
    BOOST_TEST(store.problems()[0].line == 7u);
    store.replace("f", contents(kGood));
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(store.problems().empty());
    store.mark_unreadable("f", error);
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(store.objects().network_policies.size() == 1u);
    BOOST_TEST(store.problems().size() == 1u);
    store.forget("f");
    BOOST_TEST(store.objects().network_policies.empty());
    BOOST_TEST(store.problems().empty());
}

BOOST_AUTO_TEST_CASE(of_duplicates_the_first_source_is_in_force_and_the_next_takes_over) {
    Store store;
    store.replace("b", contents(pod("web", "{v: b}"), "b"));
    store.replace("a", contents(pod("web", "{v: a}"), "a"));
    BOOST_TEST(store.objects().cluster.pods.at("shop/web").labels.at("v") == "a");
    BOOST_TEST(has(store.problems(), base::Errc::Duplicate, "is also in a:"));
    store.forget("a");
    BOOST_TEST(store.objects().cluster.pods.at("shop/web").labels.at("v") == "b");
    BOOST_TEST(!has(store.problems(), base::Errc::Duplicate, ""));
    store.replace("b", contents(pod("web", "{v: 1st}") + pod("web", "{v: 2nd}"), "b"));
    BOOST_TEST(store.objects().cluster.pods.at("shop/web").labels.at("v") == "1st");
    BOOST_TEST(has(store.problems(), base::Errc::Duplicate, "is also in b:"));
}

BOOST_AUTO_TEST_CASE(a_namespace_without_an_object_is_known_by_name_while_pods_are_in_it) {
    Store store;
    store.replace("f", contents(pod("web")));
    BOOST_TEST(store.objects().cluster.namespaces.at("shop").labels.at(
                   "kubernetes.io/metadata.name") == "shop");
    BOOST_TEST(has(store.problems(), base::Errc::NotFound, "only its name"));
    store.put("g", *contents("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: "
                             "{team: a, kubernetes.io/metadata.name: lie}}\n")[0]);
    BOOST_TEST(store.objects().cluster.namespaces.at("shop").labels.at("team") == "a");
    BOOST_TEST(store.objects().cluster.namespaces.at("shop").labels.at(
                   "kubernetes.io/metadata.name") == "shop");
    BOOST_TEST(store.problems().empty());
    store.remove("g", {"Namespace", "", "shop"});
    BOOST_TEST(store.objects().cluster.namespaces.at("shop").labels.count("team") == 0u);
    store.replace("f", {});
    BOOST_TEST(store.objects().cluster.namespaces.empty());
}

BOOST_AUTO_TEST_CASE(the_version_moves_only_when_the_objects_change) {
    Store store;
    store.replace("f", contents(kGood));
    const auto version = store.version();
    store.replace("f", contents(kGood));
    store.replace("f", contents(kBadRule));
    BOOST_TEST(store.version() == version);
    store.replace("f", {});
    BOOST_TEST(store.version() > version);
}

BOOST_AUTO_TEST_CASE(an_object_of_another_group_never_takes_the_place_of_one_of_the_same_name) {
    struct Case {
        const char* api_version;
        bool blocks;
    };
    const Case cases[] = {
        {"projectcalico.org/v3", false},
        {"crd.projectcalico.org/v1", false},
        {"networking.k8s.io", false},
        {"extensions/v1beta1", true},
    };
    const std::string edited = kPolicyHead + "  podSelector: {matchLabels: {app: edited}}\n";
    for (const Case& row : cases) {
        const std::string other = std::string("apiVersion: ") + row.api_version +
                                  "\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\n";
        for (const char* source : {"a", "z"}) {
            BOOST_TEST_CONTEXT(row.api_version << " in " << source) {
                Store store;
                store.replace(source, contents(other, source));
                store.replace("f", contents(kGood));
                BOOST_REQUIRE(store.objects().network_policies.count("shop/web") == 1u);
                store.replace("f", contents(edited));
                BOOST_TEST(store.objects()
                               .network_policies.at("shop/web")
                               .pod_selector.match_labels.at("app") == "edited");
                BOOST_TEST(store.blocked().empty() != row.blocks);
                BOOST_TEST(store.problems().size() == 1u);
                store.forget(source);
                BOOST_TEST(store.objects().network_policies.size() == 1u);
                BOOST_TEST(store.problems().empty());
                BOOST_TEST(store.blocked().empty());
            }
        }
        Store store;
        store.replace("f", contents(other + "---\n" + kGood));
        BOOST_TEST(store.objects().network_policies.size() == 1u);
        store.replace("f", contents(other));
        BOOST_TEST(store.objects().network_policies.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_foreign_node_pod_or_namespace_leaves_the_real_one_in_force) {
    struct Case {
        const char* kind;
        const char* foreign;
        std::size_t (*in_force)(const kube::Cluster&);
    };
    const Case cases[] = {
        {"Node", "projectcalico.org/v3", [](const kube::Cluster& c) { return c.nodes.count("x"); }},
        {"Pod", "v2", [](const kube::Cluster& c) { return c.pods.count("default/x"); }},
        {"Namespace", "v1beta1", [](const kube::Cluster& c) { return c.namespaces.count("x"); }},
    };
    for (const Case& row : cases) {
        const std::string rest = std::string("\nkind: ") + row.kind + "\nmetadata: {name: x" +
                                 (row.kind[0] == 'P' ? ", namespace: default}\n" : "}\n");
        BOOST_TEST_CONTEXT(row.kind) {
            Store store;
            store.replace("a", contents("apiVersion: " + std::string(row.foreign) + rest, "a"));
            store.replace("f", contents("apiVersion: v1" + rest));
            BOOST_TEST(row.in_force(store.objects().cluster) == 1u);
            store.forget("a");
            BOOST_TEST(row.in_force(store.objects().cluster) == 1u);
            store.put("a", *contents("apiVersion: " + std::string(row.foreign) + rest, "a")[0]);
            store.remove("f", {row.kind, row.kind[0] == 'P' ? "default" : "", "x"});
            BOOST_TEST(row.in_force(store.objects().cluster) == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(another_version_of_the_same_group_is_the_same_object) {
    Store store;
    store.replace("f", contents(kGood));
    std::string next = kGood;
    next.replace(next.find("/v1\n"), 3, "/v2");
    store.replace("f", contents(next));
    BOOST_TEST(store.objects().network_policies.size() == 1u);
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(has(store.problems(), base::Errc::Invalid, "last good version"));
}

BOOST_AUTO_TEST_CASE(policies_of_v1alpha1_are_in_force_and_go_with_their_objects) {
    const std::string admin =
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
        "metadata: {name: guard}\nspec: {priority: 1, subject: {namespaces: {}}}\n";
    const auto baseline = [](const std::string& name, const std::string& subject) {
        return "---\napiVersion: policy.networking.k8s.io/v1alpha1\n"
               "kind: BaselineAdminNetworkPolicy\nmetadata: {name: " +
               name + "}\nspec: {subject: " + subject + "}\n";
    };
    Store store;
    store.replace("f", contents(admin + baseline("default", "{namespaces: {}}")));
    BOOST_TEST(store.problems().empty());
    BOOST_TEST(store.objects().admin_network_policies.count("guard") == 1u);
    BOOST_TEST(store.objects().baseline_policies.count("default") == 1u);
    // Refused by the API server, but what it means is clear: it is told of, and enforced.
    store.replace("f", contents(baseline("other", "{pods: {podSelector: {}}}")));
    BOOST_TEST(store.blocked().empty());
    BOOST_TEST(store.problems().size() == 2u);
    BOOST_TEST(store.objects().admin_network_policies.empty());
    BOOST_TEST(store.objects().baseline_policies.count("default") == 0u);
    BOOST_TEST(store.objects().baseline_policies.count("other") == 1u);
    // Whom it is meant for is not clear here.
    store.replace("f", contents(baseline("default", "{}") + "  # nobody knows\n"));
    BOOST_TEST(store.objects().baseline_policies.empty());
}

BOOST_AUTO_TEST_CASE(a_v1alpha1_policy_that_may_deny_blocks_when_its_subject_is_unknown) {
    const std::string head =
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\n"
        "metadata: {name: guard}\nspec:\n  priority: 1\n  subject: {}\n  ingress:\n  - {action: ";
    for (const char* action : {"Allow", "Deny", "Pass"}) {
        Store store;
        store.replace("f", contents(head + action + ", from: [{namespaces: {}}]}\n"));
        BOOST_TEST(store.blocked().empty() == (std::string(action) == "Allow"));
        BOOST_TEST(store.objects().admin_network_policies.empty());
    }
}
