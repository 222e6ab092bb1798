// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/people.hpp"

#include "control/ctl/message_json.hpp"
#include "control/ctl/table.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tierwall;

namespace {

void add_tier(v1::DirectionExplanation& side, const char* words,
              const std::vector<std::string>& policies, const char* decided) {
    v1::TierExplanation& tier = *side.add_tiers();
    tier.set_tier(side.tiers_size() == 1 ? "Admin" : "NetworkPolicy");
    tier.set_words(words);
    for (const std::string& policy : policies) tier.add_policies(policy);
    tier.set_decided(*decided != '\0');
    tier.set_policy(decided);
}

v1::ExplainReply explained() {
    v1::ExplainReply reply;
    reply.set_words("tcp/80 from shop/web to shop/db: deny");
    reply.mutable_egress()->set_direction("egress");
    reply.mutable_egress()->set_words("10.0.0.9 is no pod that is protected here");
    v1::DirectionExplanation& ingress = *reply.mutable_ingress();
    ingress.set_direction("ingress");
    ingress.set_words("deny, by NetworkPolicy/shop/db");
    add_tier(ingress, "no rule matches", {"ClusterNetworkPolicy/guard"}, "");
    add_tier(ingress, "isolated", {"NetworkPolicy/shop/all", "NetworkPolicy/shop/db"},
             "NetworkPolicy/shop/db");
    return reply;
}

v1::RuleRow rule(const char* tier, const char* policy, int index) {
    v1::RuleRow row;
    row.set_tier(tier);
    row.set_policy(policy);
    row.set_direction("ingress");
    row.set_index(index);
    row.set_action(index < 0 ? "deny" : "allow");
    row.set_hits(17);
    row.set_rows(2);
    return row;
}

/// Everything that is shown, with this in the place of each string.
template <typename Message>
void fill(Message& message, const std::string& text) {
    const auto& fields = *message.GetReflection();
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const auto* field = descriptor->field(i);
        const bool message_type =
            field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
        const bool string_type =
            field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING;
        if (message_type && field->is_repeated()) fill(*fields.AddMessage(&message, field), text);
        if (message_type && !field->is_repeated()) {
            fill(*fields.MutableMessage(&message, field), text);
        }
        if (string_type && field->is_repeated()) fields.AddString(&message, field, text);
        if (string_type && !field->is_repeated()) fields.SetString(&message, field, text);
    }
}

const std::string kHostile = "a\x1b[2J\nerror: b\u009b\u202e";

std::string of_hostile(const std::string& what) {
    v1::StatusReply status;
    v1::FlowRow flow;
    v1::RuleRow row;
    v1::ExplainReply explanation;
    fill(status, kHostile);
    fill(flow, kHostile);
    fill(row, kHostile);
    fill(explanation, kHostile);
    status.set_epoch(1);
    for (auto& worker : *status.mutable_workers()) {
        for (auto& count : *worker.mutable_counters()) count.set_value(1);
        for (auto& count : *worker.mutable_reasons()) count.set_value(1);
    }
    if (what == "status") return ctl::for_people(status);
    if (what == "flows") return ctl::for_people(std::vector<v1::FlowRow>{flow});
    if (what == "rules") return ctl::for_people(std::vector<v1::RuleRow>{row});
    return ctl::for_people(explanation);
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_explanation_names_tiers_policies_and_the_one_that_decided) {
    BOOST_TEST(ctl::for_people(explained()) ==
               "tcp/80 from shop/web to shop/db: deny\n"
               "\n"
               "egress: 10.0.0.9 is no pod that is protected here\n"
               "\n"
               "ingress: deny, by NetworkPolicy/shop/db\n"
               "  Admin: no rule matches\n"
               "    ClusterNetworkPolicy/guard\n"
               "  NetworkPolicy: isolated\n"
               "    NetworkPolicy/shop/all\n"
               "    NetworkPolicy/shop/db  <- decided here\n");
}

BOOST_AUTO_TEST_CASE(rules_are_a_table_with_isolation_in_words) {
    v1::RuleRow named = rule("Admin", "ClusterNetworkPolicy/guard", 12);
    named.set_name("no mail");
    v1::RuleRow audited = rule("NetworkPolicy", "NetworkPolicy/shop/db", -1);
    audited.set_audit(true);
    audited.set_would_deny(5);
    BOOST_TEST(ctl::for_people(std::vector<v1::RuleRow>{named, audited}) ==
               "TIER           POLICY                      DIRECTION  RULE       NAME     ACTION"
               "  HITS  ROWS  MODE     WOULD DENY\n"
               "Admin          ClusterNetworkPolicy/guard  ingress    12         no mail  allow"
               "   17    2     enforce  0\n"
               "NetworkPolicy  NetworkPolicy/shop/db       ingress    isolation  -        deny"
               "    17    2     audit    5\n");
}

BOOST_AUTO_TEST_CASE(no_string_of_any_answer_reaches_the_terminal_as_a_command) {
    for (const char* what : {"status", "flows", "rules", "explain"}) {
        const std::string text = of_hostile(what);
        BOOST_TEST_CONTEXT(what) {
            BOOST_TEST(text.find("a\\x1b[2J\\nerror: b\\u009b\\u202e") != text.npos);
            BOOST_TEST(text.find('\x1b') == text.npos);
            BOOST_TEST(text.find("\nerror") == text.npos);
            BOOST_TEST(text.find("\u009b") == text.npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(json_keeps_control_characters_and_survives_what_is_no_utf8) {
    v1::RuleRow row;
    row.set_name("a\x1b\n");
    BOOST_TEST(ctl::json_text(ctl::message_json(row)).find(R"("name":"a\u001b\n")") !=
               std::string::npos);
    BOOST_TEST(ctl::json_text("x\xff") == "\"x\ufffd\"");
}
