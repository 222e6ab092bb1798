// SPDX-License-Identifier: Apache-2.0
#include "control/agent/config.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

const std::string kGood = R"(eal: ["--in-memory", "--iova-mode=va"]
ports:
  - {name: uplink, device: "net_af_packet0,iface=tw0", side: uplink}
  - {name: pod-a, device: "net_af_packet1,iface=tw1", side: pods, pod: shop/web-0}
mode: wire
workers: 1
scope: all
sync: unix:/run/tierwall/sync.sock
boot: closed
state_dir: /var/lib/tierwall
)";

std::string ports(int number) {
    std::string out = "sync: unix:/s\nmode: switch\nports:\n";
    for (int i = 0; i < number; ++i) {
        out += "  - {name: p" + std::to_string(i) + ", device: net_null" + std::to_string(i) +
               ", side: pods}\n";
    }
    return out;
}

/// The good file with one text replaced.
std::string with(const std::string& from, const std::string& to) {
    std::string out = kGood;
    const std::size_t at = out.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return out.replace(at, from.size(), to);
}

struct Case {
    const char* name;
    std::string text;
    int line;           ///< 0: the file is good
    const char* words;  ///< in the message
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

const Case kCases[] = {
    {"as documented", kGood, 0, ""},
    {"unknown key", kGood + "colour: red\n", 11, "colour"},
    {"unknown key of a port", with("side: uplink", "side: uplink, speed: 1"), 3, "speed"},
    {"duplicate key", kGood + "mode: wire\n", 11, ""},
    {"no ports", with("ports:", "portz:"), 3, "portz"},
    {"ports missing", "sync: unix:/s\n", 1, "ports"},
    {"empty ports", "sync: unix:/s\nports: []\n", 2, "ports"},
    {"thirty-two ports", ports(32), 0, ""},
    {"thirty-three ports", ports(33), 4, "32"},
    {"odd in wire mode", ports(3) + "boot: closed\n", 0, ""},
    {"same name", with("name: pod-a", "name: uplink"), 4, "name"},
    {"same device", with("net_af_packet1,iface=tw1", "net_af_packet0,iface=tw0"), 4, "device"},
    {"no side", with(", side: uplink", ""), 3, "side"},
    {"wrong side", with("side: uplink", "side: both"), 3, "side"},
    {"no device", with("device: \"net_af_packet1,iface=tw1\", ", ""), 4, "device"},
    {"empty name", with("name: uplink", "name: \"\""), 3, "name"},
    {"pod on the uplink", with("side: uplink", "side: uplink, pod: a/b"), 3, "pods side"},
    {"pod without namespace", with("shop/web-0", "web-0"), 4, "NAMESPACE/NAME"},
    {"pod with two slashes", with("shop/web-0", "a/b/c"), 4, "NAMESPACE/NAME"},
    {"addresses", with("pod: shop/web-0", "addresses: [10.0.0.1, \"fd00::1\"]"), 0, ""},
    {"bad address", with("pod: shop/web-0", "addresses: [10.0.0.300]"), 4, "IP address"},
    {"mac", with("pod: shop/web-0", "mac: \"02:00:5e:aA:0b:ff\""), 0, ""},
    {"mac on the uplink", with("side: uplink", "side: uplink, mac: \"02:00:5e:aa:0b:ff\""), 3,
     "pods side"},
    {"mac of a group", with("pod: shop/web-0", "mac: \"03:00:5e:aa:0b:ff\""), 4, "MAC address"},
    {"mac of nobody", with("pod: shop/web-0", "mac: \"00:00:00:00:00:00\""), 4, "MAC address"},
    {"mac too short", with("pod: shop/web-0", "mac: \"02:00:5e:aa:0b\""), 4, "MAC address"},
    {"mac too long", with("pod: shop/web-0", "mac: \"02:00:5e:aa:0b:ff:0\""), 4, "MAC address"},
    {"mac with dashes", with("pod: shop/web-0", "mac: 02-00-5e-aa-0b-ff"), 4, "MAC address"},
    {"mac with a sign", with("pod: shop/web-0", "mac: \"02:00:5e:-a:0b:ff\""), 4, "MAC address"},
    {"wrong mode", with("mode: wire", "mode: router"), 5, "wire or switch"},
    {"no workers", with("workers: 1", "workers: 0"), 6, "workers"},
    {"64 workers", with("workers: 1", "workers: 64"), 0, ""},
    {"65 workers", with("workers: 1", "workers: 65"), 6, "workers"},
    {"workers as text", with("workers: 1", "workers: \"1\""), 6, "workers"},
    {"scope of a node", with("scope: all", "scope: node:worker-1"), 0, ""},
    {"scope without name", with("scope: all", "scope: \"node:\""), 7, "node:NAME"},
    {"scope of something else", with("scope: all", "scope: some"), 7, "node:NAME"},
    {"no sync", with("sync: unix:/run/tierwall/sync.sock\n", ""), 1, "sync"},
    {"sync that is no address", with("unix:/run/tierwall/sync.sock", "sync"), 8, "sync"},
    {"tcp without tls", with("unix:/run/tierwall/sync.sock", "sync:7443"), 8, "tls"},
    {"tcp with tls",
     with("unix:/run/tierwall/sync.sock", "sync:7443") + "tls: {ca: a, cert: b, key: c}\n", 0, ""},
    {"tls without key", kGood + "tls: {ca: a, cert: b}\n", 11, "key"},
    {"tls with more", kGood + "tls: {ca: a, cert: b, key: c, password: d}\n", 11, "password"},
    {"boot open", with("boot: closed", "boot: open"), 0, ""},
    {"own node exempt", kGood + "own_node_egress: exempt\n", 0, ""},
    {"own node enforced", kGood + "own_node_egress: enforce\n", 0, ""},
    {"own node else", kGood + "own_node_egress: allow\n", 11, "enforce or exempt"},
    {"established kept", kGood + "established: keep\n", 0, ""},
    {"established judged again", kGood + "established: rejudge\n", 0, ""},
    {"established else", kGood + "established: yes\n", 11, "established"},
    {"boot ajar", with("boot: closed", "boot: ajar"), 9, "closed or open"},
    {"pickup off", kGood + "pickup_s: 0\n", 0, ""},
    {"pickup below", kGood + "pickup_s: -1\n", 11, "pickup_s"},
    {"no flows", kGood + "flows_max: 0\n", 11, "flows_max: must be at least 1024"},
    {"less than no flows", kGood + "flows_max: -1\n", 11, "flows_max"},
    {"too few flows", kGood + "flows_max: 1023\n", 11, "flows_max: must be at least 1024"},
    {"fewest flows", kGood + "flows_max: 1024\n", 0, ""},
    {"fewest flows of 3 workers", with("workers: 1", "workers: 3") + "flows_max: 3072\n", 0, ""},
    {"too few flows for 3 workers", with("workers: 1", "workers: 3") + "flows_max: 3071\n", 11,
     "flows_max: must be at least 3072"},
    {"flows before too many workers", "flows_max: 4095\n" + with("workers: 1", "workers: 4"), 1,
     "flows_max: must be at least 4096"},
    {"no lines about denied packets", kGood + "log_denied_per_s: 0\n", 0, ""},
    {"most lines", kGood + "log_denied_per_s: 10000\n", 0, ""},
    {"too many lines", kGood + "log_denied_per_s: 10001\n", 11, "log_denied_per_s"},
    {"lines below", kGood + "log_denied_per_s: -1\n", 11, "log_denied_per_s"},
    {"most flows", kGood + "flows_max: 268435456\n", 0, ""},
    {"too many flows", kGood + "flows_max: 268435457\n", 11, "flows_max"},
    {"timeouts", kGood + "timeouts: {tcp_established_s: 3600}\n", 0, ""},
    {"timeout unknown", kGood + "timeouts: {tcp_s: 3600}\n", 11, "tcp_s"},
    {"timeout too long", kGood + "timeouts: {tcp_established_s: 32768}\n", 11, "tcp_established_s"},
    {"non-ip", kGood + "pass_non_ip: true\n", 0, ""},
    {"non-ip as number", kGood + "pass_non_ip: 1\n", 11, "pass_non_ip"},
    {"status socket", kGood + "status_socket: unix:/run/x.sock\n", 0, ""},
    {"status socket over tcp", kGood + "status_socket: localhost:80\n", 11, "status_socket"},
    {"a list", "- a\n", 1, ""},
    {"two documents", kGood + "---\nmode: wire\n", -1, "one YAML document"},
    {"nothing", "", -1, "one YAML document"},
    {"no yaml", "ports: [\n", 2, ""},
};

}  // namespace

