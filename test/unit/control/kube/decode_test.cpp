// SPDX-License-Identifier: Apache-2.0
#include "control/kube/decode.hpp"

#include "control/document/parse.hpp"
#include "control/kube/rule_fields.hpp"
#include "control/kube/syntax.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace tierwall;
using namespace tierwall::kube;

namespace {

std::vector<Decoded> decoded(const std::string& text) {
    const auto documents = document::parse(text, "f");
    BOOST_REQUIRE(documents.ok());
    std::vector<Decoded> objects;
    for (const auto& root : documents->roots()) decode(root, "f", objects);
    return objects;
}

const char kPod[] = R"(
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, uid: u1, creationTimestamp: 2026-01-02T03:04:05Z,
           labels: {app: web, empty: }}
spec:
  nodeName: n1
  containers:
  - ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]
  - ports:
  initContainers:
  - ports: [{name: once, containerPort: 1}]
  - restartPolicy: Always
    ports: [{name: side, containerPort: 15001, protocol: SCTP}]
status:
  phase: Running
  podIP: 10.1.0.5
  podIPs: [{ip: 10.1.0.5}, {ip: "fd00::5"}]
)";

}  // namespace

BOOST_AUTO_TEST_CASE(a_pod_is_read_with_its_addresses_and_the_ports_of_what_keeps_running) {
    const auto objects = decoded(kPod);
    BOOST_REQUIRE(objects.size() == 1u);
    BOOST_TEST(objects[0].problems.empty());
    const Pod& pod = std::get<Pod>(objects[0].object);
    BOOST_TEST(pod.path() == "shop/web-0");
    BOOST_TEST(pod.uid == "u1");
    BOOST_TEST(pod.created == "2026-01-02T03:04:05.000000000Z");
    BOOST_TEST(pod.labels.at("app") == "web");
    BOOST_TEST(pod.labels.at("empty") == "");
    BOOST_TEST(pod.node == "n1");
    BOOST_REQUIRE(pod.addresses.size() == 2u);
    BOOST_TEST(base::text(pod.addresses[0]) == "10.1.0.5");
    BOOST_TEST(base::text(pod.addresses[1]) == "fd00::5");
    BOOST_REQUIRE(pod.ports.size() == 3u);
    BOOST_TEST((pod.ports[0] == ContainerPort{"http", 6, 8080}));
    BOOST_TEST((pod.ports[1] == ContainerPort{"", 17, 53}));
    BOOST_TEST((pod.ports[2] == ContainerPort{"side", 132, 15001}));
    BOOST_TEST(pod.is_live());
}

BOOST_AUTO_TEST_CASE(pods_that_are_no_pods_to_policy_are_not_live) {
    struct Case {
        const char* rest;
        bool live;
    };
    for (const Case& row :
         {Case{"status: {podIP: 10.0.0.1, phase: Running}", true},
          Case{"status: {podIP: 10.0.0.1}", true},
          Case{"status: {podIP: 10.0.0.1, phase: Succeeded}", false},
          Case{"status: {podIP: 10.0.0.1, phase: Failed}", false},
          Case{"status: {phase: Pending}", false}, Case{"status: {podIP: \"\"}", false},
          Case{"spec: {hostNetwork: true}\nstatus: {podIP: 10.0.0.1}", false}}) {
        const auto objects =
            decoded(std::string("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n") + row.rest);
        BOOST_TEST(std::get<Pod>(objects[0].object).is_live() == row.live, row.rest);
        BOOST_TEST(objects[0].key.path() == "Pod/default/a");
    }
}

BOOST_AUTO_TEST_CASE(a_label_that_yaml_takes_for_a_boolean_is_refused_with_a_hint) {
    const auto objects =
        decoded("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    app: yes\n");
    BOOST_REQUIRE(objects[0].problems.size() == 1u);
    const Problem& problem = objects[0].problems[0];
    BOOST_TEST(problem.path == "f");
    BOOST_TEST(problem.line == 6u);
    BOOST_TEST(problem.object == "Pod/default/a");
    BOOST_TEST(problem.field == "metadata.labels.app");
    BOOST_TEST(problem.message.find("put it in quotes") != std::string::npos);
    BOOST_TEST((objects[0].soundness == Soundness::Unusable));
}

BOOST_AUTO_TEST_CASE(a_node_has_its_internal_and_external_addresses) {
    const auto objects = decoded(
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {zone: a}}\nstatus:\n  "
        "addresses:\n"
        "  - {type: InternalIP, address: 192.0.2.1}\n  - {type: ExternalIP, address: "
        "\"2001:db8::1\"}\n"
        "  - {type: Hostname, address: n1}\n  - {type: InternalDNS, address: n1.internal}\n");
    const Node& node = std::get<Node>(objects[0].object);
    BOOST_TEST(objects[0].problems.empty());
    BOOST_REQUIRE(node.addresses.size() == 2u);
    BOOST_TEST(base::text(node.addresses[1]) == "2001:db8::1");
    BOOST_TEST(node.labels.at("zone") == "a");
}

