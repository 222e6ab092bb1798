// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/flow_case.hpp"

#include "dataplane/base/protocol.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

using Kind = ctl::CaseStep::Kind;

const std::string kStep =
    R"({"op": "packet", "from": "shop/web", "to": "10.0.0.2", "protocol": "TCP", "sport": 40000,
        "dport": 80, "flags": "SYN+ACK", "expect": "deny"})";

/// A case that is right, with one text put in the place of another.
std::string case_with(const std::string& from, const std::string& to,
                      const std::string& step = kStep) {
    std::string text = R"({"format": 1, "kind": "flow", "name": "n", "title": "t", "note": "x",
        "source": {"path": "p"}, "basis": "spec", "family": "IPv4", "pickup_s": 5,
        "cluster": {
         "namespaces": [{"name": "shop", "labels": {"team": "a"}}],
         "nodes": [{"name": "n1", "labels": {}, "addresses": [
          {"type": "InternalIP", "address": "172.16.0.1"}, {"type": "Hostname", "address": "n1"}]}],
         "pods": [{"namespace": "shop", "name": "web", "labels": {"app": "web"},
          "ips": ["10.0.0.1"], "node": "n1", "hostNetwork": false, "ports": [
           {"name": "http", "protocol": "TCP", "containerPort": 80}]}],
         "dns": [{"name": "example.com", "ips": ["203.0.113.1"]}]},
        "policies": [{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
         "metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": {}}}],
        "steps": [)" + step +
                       "]}";
    if (from.empty()) return text;
    const std::size_t at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

struct Wrong {
    const char* from;
    const char* to;
    const char* words;  ///< that the error must have
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
    return out << wrong.from << " -> " << wrong.to;
}

const Wrong kWrongCases[] = {
    {"\"format\": 1", "\"format\": 2", "format: must be between 1 and 1"},
    {"\"format\": 1, ", "", "format: is required"},
    {"\"kind\": \"flow\"", "\"kind\": \"reachability\"", "kind: must be one of: flow"},
    {"\"name\": \"n\", ", "", "name: is required"},
    {"\"basis\": \"spec\"", "\"basis\": \"rumour\"", "basis: must be one of"},
    {"\"family\": \"IPv4\"", "\"family\": \"IPv5\"", "family: must be one of"},
    {"\"title\"", "\"titel\"", "titel: unknown field"},
    {"\"pickup_s\": 5", "\"pickup_s\": -1", "pickup_s: must be between"},
    {"\"pickup_s\": 5", "\"pickup_s\": 86401", "pickup_s: must be between"},
    {"\"nodes\"", "\"knots\"", "cluster.knots: unknown field"},
    {"\"name\": \"shop\"", "\"name\": \"\"", "cluster.namespaces[0].name: must not be empty"},
    {"\"address\": \"172.16.0.1\"", "\"address\": \"172.16.0\"",
     "cluster.nodes[0].addresses[0].address: \"172.16.0\" is not an IP address"},
    {"\"ips\": [\"10.0.0.1\"]", "\"ips\": [7]", "cluster.pods[0].ips[0]: must be a string"},
    {"\"containerPort\": 80", "\"containerPort\": 0", "cluster.pods[0].ports[0].containerPort"},
    {"\"protocol\": \"TCP\", \"containerPort\"", "\"protocol\": \"tcp\", \"containerPort\"",
     "cluster.pods[0].ports[0].protocol: must be TCP, UDP or SCTP"},
    {"\"hostNetwork\"", "\"hostnetwork\"", "cluster.pods[0].hostnetwork: unknown field"},
    {"[{\"name\": \"shop\", \"labels\": {\"team\": \"a\"}}]",
     "[{\"name\": \"shop\"}, {\"name\": \"shop\"}]",
     "cluster.namespaces[1]: there is another Namespace/shop"},
    {"\"kind\": \"NetworkPolicy\"", "\"kind\": \"Secret\"", "policies[0]: no policy"},
    {"\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\"",
     "\"apiVersion\": \"v1\", \"kind\": \"Pod\"", "policies[0]: no policy"},
    {"\"op\": \"packet\"", "\"op\": \"parcel\"", "steps[0].op: unknown step \"parcel\""},
    {"\"op\": \"packet\", ", "", "steps[0].op: is required"},
    {"\"to\": \"10.0.0.2\"", "\"to\": \"web\"", "steps[0].to: neither"},
    {"\"protocol\": \"TCP\", \"sport\"", "\"protocol\": \"TPC\", \"sport\"",
     "steps[0].protocol: must be"},
    {"\"protocol\": \"TCP\", \"sport\"", "\"protocol\": 256, \"sport\"",
     "steps[0].protocol: must be between"},
    {"\"sport\": 40000", "\"sport\": 65536", "steps[0].sport: must be between"},
    {"\"sport\": 40000", "\"sports\": 40000", "steps[0].sports: unknown field"},
    {"\"dport\": 80,", "", "steps[0].dport: is required"},
    {"\"flags\": \"SYN+ACK\", ", "", "steps[0].flags: is required"},
    {"SYN+ACK", "SYN,ACK", "steps[0].flags: no flag of TCP: \"SYN,ACK\""},
    {"SYN+ACK", "-", "steps[0].flags: no flag of TCP"},
    {"\"expect\": \"deny\"", "\"expect\": \"reject\"", "steps[0].expect: must be allow or deny"},
    {"\"expect\": \"deny\"", "\"note\": \"deny\"", "steps[0].expect: is required"},
    {"\"expect\": \"deny\"", "\"expect\": \"deny\", \"reason\": \"no_mood\"",
     "steps[0].reason: no reason of a verdict"},
    {"\"expect\": \"deny\"", "\"expect\": \"deny\", \"via\": \"web\"", "steps[0].via: must be"},
    {"\"expect\": \"deny\"",
     "\"expect\": \"deny\", \"fragment\": {\"id\": 1, \"offset\": 12, \"more\": true}",
     "steps[0].fragment.offset: must be a multiple of 8"},
    {"\"expect\": \"deny\"", "\"expect\": \"deny\", \"fragment\": {\"id\": 1, \"offset\": 8}",
     "steps[0].fragment.more: is required"},
};

