// SPDX-License-Identifier: Apache-2.0
#include "control/agent/port_bindings.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace tierwall;
using namespace tierwall::agent;

namespace {

constexpr std::uint16_t kPort = 3;

void put(proto::ResourceSet& set, const char* ip, const char* name, v1::AddressKind kind) {
    const base::Address address = *base::parse_address(ip);
    v1::Address body;
    body.set_ip(std::string(address.bytes.begin(), address.bytes.end()));
    body.set_identity(1);
    body.set_kind(kind);
    body.set_name(name);
    set.put({v1::RESOURCE_TYPE_ADDRESS, proto::address_key(body.ip())}, body.SerializeAsString());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_snapshot_tells_the_addresses_of_a_pod_and_of_nobody_else) {
    proto::ResourceSet set;
    put(set, "10.0.0.1", "shop/web", v1::ADDRESS_KIND_POD);
    put(set, "fd00::1", "shop/web", v1::ADDRESS_KIND_POD);
    put(set, "10.0.0.2", "shop/web-1", v1::ADDRESS_KIND_POD);
    put(set, "10.0.0.3", "other/shop/web", v1::ADDRESS_KIND_POD);
    put(set, "10.0.0.4", "shop/web", v1::ADDRESS_KIND_NODE);
    set.put({v1::RESOURCE_TYPE_ADDRESS, "x"}, std::string("shop/web\xff\xff"));
    const auto found = addresses_of(set, "shop/web");
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    for (const char* ip : {"10.0.0.1", "fd00::1"}) {
        BOOST_CHECK(std::count(found.begin(), found.end(), *base::parse_address(ip)) == 1);
    }
}

BOOST_AUTO_TEST_CASE(bindings_follow_the_pod_and_let_go_of_what_it_left) {
    const base::Address first = *base::parse_address("10.0.0.1");
    const base::Address second = *base::parse_address("10.0.0.2");
    PortBindings bindings({{.port = kPort, .pod = "shop/web", .addresses = {}}});
    std::map<base::Address, std::uint16_t> bound;
    const auto bind = [&](const base::Address& address, std::uint16_t port) {
        bound[address] = port;
    };
    std::vector<base::Address> addresses{first};
    const auto addresses_now = [&](const std::string&) { return addresses; };
    bindings.update(addresses_now, bind);
    BOOST_CHECK_EQUAL(bound.at(first), kPort);
    addresses = {second};
    bindings.update(addresses_now, bind);
    BOOST_CHECK_EQUAL(bound.at(first), identity::kUnbound);
    BOOST_CHECK_EQUAL(bound.at(second), kPort);
    bound.clear();
    bindings.update(addresses_now, bind);
    BOOST_CHECK(bound.empty());
}
