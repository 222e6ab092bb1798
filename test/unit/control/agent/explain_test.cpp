// SPDX-License-Identifier: Apache-2.0
#include "control/agent/explain.hpp"

#include "test/unit/control/agent/small_snapshot.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using agent::Enforcer;

namespace {

std::unique_ptr<Enforcer> enforcer(bool applied = true) {
    auto made = Enforcer::create({.addresses_max = 1000});
    BOOST_REQUIRE(made.ok());
    std::vector<base::Error> problems;
    if (applied) {
        SmallSnapshot snapshot;
        snapshot.pod("10.0.0.4", kDb, 2, "shop/v4only");
        snapshot.pod("fd00::4", kDb, 2, "shop/v6only");
        BOOST_REQUIRE((*made)->apply(snapshot.resources, 1, problems).ok());
    }
    return std::move(*made);
}

v1::ExplainRequest request(const std::string& from, const std::string& to,
                           const std::string& protocol, std::uint32_t port) {
    v1::ExplainRequest out;
    out.set_from(from);
    out.set_to(to);
    out.set_protocol(protocol);
    out.set_port(port);
    return out;
}

struct Case {
    const char* from;
    const char* to;
    const char* protocol;
    std::uint32_t port;
    const char* verdict;
    const char* egress_tier;
    const char* ingress_tier;
    const char* words;
};
std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.words; }

const Case kCases[] = {
    {"shop/db-0", "shop/web-0", "tcp", 80, "allow", "Default", "NetworkPolicy",
     "TCP 80 from shop/db-0 to shop/web-0 is allowed: no policy decides, and the default is to "
     "allow; NetworkPolicy/shop/web rule 0 (ingress) allows TCP 80 from shop/db-0"},
    {"shop/db-0", "shop/web-0", "6", 81, "deny", "Default", "NetworkPolicy",
     "TCP 81 from shop/db-0 to shop/web-0 is denied: shop/web-0 is isolated by "
     "NetworkPolicy/shop/web (ingress) and no rule allows TCP 81 from shop/db-0"},
    {"10.0.0.1", "8.8.8.8", "TCP", 22, "deny", "Admin", "NotSubject",
     "TCP 22 from shop/web-0 to 8.8.8.8 is denied: ClusterNetworkPolicy/guard rule 0 (egress) "
     "denies TCP 22 to 8.8.8.8"},
    {"n1", "shop/web-0", "UDP", 53, "allow", "NotSubject", "OwnNode",
     "UDP 53 from n1 to shop/web-0 is allowed: n1 is no pod that is protected here; n1 is the "
     "node of shop/web-0, which always reaches its pods"},
    // The node's exemption is one of ingress: to its node a pod is judged like to anybody.
    {"shop/db-0", "n1", "UDP", 53, "allow", "Default", "NotSubject",
     "UDP 53 from shop/db-0 to n1 is allowed: no policy decides, and the default is to allow; n1 "
     "is no pod that is protected here"},
    {"shop/web-0", "shop/web-0", "ICMP", 7, "allow", "Self", "Self",
     "ICMP from shop/web-0 to shop/web-0 is allowed: a pod always reaches itself; a pod always "
     "reaches itself"},
};

struct Wrong {
    v1::ExplainRequest request;
    const char* error;
};
std::ostream& operator<<(std::ostream& out, const Wrong& each) { return out << each.error; }

v1::ExplainRequest odd_family() {
    v1::ExplainRequest out = request("shop/db-0", "shop/web-0", "tcp", 80);
    out.set_family("ipv5");
    return out;
}

