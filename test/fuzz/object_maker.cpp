// SPDX-License-Identifier: Apache-2.0
#include "test/fuzz/object_maker.hpp"

#include <cstdint>

namespace tierwall::fuzz {
namespace {

/// How often a value is not what it should be, of 256.
constexpr std::uint32_t kJunk = 2;
constexpr int kJunkDepth = 3;

std::string quoted(const std::string& value) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            out += "\\u00";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    return out += '"';
}

}  // namespace

/// An empty value leaves the field out.
std::string ObjectMaker::fields(Fields list) {
    std::string out = "{";
    for (const auto& [key, value] : list) {
        if (value.empty()) continue;
        if (out.size() > 1) out += ',';
        out += '"';
        out += choices_.chance(1) ? "unknownField" : key;
        out += "\":";
        out += choices_.chance(kJunk) ? junk() : value;
    }
    return out += '}';
}

std::string ObjectMaker::maybe(std::string value, std::uint32_t per_256) {
    return choices_.chance(per_256) ? std::move(value) : std::string();
}

template <typename Make>
std::string ObjectMaker::list(std::uint32_t most, Make&& make) {
    std::string out = "[";
    for (std::uint32_t left = choices_.below(most + 1); left > 0; --left) {
        if (out.size() > 1) out += ',';
        out += choices_.chance(1) ? junk() : make();
    }
    return out += ']';
}

std::string ObjectMaker::junk(int depth) {
    switch (choices_.below(depth < kJunkDepth ? 10 : 8)) {
        case 0: return "null";
        case 1: return "true";
        case 2: return "1.5";
        case 3: return "-1";
        case 4: return "9223372036854775808";
        case 5: return "{}";
        case 6: return "[]";
        case 7: return odd_text();
        case 8: return "[" + junk(depth + 1) + "," + junk(depth + 1) + "]";
        default: return "{" + odd_text() + ":" + junk(depth + 1) + "}";
    }
}

std::string ObjectMaker::text(const std::string& value) {
    return choices_.chance(kJunk) ? odd_text() : quoted(value);
}

std::string ObjectMaker::odd_text() {
    switch (choices_.below(8)) {
        case 0: return "\"\"";
        case 1: return quoted(std::string(64, 'x'));
        case 2: return quoted(std::string(300, 'a'));
        case 3: return "\"\\u202e\\u0000x\"";
        case 4: return "\"\\ud83d\\ude00\"";
        case 5: return quoted("In");
        default: break;
    }
    std::string bytes;
    for (std::uint32_t left = choices_.below(9); left > 0; --left) {
        bytes += static_cast<char>(choices_.byte());
    }
    return quoted(bytes);
}

std::string ObjectMaker::number() {
    switch (choices_.below(6)) {
        case 0: return "0";
        case 1: return "1000";
        case 2: return "1001";
        case 3: return "-2147483649";
        default: return std::to_string(choices_.below(1001));
    }
}

std::string ObjectMaker::port_number() {
    switch (choices_.below(16)) {
        case 0: return "1";
        case 1: return "65535";
        case 2: return choices_.chance(64) ? "65536" : "65534";
        case 3: return choices_.chance(64) ? "0" : "2";
        case 4: return std::to_string(choices_.below(65536));
        default: return std::to_string(78 + choices_.below(6));
    }
}

std::string ObjectMaker::name() { return std::string("n") + std::to_string(choices_.below(24)); }

std::string ObjectMaker::space() { return std::string("s") + std::to_string(choices_.below(5)); }

std::string ObjectMaker::labels() {
    std::string out = "{";
    for (std::uint32_t left = choices_.below(4); left > 0; --left) {
        const std::string key = choices_.pick({"app", "tier", "x.org/role", "env", "z"});
        // A key that is there twice makes the whole text unreadable.
        if (out.find("\"" + key + "\"") != std::string::npos && !choices_.chance(1)) continue;
        if (out.size() > 1) out += ',';
        out += text(key) + ":" + text(choices_.pick({"web", "db", "", "cache", "1"}));
    }
    return out += '}';
}