const Wrong kWrongSteps[] = {
    {"", "", "steps: at least one step"},
    {R"({"op": "advance"})", "", "steps[0].seconds: is required"},
    {R"({"op": "advance", "seconds": 0})", "", "steps[0].seconds: must be between 1"},
    {R"({"op": "advance", "seconds": 2592001})", "", "steps[0].seconds: must be between"},
    {R"({"op": "advance", "seconds": 1.5})", "", "steps[0].seconds: must be an integer"},
    {R"({"op": "set_policies"})", "", "steps[0].policies: is required"},
    {R"({"op": "set_policies", "policies": [{"kind": "Secret"}]})", "", "steps[0].policies[0]"},
    {R"({"op": "set_policies", "policies": [], "cluster": {}})", "", "steps[0].cluster: unknown"},
    {R"({"op": "set_cluster", "cluster": {"pods": [{"name": "a"}]}})", "",
     "steps[0].cluster.pods[0].namespace: is required"},
    {R"({"op": "icmp_error", "from": "1.2.3.4", "to": "a/b", "type": 3, "code": 4,
         "expect": "allow"})",
     "", "steps[0].embedded: is required"},
    {R"({"op": "icmp_error", "from": "1.2.3.4", "to": "a/b", "type": 256, "code": 4, "embedded":
         {"from": "a/b", "to": "c/d", "protocol": "UDP", "sport": 1, "dport": 2},
         "expect": "allow"})",
     "", "steps[0].type: must be between"},
    {R"({"op": "icmp_error", "from": "1.2.3.4", "to": "a/b", "type": 3, "code": 4, "embedded":
         {"from": "a/b", "to": "c/d", "protocol": "UDP", "sport": 1, "dport": 2, "flags": "-"},
         "expect": "allow"})",
     "", "steps[0].embedded.flags: unknown field"},
    {R"({"op": "dns_response", "server": "a/b", "client": "c/d", "question": "q.",
         "answers": [{"name": "q.", "type": "A", "data": "192.0.2.1"}]})",
     "", "steps[0].answers[0].ttl: is required"},
    {R"({"op": "packet", "from": "a/b", "to": "c/d", "protocol": "SCTP", "sport": 1, "dport": 2,
         "flags": "SYN", "expect": "allow"})",
     "", "steps[0].flags: no chunk of SCTP"},
    {R"({"op": "packet", "from": "a/b", "to": "c/d", "protocol": "UDP", "sport": 1, "dport": 2,
         "flags": "SYN", "expect": "allow"})",
     "", "steps[0].flags: must be -"},
    {R"({"op": "packet", "from": "a/b", "to": "c/d", "protocol": "ICMP", "flags": "ECHO",
         "expect": "allow"})",
     "", "steps[0].flags: must be REQUEST or REPLY"},
};