const Wrong kWrong[] = {
    {request("shop/db-0", "shop/web-0", "tpc", 80),
     "the protocol must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number below 256"},
    {request("shop/db-0", "shop/web-0", "256", 80),
     "the protocol must be TCP, UDP, SCTP, ICMP, ICMPv6 or a number below 256"},
    {request("shop/db-0", "shop/web-0", "tcp", 65536), "the port must be a number below 65536"},
    {odd_family(), "the family must be IPv4 or IPv6"},
    {request("shop/nobody", "shop/web-0", "tcp", 80),
     "shop/nobody is no address and no pod or node known here"},
    {request("shop/db-0", "10.0.0", "tcp", 80),
     "10.0.0 is no address and no pod or node known here"},
    {request("shop/v4only", "shop/v6only", "tcp", 80),
     "shop/v4only and shop/v6only have no address family in common"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(explanation)

BOOST_DATA_TEST_CASE(the_words_name_what_decides, boost::unit_test::data::make(kCases), each) {
    const auto asked = enforcer();
    const auto reply =
        agent::explain(*asked, request(each.from, each.to, each.protocol, each.port));
    BOOST_TEST(reply.error() == "");
    BOOST_TEST(reply.verdict() == each.verdict);
    BOOST_TEST(reply.egress().tier() == each.egress_tier);
    BOOST_TEST(reply.ingress().tier() == each.ingress_tier);
    BOOST_TEST(reply.words() == each.words);
}

BOOST_AUTO_TEST_CASE(what_no_pod_may_send_is_denied_whatever_policies_say) {
    const auto asked = enforcer();
    const auto to_client = agent::explain(*asked, request("shop/db-0", "shop/web-0", "udp", 68));
    BOOST_TEST(to_client.verdict() == "deny");
    BOOST_TEST(to_client.words() ==
               "UDP 68 from shop/db-0 to shop/web-0 is denied before policy is asked: no pod may "
               "send to where "
               "DHCP clients listen");
    // Who is no pod here may.
    BOOST_TEST(agent::explain(*asked, request("n1", "shop/web-0", "udp", 68)).verdict() == "allow");
    BOOST_TEST(agent::explain(*asked, request("shop/db-0", "n1", "udp", 67)).verdict() == "allow");
}

BOOST_DATA_TEST_CASE(what_is_no_question_is_answered_with_what_is_wrong,
                     boost::unit_test::data::make(kWrong), wrong) {
    const auto asked = enforcer();
    const auto reply = agent::explain(*asked, wrong.request);
    BOOST_TEST(reply.error() == wrong.error);
    BOOST_TEST(reply.verdict() == "");
    BOOST_TEST(!reply.has_egress());
}

BOOST_AUTO_TEST_CASE(every_tier_up_to_the_deciding_one_is_shown) {
    const auto asked = enforcer();
    const auto reply = agent::explain(*asked, request("shop/db-0", "shop/web-0", "tcp", 81));
    BOOST_REQUIRE(reply.ingress().tiers_size() == 2);
    const v1::TierExplanation& admin = reply.ingress().tiers(0);
    BOOST_TEST(admin.tier() == "Admin");
    BOOST_TEST(!admin.decided());
    BOOST_TEST(admin.words() == "no policy selects shop/web-0 for ingress");
    const v1::TierExplanation& policy = reply.ingress().tiers(1);
    BOOST_TEST(policy.decided());
    BOOST_TEST(policy.policies(0) == "NetworkPolicy/shop/web");
    BOOST_TEST(policy.rule() == -1);
}

BOOST_AUTO_TEST_CASE(the_wanted_family_counts_where_both_ends_have_it) {
    const auto asked = enforcer();
    v1::ExplainRequest wanted = request("shop/web-0", "2001:db8::1", "tcp", 80);
    BOOST_TEST(agent::explain(*asked, wanted).source() == "fd00::1");
    wanted = request("shop/web-0", "shop/web-0", "tcp", 80);
    BOOST_TEST(agent::explain(*asked, wanted).source() == "10.0.0.1");
    wanted.set_family("IPv6");
    BOOST_TEST(agent::explain(*asked, wanted).source() == "fd00::1");
    wanted = request("shop/web-0", "shop/db-0", "tcp", 80);
    wanted.set_family("IPv6");
    BOOST_TEST(agent::explain(*asked, wanted).source() == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(before_the_first_snapshot_there_is_nothing_to_explain) {
    const auto asked = enforcer(false);
    BOOST_TEST(agent::explain(*asked, request("10.0.0.1", "10.0.0.2", "tcp", 80)).error() ==
               "nothing is enforced yet");
}

BOOST_AUTO_TEST_CASE(protocols_have_names_both_ways) {
    for (const char* name : {"TCP", "UDP", "SCTP", "ICMP", "ICMPv6"}) {
        const auto number = agent::parse_protocol(name);
        BOOST_REQUIRE(number.has_value());
        BOOST_TEST(agent::protocol_text(*number) == name);
    }
    BOOST_TEST(agent::protocol_text(47) == "47");
    BOOST_TEST(*agent::parse_protocol("255") == 255);
    for (const char* wrong : {"", "-1", "256", "6x", "tcp "}) {
        BOOST_TEST(!agent::parse_protocol(wrong).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
