// SPDX-License-Identifier: Apache-2.0
#include "test/unit/control/lint/scenario.hpp"

using namespace tierwall::lint;

namespace {

const std::string kBaselinePods =
    space("shop team=a") + pod("shop/web app=web", "10.0.0.1, fd00::1");

std::string baseline_admin(const std::string& rules, const std::string& head = "guard Admin 1") {
    return cluster_policy(head, "", rules);
}
std::string baseline_policy(const std::string& spec, const std::string& path = "shop/web") {
    return network_policy(path, spec);
}

}  // namespace

BOOST_AUTO_TEST_CASE(baseline_rules_are_told_of_when_every_pod_of_theirs_is_isolated) {
    const std::string baseline =
        baseline_admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]", "guard Baseline 1");
    const std::string db = pod("shop/db app=db", "10.0.0.2");
    const Lines ingress{"ClusterNetworkPolicy/guard spec.ingress"};
    check_all(
        "baseline-never-acts",
        {{"all isolated", kBaselinePods + baseline + baseline_policy("podSelector: {}"), ingress},
         {"one is not",
          kBaselinePods + db + baseline + baseline_policy("podSelector: {matchLabels: {app: web}}"),
          {}},
         {"two policies",
          kBaselinePods + db + baseline +
              baseline_policy("podSelector: {matchLabels: {app: web}}") +
              baseline_policy("podSelector: {matchLabels: {app: db}}", "shop/db"),
          ingress},
         {"other direction",
          kBaselinePods + baseline + baseline_policy("podSelector: {}, policyTypes: [Egress]"),
          {}},
         {"Admin is always asked",
          kBaselinePods + baseline_admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]") +
              baseline_policy("podSelector: {}"),
          {}},
         {"audited policies do not isolate",
          kBaselinePods + baseline + audited(baseline_policy("podSelector: {}")),
          {}},
         {"no pods", baseline + baseline_policy("podSelector: {}"), {}}});
}

BOOST_AUTO_TEST_CASE(baseline_rules_are_told_of_when_the_admin_tier_decides_all_they_match) {
    const std::string all = "{action: Deny, to: [{networks: [0.0.0.0/0, \"::/0\"]}]}";
    const std::string pass = "{action: Pass, to: [{namespaces: {}}]";
    const std::string tcp =
        ", protocols: [{tcp: {destinationPort: {range: {start: 1, end: 65535}}}}]}";
    const std::string baseline = baseline_admin(
        "egress: [{action: Deny, to: [{namespaces: {}}], protocols: [{tcp: {destinationPort: "
        "{number: 80}}}]}]",
        "base Baseline 1");
    const std::string db = pod("shop/db app=db", "10.0.0.2, fd00::2");
    const auto first = [](const std::string& rules, const std::string& head = "guard Admin 5",
                          const std::string& subject = "") {
        return cluster_policy(head, subject, "egress: [" + rules + "]");
    };
    const std::string web_only = "{pods: {podSelector: {matchLabels: {app: web}}}}";
    const std::string isolate_db = baseline_policy(
        "podSelector: {matchLabels: {app: db}}, policyTypes: "
        "[Egress]",
        "shop/db");
    const Lines told{"ClusterNetworkPolicy/base spec.egress[0]"};
    for (const std::string& pods : {std::string(), kBaselinePods + db}) {
        check_all(
            "baseline-never-acts",
            {{"all denied", pods + baseline + first(all), told},
             {"all accepted", pods + baseline + first("{action: Accept, to: [{namespaces: {}}]}"),
              told},
             {"another port",
              pods + baseline +
                  first("{action: Accept, to: [{namespaces: {}}], protocols: [{tcp: "
                        "{destinationPort: {number: 81}}}]}"),
              {}},
             {"two that have all of it",
              pods + baseline +
                  first("{action: Accept, to: [{namespaces: {}}], protocols: [{tcp: "
                        "{destinationPort: {range: {start: 1, end: 80}}}}]}",
                        "one Admin 1") +
                  first(all, "two Admin 2"),
              told},
             {"a pass before", pods + baseline + first(pass + "}, " + all), {}},
             {"a pass before, of its port", pods + baseline + first(pass + tcp + ", " + all), {}},
             {"a pass before, of another port",
              pods + baseline +
                  first(pass + ", protocols: [{udp: {destinationPort: {number: 53}}}]}, " + all),
              told},
             {"a pass behind", pods + baseline + first(all + ", " + pass + "}"), told},
             {"a pass in a policy before",
              pods + baseline + first(all) + first(pass + "}", "early Admin 4"),
              {}},
             {"a pass in a policy of the same priority, behind by name",
              pods + baseline + first(all) + first(pass + "}", "zz Admin 5"),
              {}},
             {"passes in both policies of a priority",
              pods + baseline + first(all + ", " + pass + "}") + first(pass + "}", "zz Admin 5"),
              {}},
             {"a pass in a policy behind",
              pods + baseline + first(all) + first(pass + "}", "zz Admin 6"), told},
             {"an audited pass before",
              pods + baseline + first(all) + audited(first(pass + "}", "early Admin 4")),
              {}},
             {"an audited deny", pods + baseline + audited(first(all)), {}},
             {"other subjects", pods + baseline + first(all, "guard Admin 5", web_only), {}},
             {"other direction",
              pods + baseline +
                  baseline_admin("ingress: [{action: Deny, from: [{namespaces: {}}]}]"),
              {}},
             {"one family",
              pods + baseline + first("{action: Deny, to: [{networks: [0.0.0.0/0]}]}"),
              {}}});
    }
    check_all(
        "baseline-never-acts",
        {{"the others are isolated",
          kBaselinePods + db + baseline + first(all, "guard Admin 5", web_only) + isolate_db, told},
         {"the others are isolated by an audited policy",
          kBaselinePods + db + baseline + first(all, "guard Admin 5", web_only) +
              audited(isolate_db),
          {}},
         {"subjects that together are all",
          kBaselinePods + db + baseline + first(all, "one Admin 5", web_only) +
              first(all, "two Admin 6", "{pods: {podSelector: {matchLabels: {app: db}}}}"),
          told},
         {"a pass for one of them",
          kBaselinePods + db + baseline + first(all) + first(pass + "}", "early Admin 4", web_only),
          {}},
         {"a pass for isolated ones only",
          kBaselinePods + db + baseline + first(all) + isolate_db +
              first(pass + "}", "early Admin 4", "{pods: {podSelector: {matchLabels: {app: db}}}}"),
          told}});
}