ctl::CaseStep only_step(const std::string& step) {
    const auto read = ctl::parse_flow_case(case_with("", "", step), "case");
    BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().text()));
    BOOST_REQUIRE(read->steps.size() == 1);
    return read->steps.front();
}

}  // namespace

BOOST_DATA_TEST_CASE(a_wrong_case_is_refused_and_its_field_named, data::make(kWrongCases)) {
    const auto read = ctl::parse_flow_case(case_with(sample.from, sample.to), "case");
    BOOST_REQUIRE(!read.ok());
    BOOST_TEST(read.error().text().find(sample.words) != std::string::npos, read.error().text());
    BOOST_TEST(read.error().where.starts_with("case:"));
}

BOOST_DATA_TEST_CASE(a_wrong_step_is_refused_and_its_field_named, data::make(kWrongSteps)) {
    const auto read = ctl::parse_flow_case(case_with("", "", sample.from), "case");
    BOOST_REQUIRE(!read.ok());
    BOOST_TEST(read.error().text().find(sample.words) != std::string::npos, read.error().text());
}

BOOST_AUTO_TEST_CASE(what_is_no_single_object_is_refused) {
    for (const char* text : {"", "[]", "7", "{", "{} {}", "{\"format\": 1, \"format\": 1}"}) {
        BOOST_TEST(!ctl::parse_flow_case(text, "case").ok(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_case_is_read_as_it_is_written) {
    const auto read = ctl::parse_flow_case(case_with("", ""), "case");
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->name == "n");
    BOOST_TEST(read->pickup_s == 5u);
    BOOST_TEST(read->cluster.size() == 3u);
    BOOST_TEST(read->policies.size() == 1u);
    const ctl::CaseStep& step = read->steps.front();
    BOOST_TEST((step.kind == Kind::Packet));
    BOOST_TEST(step.packet.from == "shop/web");
    BOOST_TEST(int{step.packet.fields.protocol} == int{base::kIpTcp});
    BOOST_TEST(int{step.packet.fields.tcp_flags.value_or(0)} == 0x12);
    BOOST_TEST(!step.allow);
    BOOST_TEST(!step.either);
    BOOST_TEST(step.words == "packet TCP SYN+ACK shop/web:40000 -> 10.0.0.2:80");
}

BOOST_AUTO_TEST_CASE(either_verdict_is_right_where_the_case_or_its_step_says_so) {
    const auto read = ctl::parse_flow_case(
        case_with("\"basis\": \"spec\"", "\"basis\": \"allowed either way\""), "case");
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->steps.front().either);
    std::string step = kStep;
    step.insert(1, "\"ambiguous\": true, ");
    BOOST_TEST(only_step(step).either);
}

BOOST_AUTO_TEST_CASE(steps_that_need_names_learned_are_told) {
    const auto none = ctl::parse_flow_case(case_with("", ""), "case");
    BOOST_REQUIRE(none.ok());
    BOOST_TEST(none->needs_dns() == nullptr);
    const auto some = ctl::parse_flow_case(
        case_with("", "", kStep + R"(, {"op": "dns_response", "server": "a/b", "client": "c/d",
            "question": "q.", "answers": [], "unsolicited": true})"),
        "case");
    BOOST_REQUIRE(some.ok());
    BOOST_REQUIRE(some->needs_dns() != nullptr);
    BOOST_TEST(some->needs_dns()->field == "steps[1]");
    BOOST_TEST((only_step(R"({"op": "packet", "from": "a/b", "to": "c/d", "protocol": "UDP",
        "sport": 1, "dport": 53, "flags": "query:example.com", "expect": "allow"})")
                    .kind == Kind::Dns));
}

BOOST_AUTO_TEST_CASE(protocols_have_words_of_their_own) {
    const std::string ends = R"({"op": "packet", "from": "a/b", "to": "c/d", "expect": "allow", )";
    const std::string ports = R"("sport": 1, "dport": 2, )";
    BOOST_TEST(int{only_step(ends + ports + R"("protocol": "SCTP", "flags": "INIT"})")
                       .packet.fields.sctp_chunk} == 1);
    BOOST_TEST(int{only_step(ends + ports + R"("protocol": "SCTP"})").packet.fields.sctp_chunk} ==
               0);
    BOOST_TEST(only_step(ends + R"("protocol": "ICMPv6", "flags": "REPLY"})").packet.is_icmp_reply);
    BOOST_TEST(!only_step(ends + R"("protocol": "ICMP"})").packet.is_icmp_reply);
    BOOST_TEST(int{only_step(ends + R"("protocol": 47})").packet.fields.protocol} == 47);
}
