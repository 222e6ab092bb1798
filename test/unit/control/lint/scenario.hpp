// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Scenario: manifests in short words, and what is warned of in them.
///
/// Threads: one.
/// Memory:  plain values.
/// Cost:    none to speak of.

#include "control/document/parse.hpp"
#include "control/kube/lint.hpp"
#include "control/lint/warnings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::lint {

/// Names of namespaces, with labels: "shop team=a".
inline std::string labels_text(const std::string& words) {
    std::string text;
    std::size_t at = words.find(' ');
    while (at != std::string::npos) {
        const std::size_t end = words.find(' ', at + 1);
        const std::string pair = words.substr(at + 1, end - at - 1);
        const std::size_t equals = pair.find('=');
        text += (text.empty() ? "" : ", ") + pair.substr(0, equals) + ": \"" +
                pair.substr(equals + 1) + "\"";
        at = end;
    }
    return "{" + text + "}";
}
inline std::string first_word(const std::string& words) { return words.substr(0, words.find(' ')); }

inline std::string space(const std::string& words) {
    return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + first_word(words) +
           ", labels: " + labels_text(words) + "}\n";
}
/// "shop/web app=web", its addresses ("10.0.0.1, fd00::1"), and ports as in a container.
inline std::string pod(const std::string& words, const std::string& addresses,
                       const std::string& ports = "") {
    const std::string path = first_word(words);
    const std::size_t slash = path.find('/');
    std::string ips;
    for (std::size_t at = 0; at < addresses.size();) {
        const std::size_t end = std::min(addresses.find(", ", at), addresses.size());
        ips += std::string(ips.empty() ? "" : ", ") + "{ip: \"" + addresses.substr(at, end - at) +
               "\"}";
        at = end + 2;
    }
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: " + path.substr(0, slash) +
           ", name: " + path.substr(slash + 1) + ", labels: " + labels_text(words) +
           "}\nspec: {containers: [{name: c, image: i, ports: [" + ports +
           "]}]}\nstatus: {phase: Running, podIPs: [" + ips + "]}\n";
}
/// As above, in the network of its node.
inline std::string host_pod(const std::string& words, const std::string& addresses,
                            const std::string& ports = "") {
    std::string text = pod(words, addresses, ports);
    return text.insert(text.find("containers:"), "hostNetwork: true, ");
}
/// One object, in audit mode.
inline std::string audited(std::string object) {
    const std::string metadata = "metadata: {";
    return object.insert(object.find(metadata) + metadata.size(),
                         "annotations: {tierwall.io/mode: audit}, ");
}
inline std::string node(const std::string& words, const std::string& address) {
    return "---\napiVersion: v1\nkind: Node\nmetadata: {name: " + first_word(words) +
           ", labels: " + labels_text(words) +
           "}\nstatus: {addresses: [{type: InternalIP, address: \"" + address + "\"}]}\n";
}
/// "shop/web", and its spec in YAML.
inline std::string network_policy(const std::string& path, const std::string& spec) {
    const std::size_t slash = path.find('/');
    return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: " +
           path.substr(0, slash) + ", name: " + path.substr(slash + 1) + "}\nspec: {" + spec +
           "}\n";
}
/// "guard Admin 5", its subject ("" for every namespace) and its lists of rules.
inline std::string cluster_policy(const std::string& words, const std::string& subject,
                                  const std::string& rules) {
    const std::size_t tier = words.find(' ');
    const std::size_t priority = words.find(' ', tier + 1);
    return "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\n"
           "metadata: {name: " +
           words.substr(0, tier) +
           "}\nspec: {tier: " + words.substr(tier + 1, priority - tier - 1) +
           ", priority: " + words.substr(priority + 1) +
           ", subject: " + (subject.empty() ? "{namespaces: {}}" : subject) + ", " + rules + "}\n";
}

inline kube::Contents contents(const std::string& text,
                               kube::Channel channel = kube::Channel::Experimental) {
    const auto documents = document::parse_yaml(text, "f.yaml");
    BOOST_REQUIRE_MESSAGE(documents.ok(), text);
    std::vector<kube::Decoded> decoded;
    for (const document::Value& root : documents->roots()) kube::decode(root, "f.yaml", decoded);
    kube::Contents out;
    for (kube::Decoded& each : decoded) {
        out.push_back(std::make_shared<const kube::Decoded>(std::move(each)));
    }
    for (const kube::Problem& problem : kube::lint(out, channel)) {
        BOOST_REQUIRE_MESSAGE(!kube::is_error(problem),
                              problem.object + " " + problem.field + ": " + problem.message);
    }
    return out;
}

using Lines = std::vector<std::string>;

/// What a kind of finding says of these manifests: "Kind/name field", sorted.
inline Lines found(const std::string& rule, const std::string& text,
                   kube::Channel channel = kube::Channel::Experimental) {
    Lines lines;
    for (const Finding& each : warnings(contents(text, channel))) {
        BOOST_TEST(each.problem.message.size() > 20);
        BOOST_TEST(each.problem.path == "f.yaml");
        BOOST_TEST(each.problem.line > 0u);
        BOOST_TEST(!kube::is_error(each.problem));
        if (each.rule == rule) lines.push_back(each.problem.object + " " + each.problem.field);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

struct Scenario {
    const char* name;
    std::string text;
    Lines lines;
};

inline void check_all(const std::string& rule, const std::vector<Scenario>& scenarios) {
    for (const Scenario& each : scenarios) {
        BOOST_TEST_CONTEXT(each.name) {
            const Lines lines = found(rule, each.text);
            BOOST_CHECK_EQUAL_COLLECTIONS(lines.begin(), lines.end(), each.lines.begin(),
                                          each.lines.end());
        }
    }
}

}  // namespace tierwall::lint
