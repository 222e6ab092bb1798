// SPDX-License-Identifier: Apache-2.0
#include "control/agent/enforcer.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::Enforcer;

namespace {

using S = SmallSnapshot;

base::Address ip(const std::string& text) { return *base::parse_address(text); }

struct Fixture {
    std::unique_ptr<Enforcer> enforcer;
    std::vector<base::Error> problems;
    std::uint64_t epoch = 0;

    explicit Fixture(std::uint32_t addresses_max = 1000) {
        auto made = Enforcer::create({.addresses_max = addresses_max});
        BOOST_REQUIRE(made.ok());
        enforcer = std::move(*made);
    }
    void apply(const SmallSnapshot& snapshot) {
        BOOST_REQUIRE(enforcer->apply(snapshot.resources, ++epoch, problems).ok());
    }
    std::uint32_t changed(const std::string& address) const {
        return enforcer->addresses().changed(enforcer->entry(ip(address)).slot);
    }
};

void incarnate(SmallSnapshot& s, std::uint64_t incarnation) {
    for (const char* each : {"10.0.0.1", "fd00::1"}) {
        v1::Address body = S::address_body(each, kWeb, 1, "shop/web-0");
        body.set_incarnation(incarnation);
        s.put(body);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pod_made_again_under_its_name_and_address_is_free_to_be_at_another_port) {
    Fixture f;
    identity::AddressMap& map = f.enforcer->addresses();
    SmallSnapshot s;
    incarnate(s, 77);
    f.apply(s);
    for (const char* each : {"10.0.0.1", "fd00::1", "10.0.0.3"}) {
        BOOST_REQUIRE(map.claim(f.enforcer->entry(ip(each)), 3));
    }
    const auto ladder = f.enforcer->published().load()->ladder;
    incarnate(s, 78);
    f.apply(s);
    BOOST_CHECK(f.enforcer->published().load()->ladder == ladder);
    for (const char* each : {"10.0.0.1", "fd00::1"}) {
        BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip(each))), identity::kUnbound);
        BOOST_CHECK_EQUAL(f.changed(each), 2u);
        BOOST_CHECK(map.claim(f.enforcer->entry(ip(each)), 4));
    }
    BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("10.0.0.3"))), 3);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.3"), 1u);
    // Whoever is told to be the same, or not told at all, keeps its port.
    s.pod("10.0.0.1", kDb, 1, "shop/web-0");
    f.apply(s);
    BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("10.0.0.1"))), 4);
    incarnate(s, 78);
    f.apply(s);
    BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("10.0.0.1"))), 4);
    BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("fd00::1"))), 4);
}

BOOST_AUTO_TEST_CASE(nodes_that_are_numbered_anew_move_no_pod) {
    for (const std::uint64_t incarnation : {0u, 77u}) {
        Fixture f;
        identity::AddressMap& map = f.enforcer->addresses();
        SmallSnapshot s;
        incarnate(s, incarnation);
        f.apply(s);
        for (const char* each : {"10.0.0.1", "10.0.0.3"}) {
            BOOST_REQUIRE(map.claim(f.enforcer->entry(ip(each)), 3));
        }
        // n1 is number 2 now, and whoever was on number 1 is on number 2 with it.
        s.node(1, "n0");
        s.node(2, "n1");
        v1::Address body = S::address_body("10.0.0.1", kWeb, 2, "shop/web-0");
        body.set_incarnation(incarnation);
        s.put(body);
        f.apply(s);
        BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("10.0.0.1"))), 3);
        // On n0 by its number, and so on another node than before.
        s.pod("10.0.0.1", kWeb, 1, "shop/web-0");
        f.apply(s);
        BOOST_CHECK_EQUAL(map.bound_port(f.enforcer->entry(ip("10.0.0.1"))), identity::kUnbound);
    }
}