std::string ObjectMaker::selector() {
    const auto requirement = [this] {
        const std::string op =
            choices_.pick({"In", "NotIn", "Exists", "DoesNotExist", "In", "NotIn", "In", "Gt"});
        const bool valued = op == "In" || op == "NotIn" || choices_.chance(8);
        const auto value = [this] { return text(choices_.pick({"web", "db", "", "cache"})); };
        const std::string key =
            choices_.pick({"app", "tier", "kubernetes.io/metadata.name", "x.org/role", "/", "env"});
        return fields(
            {{"key", text(key)}, {"operator", text(op)}, {"values", valued ? list(3, value) : ""}});
    };
    return fields({{"matchLabels", maybe(labels(), 128)},
                   {"matchExpressions", maybe(list(3, requirement), 96)}});
}

std::string ObjectMaker::address(bool other_family) {
    const std::string low = std::to_string(1 + choices_.below(40));
    if (choices_.chance(2)) return choices_.pick({"10.0.0", "::ffff:10.0.0.1", "1.2.3.4.5", "::"});
    if (other_family) return "fd00::" + low;
    return (choices_.chance(32) ? "192.168.7." : "10.0.0.") + low;
}

std::string ObjectMaker::cidr() {
    const bool v6 = choices_.chance(64);
    if (choices_.chance(4)) {
        return text(choices_.pick({"10.0.0.1", "10.0.0.0/33", "::/129", "::ffff:10.0.0.0/104",
                                   "10.0.0.0/08", "10.0.0.0/-1", "a/8", "/", "0.0.0.0/"}));
    }
    const std::uint32_t longest = v6 ? 128 : 32;
    const std::uint32_t length =
        choices_.chance(128) ? choices_.below(longest + 1) : longest - choices_.below(9);
    return text(address(v6) + "/" + std::to_string(length));
}

std::string ObjectMaker::metadata(bool namespaced) {
    return fields({{"name", text(name())},
                   {"namespace", namespaced ? text(space()) : ""},
                   {"uid", maybe(text(std::to_string(choices_.below(200))), 128)},
                   {"creationTimestamp",
                    maybe(text("2026-01-01T00:00:0" + std::to_string(choices_.below(10)) + "Z"))},
                   {"labels", maybe(labels())},
                   {"annotations", maybe(annotations(), 24)}});
}

std::string ObjectMaker::annotations() {
    return fields({{"tierwall.io/mode", text(choices_.pick({"audit", "enforce", "off"}))}});
}

std::string ObjectMaker::whole(const char* version, const char* kind, Fields rest) {
    const std::string body = fields(rest);
    std::string out = fields({{"apiVersion", text(version)}, {"kind", text(kind)}});
    if (body.size() > 2 && out.size() > 2)
        out.insert(out.size() - 1, "," + body.substr(1, body.size() - 2));
    return out;
}

std::string ObjectMaker::container() {
    const auto port = [this] {
        return fields({{"name", maybe(text(choices_.pick({"http", "dns", "web", "x-9"})))},
                       {"containerPort", port_number()},
                       {"protocol", maybe(text(choices_.pick({"TCP", "UDP", "SCTP"})), 128)}});
    };
    return fields({{"name", text("c")},
                   {"restartPolicy", maybe(text("Always"), 32)},
                   {"ports", maybe(list(3, port))}});
}

std::string ObjectMaker::pod() {
    const auto ip = [this] { return fields({{"ip", text(address(choices_.chance(96)))}}); };
    const auto one = [this] { return container(); };
    const std::string spec = fields({{"nodeName", maybe(text(name()))},
                                     {"hostNetwork", maybe(choices_.pick({"true", "false"}), 24)},
                                     {"containers", list(2, one)},
                                     {"initContainers", maybe(list(1, one), 24)}});
    const char* phase =
        choices_.pick({"Running", "Running", "Running", "Pending", "Succeeded", "Failed"});
    const std::string status = fields({{"phase", text(phase)},
                                       {"podIP", maybe(text(address(false)), 128)},
                                       {"podIPs", maybe(list(2, ip))}});
    return whole("v1", "Pod", {{"metadata", metadata(true)}, {"spec", spec}, {"status", status}});
}