BOOST_AUTO_TEST_CASE(lists_are_opened_with_and_without_the_kind_of_their_items) {
    const auto typed = decoded(
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":\"a\"}},"
        "{\"metadata\":{\"name\":\"b\",\"namespace\":\"x\"}}]}");
    BOOST_REQUIRE(typed.size() == 2u);
    BOOST_TEST(typed[1].key.path() == "Pod/x/b");
    const auto mixed = decoded(
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: n1}}\n"
        "- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: Pod, metadata: {name: "
        "p}}]\n");
    BOOST_REQUIRE(mixed.size() == 2u);
    BOOST_TEST(mixed[0].key.path() == "Node/n1");
    BOOST_TEST(mixed[1].key.path() == "Pod/default/p");
    BOOST_TEST(decoded("{kind: PodList, apiVersion: v1, items: []}").empty());
    BOOST_TEST(decoded("{kind: PodList, apiVersion: v1, items: ~}").empty());
    const auto untyped = decoded("{kind: List, apiVersion: v1, items: [{metadata: {name: a}}]}");
    BOOST_REQUIRE(untyped.size() == 1u);
    BOOST_TEST((untyped[0].soundness == Soundness::Unusable));
    BOOST_TEST(untyped[0].may_deny);
}

BOOST_AUTO_TEST_CASE(documents_that_are_no_objects_are_unusable) {
    for (const char* text :
         {"[1, 2]", "- a", "5", "just text", "{kind: 5, apiVersion: v1}",
          "{kind: Pod, apiVersion: v1}", "{kind: Pod, apiVersion: v1, metadata: 5}",
          "{kind: NetworkPolicy, apiVersion: networking.k8s.io/v1, metadata: {}}"}) {
        const auto objects = decoded(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(objects.size() == 1u);
            BOOST_TEST((objects[0].soundness == Soundness::Unusable));
            BOOST_TEST(!objects[0].problems.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_may_be_left_to_the_api_server) {
    const auto of = [](const std::string& metadata) {
        return decoded("\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {" +
                       metadata + "}\nspec: {podSelector: {}}\n")[0];
    };
    const auto cluster = decoded(
        "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: "
        "{generateName: guard-}, spec: {tier: Admin, priority: 1e2, subject: {namespaces: {}}}}");
    BOOST_TEST(cluster[0].problems.empty());
    BOOST_TEST(cluster[0].key.path() == "ClusterNetworkPolicy/guard-* (f:1)");
    BOOST_TEST(std::get<ClusterNetworkPolicy>(cluster[0].object).priority.value() == 100);
    const Decoded generated = of("generateName: web-");
    BOOST_TEST(generated.problems.empty());
    BOOST_TEST((generated.soundness == Soundness::Sound));
    BOOST_TEST(generated.key.path() == "NetworkPolicy/default/web-* (f:2)");
    BOOST_TEST(of("generateName: web-, name: web").key.name == "web");
    BOOST_TEST(of("generateName: web-, name: \"\"").problems.empty());
    BOOST_TEST(of("generateName: w--").problems.empty());
    const auto unnamed = of("name: \"\"").problems;
    BOOST_REQUIRE(unnamed.size() == 1u);
    BOOST_TEST(unnamed[0].field == "metadata.name");
    BOOST_TEST((unnamed[0].error == base::Errc::Required));
    for (const char* bad : {"generateName: \"\"", "generateName: 5", "labels: {}",
                            "generateName: Web_", "generateName: w.", "generateName: \"-\""}) {
        BOOST_TEST_CONTEXT(bad) { BOOST_TEST(!of(bad).problems.empty()); }
    }
}

BOOST_AUTO_TEST_CASE(what_a_schema_demands_is_there_or_not) {
    const auto problems = [](const std::string& expression) {
        return decoded(
                   "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, "
                   "metadata: {name: a}, spec: {tier: Admin, priority: 1, subject: {namespaces: "
                   "{}}, ingress: [{action: Accept, from: [{namespaces: {matchExpressions: [" +
                   expression + "]}}]}]}}")[0]
            .problems;
    };
    const auto errors = [&](const std::string& expression) {
        const auto found = problems(expression);
        return std::count_if(found.begin(), found.end(),
                             [](const Problem& each) { return each.severity == Severity::Error; });
    };
    // An empty text is there: the API server stores it.
    BOOST_TEST(errors("{key: \"\", operator: Exists}") == 0);
    BOOST_TEST(errors("{key: a, operator: \"\"}") == 0);
    BOOST_TEST(errors("{operator: Exists}") == 1);
    BOOST_TEST(errors("{key: a}") == 1);
}

BOOST_AUTO_TEST_CASE(both_bounds_of_an_end_port_are_told) {
    const auto objects = decoded(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
        "{podSelector: {}, ingress: [{ports: [{port: 70000, endPort: 69000}]}]}}");
    BOOST_TEST(objects[0].problems.size() == 3u);
}

BOOST_AUTO_TEST_CASE(ports_may_be_written_as_numbers_with_a_point) {
    const auto objects = decoded(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
        "{podSelector: {}, ingress: [{ports: [{port: 80.0, endPort: 9e1}]}]}}");
    BOOST_TEST(objects[0].problems.empty());
    const auto& port = std::get<NetworkPolicy>(objects[0].object).ingress[0].ports[0];
    BOOST_TEST(std::get<std::int64_t>(port.port) == 80);
    BOOST_TEST(port.end_port.value() == 90);
    const auto bad = decoded(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: "
        "{podSelector: {}, ingress: [{ports: [{port: 80.5}]}]}}");
    BOOST_TEST(!bad[0].problems.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_kind_or_version_is_said_to_be_missing) {
    const std::pair<const char*, const char*> texts[] = {
        {R"({"apiVersion": "v1", "kind": "", "metadata": {"name": "a"}})", "kind"},
        {R"({"apiVersion": "", "kind": "Pod", "metadata": {"name": "a"}})", "apiVersion"},
        {R"({"apiVersion": "v1", "metadata": {"name": "a"}})", "kind"},
    };
    for (const auto& [text, field] : texts) {
        const auto objects = decoded(text);
        BOOST_REQUIRE(objects.size() == 1u);
        BOOST_TEST((objects[0].soundness == Soundness::Unusable));
        BOOST_REQUIRE_MESSAGE(objects[0].problems.size() == 1u, text);
        BOOST_TEST(objects[0].problems[0].field == field);
        BOOST_TEST((objects[0].problems[0].error == base::Errc::Required));
    }
}

BOOST_AUTO_TEST_CASE(rule_fields_are_told_from_the_rest) {
    struct Case {
        const char* field;
        bool in_rule;
        bool is_element;
    };
    for (const Case& row :
         {Case{"spec.ingress[0].from[1]", true, true},
          Case{"spec.ingress[0].protocols[1]", true, true}, Case{"spec.egress[12]", true, true},
          Case{"spec.egress[12].to", true, false},
          Case{"spec.egress[12].to[0].networks[3]", true, false},
          Case{"spec.egress[12].action", false, false}, Case{"spec.egress[12].name", false, false},
          Case{"spec.egress", false, false}, Case{"spec.tier", false, false},
          Case{"", false, false}}) {
        const auto place = rule_field(row.field);
        BOOST_TEST(place.has_value() == row.in_rule, row.field);
        if (place) BOOST_TEST(place->is_element == row.is_element, row.field);
    }
    BOOST_TEST(rule_field("spec.egress[12].to")->index == 12u);
    BOOST_TEST(rule_field("spec.ingress[3]")->ingress);
}

BOOST_AUTO_TEST_CASE(syntax_holds_at_its_limits) {
    const std::string a63(63, 'a');
    BOOST_TEST(is_label_key(a63));
    BOOST_TEST(!is_label_key(a63 + "a"));
    BOOST_TEST(is_label_key("example.com/" + a63));
    for (const char* key : {"", "/a", "a/", "a/b/c", "-a", "a-", "A.b/c", "a b"}) {
        BOOST_TEST(is_label_key(key) == false, key);
    }
    BOOST_TEST(is_label_value(""));
    BOOST_TEST(is_label_value(a63));
    BOOST_TEST(!is_label_value(a63 + "a"));
    BOOST_TEST(is_port_name("a23456789012345"));
    BOOST_TEST(!is_port_name("a234567890123456"));
    BOOST_TEST(is_dns_subdomain(std::string(253, 'a')));
    BOOST_TEST(!is_dns_subdomain(std::string(254, 'a')));
    for (const char* cidr : {"10.0.0.0/08", "010.0.0.0/8", "10.0.0.0", "10.0.0.0/33", "::1/129",
                             "::ffff:1.2.3.4/120", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8 "}) {
        BOOST_TEST(!is_strict_cidr(cidr), cidr);
    }
    for (const char* cidr : {"0.0.0.0/0", "::/0", "10.0.0.5/8", "fd00::1/64", "1.2.3.4/32"}) {
        BOOST_TEST(is_strict_cidr(cidr), cidr);
    }
}