BOOST_AUTO_TEST_CASE(an_address_of_two_nodes_is_the_own_node_of_the_pods_of_each) {
    Fixture f;
    SmallSnapshot s;
    f.apply(s);
    const auto enters = [&] {
        return f.enforcer->ask(ip("10.0.0.250"), ip("10.0.0.1"), 6, 9999).ingress.tier ==
               base::kTierOwnNode;
    };
    s.node_address("10.0.0.250", 2, "n2");
    f.apply(s);
    BOOST_CHECK(!enters());
    v1::Address both = S::address_body("10.0.0.250", kNodes, 2, "n2");
    both.set_kind(v1::ADDRESS_KIND_NODE);
    both.add_nodes(1);
    both.add_nodes(2);
    s.put(both);
    f.apply(s);
    BOOST_CHECK(enters());
    BOOST_CHECK_EQUAL(f.changed("10.0.0.250"), f.enforcer->generation());
    // A pod that claims it is not that node.
    v1::Address thief = both;
    thief.set_kind(v1::ADDRESS_KIND_POD);
    thief.set_identity(kDb);
    thief.set_name("shop/thief");
    s.put(thief);
    f.apply(s);
    BOOST_CHECK(!enters());
    s.put(both);
    f.apply(s);
    BOOST_CHECK(enters());
    // A snapshot that names a node which is not there is refused.
    both.add_nodes(77);
    s.put(both);
    BOOST_CHECK(!f.enforcer->apply(s.resources, ++f.epoch, f.problems).ok());
    BOOST_CHECK(enters());
}

/// Who else has it may be at the other side.
BOOST_AUTO_TEST_CASE(an_address_of_this_node_and_another_is_local_but_not_only_here) {
    auto made = Enforcer::create({.scope = "node:n1", .addresses_max = 1000});
    BOOST_REQUIRE(made.ok());
    SmallSnapshot s;
    std::vector<base::Error> problems;
    BOOST_REQUIRE((*made)->apply(s.resources, 1, problems).ok());
    s.node_address("10.0.0.250", 1, "n1");
    BOOST_REQUIRE((*made)->apply(s.resources, 2, problems).ok());
    BOOST_CHECK((*made)->entry(ip("10.0.0.250")).is_placed());
    v1::Address both = S::address_body("10.0.0.250", kNodes, 2, "n2");
    both.set_kind(v1::ADDRESS_KIND_NODE);
    both.add_nodes(1);
    both.add_nodes(2);
    s.put(both);
    BOOST_REQUIRE((*made)->apply(s.resources, 3, problems).ok());
    BOOST_CHECK((*made)->entry(ip("10.0.0.250")).is_local());
    BOOST_CHECK(!(*made)->entry(ip("10.0.0.250")).is_placed());
}

BOOST_AUTO_TEST_CASE(what_a_pod_sends_to_another_of_its_addresses_is_to_itself) {
    Fixture f;
    SmallSnapshot s;
    for (const char* each : {"10.0.0.1", "10.0.0.9"}) {
        v1::Address body = S::address_body(each, kWeb, 1, "shop/web-0");
        body.set_one_of_several(true);
        s.put(body);
    }
    v1::Address other = S::address_body("10.0.0.10", kWeb, 1, "shop/web-1");
    other.set_one_of_several(true);
    s.put(other);
    f.apply(s);
    const auto tier = [&](const char* to) {
        return f.enforcer->ask(ip("10.0.0.1"), ip(to), 6, 9999).ingress.tier;
    };
    BOOST_CHECK_EQUAL(tier("10.0.0.9"), base::kTierSelf);
    BOOST_CHECK_EQUAL(tier("10.0.0.1"), base::kTierSelf);
    BOOST_CHECK_NE(tier("10.0.0.10"), base::kTierSelf);
}