BOOST_DATA_TEST_CASE(a_configuration_is_refused_with_its_line, data::make(kCases), c) {
    const auto config = agent::parse_config(c.text, "t.yaml");
    BOOST_TEST_CONTEXT(c.name) {
        BOOST_TEST(config.ok() == (c.line == 0));
        if (config.ok() || c.line == 0) {
            if (!config.ok()) BOOST_TEST_MESSAGE(config.error().text());
            return;
        }
        const std::string text = config.error().text();
        BOOST_TEST_CONTEXT(text) {
            if (c.line > 0) BOOST_TEST(text.starts_with("t.yaml:" + std::to_string(c.line)));
            BOOST_TEST(text.find(c.words) != std::string::npos);
            BOOST_TEST(text.find('\n') == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_value_arrives_where_it_belongs) {
    const auto config = agent::parse_config(R"(
eal: [--no-huge]
ports:
  - {name: up, device: net_null0, side: uplink}
  - {name: a, device: net_null1, side: pods, pod: shop/web, addresses: [10.0.0.9]}
mode: switch
workers: 3
scope: node:n1
sync: "[::1]:7443"
tls: {ca: ca.pem, cert: /abs/cert.pem, key: sub/../key.pem}
boot: open
state_dir: state
name: gate-1
status_socket: unix:/tmp/s.sock
flows_max: 5000
addresses_max: 6000
log_denied_per_s: 25
pickup_s: 7
pass_non_ip: true
own_node_egress: exempt
established: keep
timeouts: {icmp_s: 3, tcp_closed_s: 1}
)",
                                            "/etc/tierwall/t.yaml");
    BOOST_REQUIRE(config.ok());
    BOOST_TEST(config->eal.size() == 1u);
    BOOST_TEST(config->dataplane.ports.size() == 2u);
    BOOST_TEST((config->dataplane.ports[0].side == worker::Side::Uplink));
    BOOST_TEST((config->dataplane.ports[1].side == worker::Side::Pods));
    BOOST_TEST(config->dataplane.ports[1].pod == "shop/web");
    BOOST_TEST((config->dataplane.mode == worker::DataplaneConfig::Mode::Switch));
    BOOST_TEST(config->dataplane.workers == 3u);
    BOOST_TEST(config->dataplane.boot_open);
    BOOST_TEST(config->dataplane.pass_non_ip);
    BOOST_TEST(config->dataplane.keep_established);
    BOOST_TEST(config->own_node_egress);
    BOOST_TEST(config->dataplane.flows_max == 5000u);
    BOOST_TEST(config->dataplane.pickup_s == 7u);
    BOOST_TEST(config->dataplane.timeouts.icmp_s == 3u);
    BOOST_TEST(config->dataplane.timeouts.tcp_closed_s == 1u);
    BOOST_TEST(config->dataplane.timeouts.tcp_established_s == 7200u);
    BOOST_REQUIRE_EQUAL(config->bindings.size(), 1u);
    BOOST_TEST(config->bindings[0].port == 1u);
    BOOST_TEST(config->bindings[0].pod == "shop/web");
    BOOST_TEST(base::text(config->bindings[0].addresses.at(0)) == "10.0.0.9");
    BOOST_TEST(config->scope == "node:n1");
    BOOST_TEST(config->sync.text() == "[::1]:7443");
    BOOST_TEST(config->tls.ca == "/etc/tierwall/ca.pem");
    BOOST_TEST(config->tls.cert == "/abs/cert.pem");
    BOOST_TEST(config->tls.key == "/etc/tierwall/key.pem");
    BOOST_TEST(config->state_dir == "/etc/tierwall/state");
    BOOST_TEST(config->name == "gate-1");
    BOOST_TEST(config->status_socket == "/tmp/s.sock");
    BOOST_TEST(config->addresses_max == 6000u);
    BOOST_TEST(config->log_denied_per_s == 25u);
}

BOOST_AUTO_TEST_CASE(what_is_not_said_is_the_careful_choice) {
    const auto config = agent::parse_config(
        "sync: unix:/s\nports: [{name: a, device: net_null0, side: pods}, {name: b, device: "
        "net_null1, side: "
        "uplink}]\n",
        "t.yaml");
    BOOST_REQUIRE(config.ok());
    BOOST_TEST(!config->dataplane.boot_open);
    BOOST_TEST(!config->dataplane.pass_non_ip);
    BOOST_TEST(!config->dataplane.keep_established);
    BOOST_TEST(!config->own_node_egress);
    BOOST_TEST(config->scope == "all");
    BOOST_TEST(config->log_denied_per_s == 10u);
    BOOST_TEST(config->dataplane.workers == 1u);
    BOOST_TEST((config->dataplane.mode == worker::DataplaneConfig::Mode::Wire));
    BOOST_TEST(config->status_socket == "/run/tierwall/tierwalld.sock");
}

BOOST_AUTO_TEST_CASE(wire_mode_needs_pairs) {
    std::string text = ports(3);
    text.replace(text.find("switch"), 6, "wire");
    const auto config = agent::parse_config(text, "t.yaml");
    BOOST_REQUIRE(!config.ok());
    BOOST_TEST(config.error().text().find("even number") != std::string::npos);
}