std::string ObjectMaker::node() {
    const auto one = [this] {
        return fields({{"type", text(choices_.pick({"InternalIP", "ExternalIP", "Hostname"}))},
                       {"address", text(address(choices_.chance(64)))}});
    };
    return whole(
        "v1", "Node",
        {{"metadata", metadata(false)}, {"status", fields({{"addresses", list(3, one)}})}});
}

std::string ObjectMaker::namespace_object() {
    const std::string about = fields({{"name", text(space())},
                                      {"labels", maybe(labels())},
                                      {"annotations", maybe(annotations(), 24)}});
    return whole("v1", "Namespace", {{"metadata", about}});
}

std::string ObjectMaker::network_peer() {
    const auto except = [this] { return cidr(); };
    if (choices_.chance(96)) {
        return fields(
            {{"ipBlock", fields({{"cidr", cidr()}, {"except", maybe(list(3, except), 96)}})},
             {"podSelector", maybe(selector(), 4)}});
    }
    return fields(
        {{"podSelector", maybe(selector())}, {"namespaceSelector", maybe(selector(), 96)}});
}

std::string ObjectMaker::network_port() {
    const bool named = choices_.chance(64);
    const std::string port =
        named ? text(choices_.pick({"http", "dns", "web", "x-9", "Bad_Name"})) : port_number();
    return fields({{"protocol", maybe(text(choices_.pick({"TCP", "UDP", "SCTP", "ICMP"})), 160)},
                   {"port", maybe(port)},
                   {"endPort", maybe(port_number(), named ? 4 : 64)}});
}

std::string ObjectMaker::network_rule(const char* peers) {
    return fields({{peers, maybe(list(3, [this] { return network_peer(); }))},
                   {"ports", maybe(list(3, [this] { return network_port(); }), 160)}});
}

std::string ObjectMaker::network_policy() {
    const auto type = [this] { return text(choices_.pick({"Ingress", "Egress"})); };
    const std::string spec =
        fields({{"podSelector", maybe(selector(), 250)},
                {"policyTypes", maybe(list(2, type), 128)},
                {"ingress", maybe(list(3, [this] { return network_rule("from"); }))},
                {"egress", maybe(list(3, [this] { return network_rule("to"); }), 128)}});
    return whole("networking.k8s.io/v1", "NetworkPolicy",
                 {{"metadata", metadata(true)}, {"spec", spec}});
}

std::string ObjectMaker::namespaced_pods() {
    return fields({{"namespaceSelector", maybe(selector())}, {"podSelector", selector()}});
}

std::string ObjectMaker::subject() {
    if (choices_.chance(128)) return fields({{"namespaces", selector()}});
    return fields({{"pods", namespaced_pods()}, {"namespaces", maybe(selector(), 2)}});
}

std::string ObjectMaker::tiered_peer(bool egress) {
    switch (choices_.below(egress || choices_.chance(4) ? 5 : 2)) {
        case 0: return fields({{"namespaces", selector()}});
        case 1: return fields({{"pods", namespaced_pods()}});
        case 2: return fields({{"networks", list(3, [this] { return cidr(); })}});
        case 3: return fields({{"nodes", selector()}});
        default: break;
    }
    const auto domain = [this] {
        return text(choices_.pick({"a.example.com", "*.example.com", "EXAMPLE.com.", "*", "a..b"}));
    };
    return fields({{"domainNames", list(2, domain)}});
}

