// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Hostile: small manifests that are made to keep a check busy, in any size.
///
/// Threads: one.
/// Memory:  the text.
/// Cost:    none to speak of.

#include "control/document/parse.hpp"
#include "control/kube/store.hpp"
#include "control/lint/warnings.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tierwall::lint::hostile {

/// Objects of JSON texts, one each.
inline kube::Contents objects(const std::vector<std::string>& texts) {
    kube::Contents out;
    for (const std::string& text : texts) {
        const auto documents = document::parse_json(text, "f.json");
        BOOST_REQUIRE_MESSAGE(documents.ok(), text.substr(0, 500));
        std::vector<kube::Decoded> decoded;
        for (const auto& root : documents->roots()) kube::decode(root, "f.json", decoded);
        for (kube::Decoded& each : decoded) {
            BOOST_REQUIRE_MESSAGE(each.soundness == kube::Soundness::Sound, text.substr(0, 500));
            out.push_back(std::make_shared<const kube::Decoded>(std::move(each)));
        }
    }
    return out;
}

using Text = std::function<std::string(int)>;
/// `text` with ' for ", of 0, 1, 2, ..., with commas.
inline std::string list(int count, const Text& text) {
    std::string out;
    for (int i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + text(i);
    return out;
}
inline std::string quoted(std::string text) {
    for (char& each : text) each = each == '\'' ? '"' : each;
    return text;
}
inline std::string n(int number) { return std::to_string(number); }

inline std::string policy_of_spec(const std::string& name, const std::string& spec) {
    return quoted(
        "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy','metadata':{'name':'" + name +
        "','namespace':'a'},'spec':{" + spec + "}}");
}
/// "Admin", 5.
inline std::string cluster_policy(const std::string& name, const std::string& tier, int priority,
                                  const std::string& rest) {
    return quoted(
        "{'apiVersion':'policy.networking.k8s.io/v1alpha2','kind':'ClusterNetworkPolicy',"
        "'metadata':{'name':'" +
        name + "'},'spec':{'tier':'" + tier + "','priority':" + n(priority) + "," + rest + "}}");
}
inline std::string space(const std::string& name, const std::string& label) {
    return quoted("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" + name +
                  "','labels':{'t':'" + label + "'}}}");
}
inline std::string pod(int number, const std::string& labels, const std::string& ports = "",
                       const std::string& name_space = "a") {
    const std::string ip =
        "10." + n(number >> 16) + "." + n(number >> 8 & 255) + "." + n(number & 255);
    return quoted("{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p" + n(number) +
                  "','namespace':'" + name_space + "','labels':{" + labels +
                  "}},'spec':{'containers':[{'name':'c','image':'i','ports':[" + ports +
                  "]}]},'status':{'phase':'Running','podIP':'" + ip + "'}}");
}
inline std::vector<std::string> pods(int count) {
    std::vector<std::string> all{space("a", "a")};
    for (int i = 0; i < count; ++i) all.push_back(pod(i, "'l':'p" + n(i) + "'"));
    return all;
}
inline std::string not_in(const std::string& key, const std::string& value) {
    return "{'matchExpressions':[{'key':'" + key + "','operator':'NotIn','values':['" + value +
           "']}]}";
}
inline std::string label(const std::string& key, const std::string& value) {
    return "{'matchLabels':{'" + key + "':'" + value + "'}}";
}
const std::string kAllPods = "'subject':{'namespaces':{}}";

/// The checks that say that they gave up, each with the object where it did.
inline std::multiset<std::string> given_up(const Report& report) {
    std::multiset<std::string> said;
    for (const Finding& each : report.findings) {
        if (each.rule != "not-fully-checked") continue;
        const std::string& message = each.problem.message;
        said.insert(message.substr(0, message.find(' ')) + " " + each.problem.object);
    }
    return said;
}

struct Input {
    const char* name;
    const char* check;  ///< the one that is kept busy
    std::function<std::vector<std::string>(int)> make;
};

std::vector<Input> inputs();

}  // namespace tierwall::lint::hostile
