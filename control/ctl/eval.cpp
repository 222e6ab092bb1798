// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"
#include "control/ctl/decider.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/probe.hpp"
#include "control/ctl/question.hpp"
#include "control/ctl/sendable.hpp"
#include "control/ctl/table.hpp"
#include "control/ctl/text_file.hpp"

#include <nlohmann/json.hpp>

#include <memory>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

struct EvalOptions {
    QuestionOptions question;
    std::string probes;
    std::string output;
};

struct Row {
    Probe probe;
    Engine::Reply reply;
};

Json direction(const agent::Enforcer& enforcer, const base::Decision& decision) {
    Json out{{"verdict", base::name(decision.action)},
             {"tier", base::tier_name(decision.tier)},
             {"policy", nullptr},
             {"rule", nullptr}};
    const auto rule = decision.rule == base::kNoRule ? std::nullopt : enforcer.rule(decision.rule);
    if (!rule) return out;
    out["policy"] = rule->policy;
    if (rule->index >= 0) out["rule"] = rule->index;
    if (!rule->name.empty()) out["name"] = rule->name;
    return out;
}

bool has_audit(const Engine::Reply& reply) { return reply.audit.action != base::Action::Allow; }

/// What would deny the connection if audited policies were enforced.
Json audit(const agent::Enforcer& enforcer, const base::Decision& decision) {
    const auto rule = enforcer.rule(decision.rule);
    Json out{{"verdict", nullptr}, {"direction", nullptr}};
    if (rule) out["direction"] = rule->direction;
    out.update(direction(enforcer, decision));
    return out;
}

/// A packet that never came to policy has no deciding tier, but a reason.
Json direction_unasked(const Engine::Reply& reply) {
    return {{"verdict", base::name(reply.action)},
            {"tier", ""},
            {"policy", nullptr},
            {"rule", nullptr}};
}

std::string json_lines(const agent::Enforcer& enforcer, const std::vector<Row>& rows) {
    std::string out;
    for (const Row& row : rows) {
        const Engine::Reply& reply = row.reply;
        Json line{{"verdict", base::name(reply.action)}};
        line["egress"] =
            reply.judged ? direction(enforcer, reply.egress) : direction_unasked(reply);
        line["ingress"] =
            reply.judged ? direction(enforcer, reply.ingress) : direction_unasked(reply);
        if (!reply.judged) line["reason"] = base::name(reply.reason);
        if (has_audit(reply)) line["audit"] = audit(enforcer, reply.audit);
        out += json_text(line) + "\n";
    }
    return out;
}

std::string cell(const agent::Enforcer& enforcer, const Engine::Reply& reply,
                 const base::Decision& decision) {
    if (!reply.judged) return base::name(reply.reason);
    const auto rule = decision.rule == base::kNoRule ? std::nullopt : enforcer.rule(decision.rule);
    const std::string tier = base::tier_name(decision.tier);
    if (!rule) return std::string(base::name(decision.action)) + " " + tier;
    return std::string(base::name(decision.action)) + " " +
           decider({tier, rule->policy, rule->index});
}

std::string table(const agent::Enforcer& enforcer, const std::vector<Row>& rows) {
    Table out({"FROM", "TO", "PROTOCOL", "PORT", "VERDICT", "EGRESS", "INGRESS"});
    for (const Row& row : rows) {
        out.add({row.probe.from, row.probe.to, row.probe.protocol_name,
                 std::to_string(row.probe.port),
                 std::string(base::name(row.reply.action)) +
                     (has_audit(row.reply) ? ", would deny" : ""),
                 cell(enforcer, row.reply, row.reply.egress),
                 cell(enforcer, row.reply, row.reply.ingress)});
    }
    return out.text();
}

base::Result<Answer> evaluate(const EvalOptions& options) {
    const std::string name = options.probes == "-" ? "probes" : options.probes;
    TW_TRY(text, read_text(options.probes));
    TW_TRY(probes, parse_probes(text, name));
    TW_TRY(prepared, prepare(options.question));
    std::vector<Row> rows;
    rows.reserve(probes.size());
    for (const Probe& probe : probes) {
        TW_TRY(ends, resolve(prepared.cluster, probe));
        const PacketFields packet = packet_of(probe, ends);
        TW_TRY(sendable, check_sendable(probe, packet));
        add_terminated(prepared, probe, ends);
        rows.push_back({probe, prepared.engine->ask(packet)});
    }
    const agent::Enforcer& enforcer = prepared.engine->enforcer();
    std::string answer =
        options.output == "json" ? json_lines(enforcer, rows) : table(enforcer, rows);
    return Answer{std::move(answer), 0, std::move(prepared.warnings)};
}

}  // namespace

void offer_eval(CLI::App& app, Run& run) {
    CLI::App* command =
        subcommand(app, "eval", "Answer which connections the manifests' policies allow");
    const auto options = std::make_shared<EvalOptions>();
    offer_question(*command, options->question)->required();
    offer_engine(*command, options->question);
    command->add_option("--probes", options->probes, "Questions, JSON lines; - reads them here")
        ->required();
    offer_output(*command, options->output, {"json", "table"});
    command->callback([options, &run] { run = [options] { return evaluate(*options); }; });
}

}  // namespace tierwall::ctl