BOOST_AUTO_TEST_CASE(a_refused_snapshot_binds_nothing) {
    Fixture f;
    int calls = 0;
    SmallSnapshot s;
    f.apply(s);
    f.enforcer->before_publication([&](const proto::ResourceSet& next) {
        ++calls;
        BOOST_CHECK(next.hash() != f.enforcer->resources().hash());
        f.enforcer->bind(ip("10.0.0.9"), 3);
    });
    SmallSnapshot bad = s;
    bad.node(0, "n0");
    BOOST_CHECK(!f.enforcer->apply(bad.resources, ++f.epoch, f.problems).ok());
    BOOST_CHECK_EQUAL(calls, 0);
    s.pod("10.0.0.9", kDb, 1, "shop/late");
    f.apply(s);
    BOOST_CHECK_EQUAL(calls, 1);
    const auto entry = f.enforcer->entry(ip("10.0.0.9"));
    BOOST_CHECK_EQUAL(f.enforcer->addresses().bound_port(entry), 3);
}

BOOST_AUTO_TEST_CASE(a_configured_port_stays_with_the_pod_that_is_made_again) {
    Fixture f;
    SmallSnapshot s;
    incarnate(s, 77);
    f.enforcer->bind(ip("10.0.0.1"), 5);
    f.apply(s);
    incarnate(s, 78);
    f.apply(s);
    const auto entry = f.enforcer->entry(ip("10.0.0.1"));
    BOOST_CHECK_EQUAL(f.enforcer->addresses().bound_port(entry), 5);
    // Another configured port counts at once, and flows are judged again.
    f.enforcer->bind(ip("10.0.0.1"), 6);
    BOOST_CHECK_EQUAL(f.enforcer->addresses().bound_port(entry), 6);
    BOOST_CHECK_EQUAL(f.changed("10.0.0.1"), f.enforcer->generation() + 1);
}

BOOST_AUTO_TEST_CASE(an_address_map_that_is_full_to_the_last_slot_refuses_and_goes_on) {
    Fixture f(8);
    const auto exchanged = [](int round, int pods) {
        SmallSnapshot s;
        for (const char* each : {"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"}) {
            s.erase_address(each);
        }
        for (int i = 0; i < pods; ++i) {
            s.pod("10." + std::to_string(round) + ".2." + std::to_string(i), kDb, 1, "shop/x");
        }
        return s;
    };
    f.apply(exchanged(1, 6));
    BOOST_CHECK_EQUAL(f.enforcer->addresses().size(), 8u);
    f.enforcer->readers().online(0);
    const worker::Snapshot* held = f.enforcer->published().load();
    // The worker goes on seeing these eight, so all sixteen slots are taken but for two.
    f.apply(exchanged(2, 6));
    BOOST_CHECK_EQUAL(f.enforcer->addresses().room(), 2u);
    f.apply(exchanged(2, 6));
    const auto before = f.enforcer->resources().hash();
    const std::uint32_t generation = f.enforcer->generation();
    for (int round = 3; round < 6; ++round) {
        const auto status = f.enforcer->apply(exchanged(round, 6).resources, 99, f.problems);
        BOOST_REQUIRE(!status.ok());
        BOOST_CHECK(status.error().code == base::Errc::Limit);
        BOOST_CHECK_EQUAL(f.enforcer->generation(), generation);
        BOOST_CHECK(f.enforcer->resources().hash() == before);
        BOOST_CHECK_EQUAL(f.enforcer->addresses().size(), 8u);
        BOOST_CHECK_EQUAL(f.enforcer->entry(ip("10.2.2.5")).identity, kDb);
        BOOST_CHECK(!f.enforcer->entry(ip("10.3.2.0")).is_known());
    }
    const base::Address old = ip("10.1.2.0");
    identity::Entry seen;
    f.enforcer->addresses().lookup({&old, 1}, held->generation, {&seen, 1});
    BOOST_CHECK(seen.is_known());
    // Two go and two come: that is what there is room for.
    SmallSnapshot s = exchanged(2, 4);
    s.pod("10.9.2.0", kDb, 1, "shop/x");
    s.pod("10.9.2.1", kDb, 1, "shop/x");
    f.apply(s);
    BOOST_CHECK_EQUAL(f.enforcer->addresses().room(), 0u);
    f.enforcer->readers().quiescent(0);
    f.enforcer->readers().offline(0);
    f.apply(exchanged(7, 6));
    BOOST_CHECK_EQUAL(f.enforcer->addresses().size(), 8u);
}
