// SPDX-License-Identifier: Apache-2.0
#include "control/dialect/translate.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

using namespace tierwall;
using kube::Mode;

namespace {

kube::NetworkPolicy named(const std::string& space, const std::string& name) {
    kube::NetworkPolicy policy;
    policy.namespace_name = space;
    policy.name = name;
    return policy;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_policy_is_audited_by_its_own_word_or_else_by_its_namespaces) {
    kube::Objects objects;
    for (const char* name : {"none", "audit", "enforce"}) {
        for (const char* space : {"plain", "audited"}) {
            objects.network_policies.emplace(std::string(space) + "/" + name, named(space, name));
        }
    }
    kube::ClusterNetworkPolicy cluster;
    cluster.name = "guard";
    cluster.tier = "Admin";
    objects.cluster_network_policies.emplace("guard", cluster);
    for (const char* space : {"plain", "audited"}) {
        const std::string head = std::string("NetworkPolicy/") + space + "/";
        objects.modes[head + "audit"] = Mode::Audit;
        objects.modes[head + "enforce"] = Mode::Enforce;
    }
    objects.modes["Namespace/audited"] = Mode::Audit;
    objects.modes["ClusterNetworkPolicy/guard"] = Mode::Audit;
    std::vector<kube::Problem> problems;
    std::map<std::string, bool> audited;
    for (const auto& policy : dialect::translate(objects, problems)) {
        audited[policy.path()] = policy.audit;
    }
    const std::map<std::string, bool> expected{
        {"NetworkPolicy/plain/none", false},    {"NetworkPolicy/plain/audit", true},
        {"NetworkPolicy/plain/enforce", false}, {"NetworkPolicy/audited/none", true},
        {"NetworkPolicy/audited/audit", true},  {"NetworkPolicy/audited/enforce", false},
        {"ClusterNetworkPolicy/guard", true}};
    BOOST_TEST((audited == expected));
}
