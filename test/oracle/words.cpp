// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/generate_policy.hpp"

namespace tierwall::oracle {

namespace {

std::string value(Random& random) { return random.pick({"", "web", "db", "1"}); }

Json expression(Random& random) {
    const std::string op = random.pick({"In", "NotIn", "Exists", "DoesNotExist"});
    Json out = {{"key", random_key(random)}, {"operator", op}};
    if (op == "In" || op == "NotIn") {
        out["values"] = Json::array({value(random)});
        if (random.chance(40)) out["values"].push_back(value(random));
    }
    return out;
}

}  // namespace

/// The same keys on pods, namespaces and nodes.
std::string random_key(Random& random) { return random.pick({"app", "env", "x.io/app"}); }

Json random_labels(Random& random) {
    Json labels = Json::object();
    for (int i = random.between(0, 3); i > 0; --i) labels[random_key(random)] = value(random);
    return labels;
}

Json random_selector(Random& random) {
    Json out = Json::object();
    if (random.chance(30)) return out;
    if (random.chance(55)) out["matchLabels"] = {{random_key(random), value(random)}};
    if (random.chance(50)) {
        out["matchExpressions"] = Json::array({expression(random)});
        if (random.chance(30)) out["matchExpressions"].push_back(expression(random));
    }
    return out;
}

Json random_namespace_selector(Random& random) {
    if (random.chance(60)) return random_selector(random);
    std::string name = kNamespaces[random.below(std::size(kNamespaces))];
    if (random.chance(10)) name = random.chance(50) ? kEmptyNamespace : kImpliedNamespace;
    if (random.chance(80)) return {{"matchLabels", {{"kubernetes.io/metadata.name", name}}}};
    return {{"matchExpressions", Json::array({{{"key", "kubernetes.io/metadata.name"},
                                               {"operator", "NotIn"},
                                               {"values", Json::array({name})}}})}};
}

std::string random_port_name(Random& random) { return random.pick({"http", "dns", "odd", "none"}); }

std::string random_protocol(Random& random) { return random.pick({"TCP", "TCP", "UDP", "SCTP"}); }

int random_port(Random& random) {
    return random.pick({1, 2, 53, 79, 80, 81, 443, 8080, 65534, 65535});
}

Json random_mode(Random& random) {
    const std::string mode =
        random.pick({"audit", "audit", "audit", "audit", "enforce", "Audit", ""});
    return {{"tierwall.io/mode", mode}};
}

int random_length(Random& random, bool v6) {
    return v6 ? random.pick({0, 1, 16, 48, 64, 96, 112, 120, 126, 127, 128})
              : random.pick({0, 1, 8, 16, 22, 23, 24, 25, 28, 30, 31, 32});
}

std::string masked(const std::string& address, int bits) {
    return text(first_address({read_ip(address), bits}));
}

std::string random_block(Random& random, const std::string& address) {
    const int bits = random_length(random, address.find(':') != std::string::npos);
    const std::string start = random.chance(15) ? address : masked(address, bits);
    return start + "/" + std::to_string(bits);
}

}  // namespace tierwall::oracle
