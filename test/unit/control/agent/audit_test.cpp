// SPDX-License-Identifier: Apache-2.0
// What a snapshot with audited policies comes to: verdicts, explanations, lines of the log.
#include "control/agent/denial_text.hpp"
#include "control/agent/enforcer.hpp"
#include "control/agent/explain.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::Enforcer;
using base::Action;
using base::Decision;
using base::Direction;

namespace {

constexpr std::uint8_t kTcp = 6;

base::Address ip(const std::string& text) { return *base::parse_address(text); }

SmallSnapshot audited() {
    SmallSnapshot out;
    out.audit_web();
    return out;
}

struct Fixture {
    std::unique_ptr<Enforcer> enforcer;
    std::uint64_t epoch = 0;

    Fixture() {
        auto made = Enforcer::create({.addresses_max = 1000});
        BOOST_REQUIRE(made.ok());
        enforcer = std::move(*made);
    }
    void apply(const SmallSnapshot& snapshot) {
        std::vector<base::Error> problems;
        const auto status = enforcer->apply(snapshot.resources, ++epoch, problems);
        const std::string wrong = status.ok() ? std::string() : status.error().text();
        BOOST_REQUIRE_MESSAGE(status.ok(), wrong);
    }
    Enforcer::Answer ask(const std::string& from, const std::string& to, std::uint16_t port) const {
        return enforcer->ask(ip(from), ip(to), kTcp, port);
    }
    std::uint32_t changed(const std::string& address) const {
        return enforcer->addresses().changed(enforcer->entry(ip(address)).slot);
    }
    v1::ExplainReply explain(const std::string& from, const std::string& to,
                             std::uint32_t port) const {
        v1::ExplainRequest request;
        request.set_from(from);
        request.set_to(to);
        request.set_protocol("TCP");
        request.set_port(port);
        return agent::explain(*enforcer, request);
    }
};

constexpr Decision kDefault{Action::Allow, 0, base::kTierDefault, 0};
constexpr Decision kAllowed{Action::Allow, 0, base::kTierNetworkPolicy, kAllowDb};
constexpr Decision kWouldIsolate{Action::Deny, 0, base::kTierNetworkPolicy, kIsolation};

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(an_audited_policy_denies_nothing_and_is_named_with_what_it_would_deny) {
    Fixture f;
    f.apply(audited());
    const Enforcer::Answer open = f.ask("10.0.0.3", "10.0.0.1", 80);
    BOOST_CHECK(open.allowed && open.ingress == kAllowed && open.audit == Decision{});
    const Enforcer::Answer other = f.ask("10.0.0.3", "10.0.0.1", 81);
    BOOST_CHECK(other.allowed && other.ingress == kDefault && other.audit == kWouldIsolate);
    // Its own node would reach it, whoever is denied anyhow is not audited, and neither is a pod
    // that the policy does not select.
    BOOST_CHECK(f.ask("172.16.0.1", "10.0.0.1", 81).audit == Decision{});
    BOOST_CHECK(f.ask("172.16.0.2", "10.0.0.1", 81).audit == kWouldIsolate);
    const Enforcer::Answer denied = f.ask("10.0.0.1", "10.0.0.2", 22);
    BOOST_CHECK(!denied.allowed && denied.audit == Decision{});
    BOOST_CHECK(f.ask("10.0.0.1", "10.0.0.3", 81).audit == Decision{});
}

BOOST_AUTO_TEST_CASE(a_change_of_mode_has_the_flows_of_its_subjects_judged_again_and_no_others) {
    Fixture f;
    f.apply({});
    const std::uint32_t db = f.changed("10.0.0.3");
    const std::uint32_t before = f.changed("10.0.0.1");
    f.apply(audited());
    BOOST_TEST(f.changed("10.0.0.1") == before + 1);
    BOOST_TEST(f.changed("10.0.0.3") == db);
    BOOST_TEST(f.ask("10.0.0.3", "10.0.0.1", 81).allowed);
    f.apply({});
    BOOST_TEST(f.changed("10.0.0.1") == before + 2);
    BOOST_TEST(f.changed("10.0.0.3") == db);
    BOOST_TEST(!f.ask("10.0.0.3", "10.0.0.1", 81).allowed);
    BOOST_TEST(!f.enforcer->ladder().audits(Direction::Ingress));
}

BOOST_AUTO_TEST_CASE(a_new_pod_with_a_known_identity_leaves_audited_tables_alone) {
    Fixture f;
    SmallSnapshot snapshot = audited();
    f.apply(snapshot);
    const tier::Ladder* ladder = &f.enforcer->ladder();
    snapshot.pod("10.0.0.9", kWeb, 1, "shop/web-9");
    f.apply(snapshot);
    BOOST_TEST(&f.enforcer->ladder() == ladder);
    BOOST_CHECK(f.ask("10.0.0.3", "10.0.0.9", 81).audit == kWouldIsolate);
}

BOOST_AUTO_TEST_CASE(an_explanation_says_what_is_and_what_would_be) {
    Fixture f;
    f.apply(audited());
    const v1::ExplainReply reply = f.explain("shop/db-0", "shop/web-0", 81);
    BOOST_TEST(reply.verdict() == "allow");
    BOOST_TEST(reply.words() ==
               "TCP 81 from shop/db-0 to shop/web-0 is allowed: no policy decides, and the default "
               "is to allow; no policy decides, and the default is to allow; it would be denied if "
               "audited policies were enforced: shop/web-0 is isolated by NetworkPolicy/shop/web "
               "(ingress) and no rule allows TCP 81 from shop/db-0");
    BOOST_TEST(reply.audit().verdict() == "deny");
    BOOST_TEST(reply.audit().direction() == "ingress");
    BOOST_TEST(reply.audit().tier() == "NetworkPolicy");
    BOOST_TEST(reply.audit().policy() == "NetworkPolicy/shop/web");
    BOOST_TEST(reply.audit().rule() == -1);
    BOOST_REQUIRE_EQUAL(reply.ingress().tiers_size(), 3);
    const v1::TierExplanation& tier = reply.ingress().tiers(1);
    BOOST_REQUIRE_EQUAL(tier.policies_size(), 1);
    BOOST_TEST(tier.policies(0) == "NetworkPolicy/shop/web");
    BOOST_TEST(!tier.decided());
    BOOST_TEST(tier.words() ==
               "only audited policies select shop/web-0; none of their rules allows TCP 81 from "
               "shop/db-0, and they isolate nobody");
    BOOST_TEST(!f.explain("shop/db-0", "shop/web-0", 80).has_audit());
    BOOST_TEST(f.enforcer->rule(kIsolation)->audit);
    BOOST_TEST(!f.enforcer->rule(kNoSsh)->audit);
}

BOOST_AUTO_TEST_CASE(a_line_of_the_log_tells_what_would_be_from_what_was) {
    Fixture f;
    f.apply(audited());
    verdict::Event event;
    event.tuple = {ip("10.0.0.3"), ip("10.0.0.1"), 40000, 81, kTcp};
    event.verdict = {Action::Deny, base::Reason::Isolated, base::kTierNetworkPolicy, kIsolation};
    event.audit = true;
    BOOST_TEST(
        agent::denial_text(event, "p2", *f.enforcer) ==
        "audit: would deny tcp shop/db-0 (10.0.0.3) -> shop/web-0 (10.0.0.1):81: isolated by "
        "NetworkPolicy NetworkPolicy/shop/web isolation (ingress), from port p2");
}

BOOST_AUTO_TEST_SUITE_END()