std::string ObjectMaker::cluster_protocol() {
    if (choices_.chance(48)) {
        return fields({{"destinationNamedPort", text(choices_.pick({"http", "dns", "web"}))}});
    }
    const std::string range = fields({{"start", port_number()}, {"end", port_number()}});
    const std::string port =
        choices_.chance(160) ? fields({{"number", port_number()}}) : fields({{"range", range}});
    const char* protocol = choices_.pick({"tcp", "udp", "sctp"});
    return fields({{protocol, fields({{"destinationPort", maybe(port, 250)}})}});
}

std::string ObjectMaker::cluster_rule(bool egress) {
    return fields({{"name", maybe(text(name()), 64)},
                   {"action", text(choices_.pick({"Accept", "Deny", "Pass"}))},
                   {egress ? "to" : "from", list(3, [=, this] { return tiered_peer(egress); })},
                   {"protocols", maybe(list(3, [this] { return cluster_protocol(); }), 128)}});
}

std::string ObjectMaker::cluster_policy() {
    const std::string spec =
        fields({{"tier", text(choices_.pick({"Admin", "Baseline", "Admin", "Other"}))},
                {"priority", number()},
                {"subject", subject()},
                {"ingress", maybe(list(4, [this] { return cluster_rule(false); }))},
                {"egress", maybe(list(4, [this] { return cluster_rule(true); }))}});
    return whole("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy",
                 {{"metadata", metadata(false)}, {"spec", spec}});
}

std::string ObjectMaker::admin_port() {
    if (choices_.chance(48)) return fields({{"namedPort", text(choices_.pick({"http", "dns"}))}});
    const std::string protocol = maybe(text(choices_.pick({"TCP", "UDP", "SCTP"})));
    if (choices_.chance(160)) {
        return fields({{"portNumber", fields({{"protocol", protocol}, {"port", port_number()}})}});
    }
    return fields(
        {{"portRange",
          fields({{"protocol", protocol}, {"start", port_number()}, {"end", port_number()}})}});
}

std::string ObjectMaker::admin_rule(bool egress) {
    return fields({{"name", maybe(text(name()), 64)},
                   {"action", text(choices_.pick({"Allow", "Deny", "Pass"}))},
                   {egress ? "to" : "from", list(3, [=, this] { return tiered_peer(egress); })},
                   {"ports", maybe(list(3, [this] { return admin_port(); }), 128)}});
}

std::string ObjectMaker::admin_policy(bool baseline) {
    const std::string spec =
        fields({{"priority", baseline ? "" : number()},
                {"subject", subject()},
                {"ingress", maybe(list(3, [this] { return admin_rule(false); }))},
                {"egress", maybe(list(3, [this] { return admin_rule(true); }))}});
    const std::string about = baseline ? fields({{"name", text("default")}}) : metadata(false);
    return whole("policy.networking.k8s.io/v1alpha1",
                 baseline ? "BaselineAdminNetworkPolicy" : "AdminNetworkPolicy",
                 {{"metadata", about}, {"spec", spec}});
}

std::string ObjectMaker::other() {
    const auto one = [this] { return pod(); };
    switch (choices_.below(5)) {
        case 0: return whole("v1", "List", {{"items", list(2, one)}});
        case 1: return whole("v1", "PodList", {{"items", list(2, one)}});
        case 2: return whole("apps/v1", "Deployment", {{"metadata", metadata(true)}});
        case 3: return whole("cilium.io/v2", "CiliumNetworkPolicy", {{"metadata", metadata(true)}});
        default: return "{" + odd_text() + ":" + junk() + "}";
    }
}

std::string ObjectMaker::object() {
    const std::uint32_t kind = choices_.below(64);
    if (kind < 18) return pod();
    if (kind < 23) return namespace_object();
    if (kind < 28) return node();
    if (kind < 45) return network_policy();
    if (kind < 56) return cluster_policy();
    if (kind < 60) return admin_policy(false);
    if (kind < 62) return admin_policy(true);
    return other();
}

}  // namespace tierwall::fuzz
