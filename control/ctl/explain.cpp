// SPDX-License-Identifier: Apache-2.0
#include "control/agent/explain.hpp"

#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/people.hpp"
#include "control/ctl/probe.hpp"
#include "control/ctl/question.hpp"
#include "control/ctl/sendable.hpp"

#include <memory>

namespace tierwall::ctl {

namespace {

struct ExplainOptions {
    QuestionOptions question;
    std::string address;
    std::string from;
    std::string to;
    std::string port;
    std::string family;
    std::string output;
};

v1::ExplainRequest request(const ExplainOptions& options, const Probe& probe) {
    v1::ExplainRequest out;
    out.set_from(options.from);
    out.set_to(options.to);
    out.set_protocol(std::to_string(probe.protocol));
    out.set_port(probe.port);
    out.set_family(options.family);
    return out;
}

base::Result<v1::ExplainReply> ask_manifests(const ExplainOptions& options, const Probe& probe,
                                             std::vector<std::string>& warnings) {
    TW_TRY(prepared, prepare(options.question));
    TW_TRY(ends, resolve(prepared.cluster, probe));
    const PacketFields packet = packet_of(probe, ends);
    TW_TRY(sendable, check_sendable(probe, packet));
    add_terminated(prepared, probe, ends);
    warnings = prepared.warnings;
    v1::ExplainRequest question = request(options, probe);
    question.set_from(base::text(ends.source));
    question.set_to(base::text(ends.destination));
    v1::ExplainReply reply = agent::explain(prepared.engine->enforcer(), question);
    if (!reply.error().empty()) return base::Error{base::Errc::Invalid, "", reply.error()};
    if (options.question.engine == "tiers") return reply;
    const Engine::Reply seen = prepared.engine->ask(packet);
    if (!seen.judged) {
        warnings.push_back(std::string("a packet of it never comes to policy: ") +
                           base::name(seen.reason));
    } else if (base::name(seen.action) != reply.verdict()) {
        return base::Error{
            base::Errc::Internal, "",
            "the tables say " + reply.verdict() + ", but a packet gets " + base::name(seen.action)};
    }
    return reply;
}

base::Result<v1::ExplainReply> ask_daemon(const ExplainOptions& options, const Probe& probe) {
    const QuestionOptions& question = options.question;
    if (!question.dns.empty() || question.scope != "all" || question.engine != "tiers" ||
        question.own_node_egress != "enforce") {
        return base::Error{base::Errc::Invalid, "--dns, --scope, --engine, --own-node-egress",
                           "go with --manifests"};
    }
    TW_TRY(client, agent::StatusClient::create(options.address));
    return client->explain(request(options, probe));
}

base::Result<Answer> answer_explain(const ExplainOptions& options) {
    Probe probe;
    probe.from = options.from;
    probe.to = options.to;
    probe.family = options.family == "IPv6" ? base::Family::IPv6 : base::Family::IPv4;
    TW_TRY(port, parse_port(options.port, probe));
    std::vector<std::string> warnings;
    TW_TRY(reply, options.question.manifests.empty() ? ask_daemon(options, probe)
                                                     : ask_manifests(options, probe, warnings));
    std::string text =
        options.output == "json" ? json_text(message_json(reply), 2) + "\n" : for_people(reply);
    return Answer{std::move(text), 0, std::move(warnings)};
}

}  // namespace

void offer_explain(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "explain", "Say why a connection is allowed or denied");
    const auto options = std::make_shared<ExplainOptions>();
    CLI::Option* manifests = offer_question(*command, options->question);
    offer_engine(*command, options->question);
    CLI::Option* address = offer_address(*command, options->address);
    address->excludes(manifests);
    command->add_option("--from", options->from, "namespace/pod or an address")->required();
    command->add_option("--to", options->to, "namespace/pod or an address")->required();
    command->add_option("--port", options->port, "tcp/80, udp/53, sctp/9999, icmp or a number")
        ->required();
    options->family = "IPv4";
    command->add_option("--family", options->family, "Which of a pod's addresses")
        ->check(CLI::IsMember({"IPv4", "IPv6"}))
        ->capture_default_str();
    offer_output(*command, options->output, {"text", "table", "json"});
    command->callback([options, &run] { run = [options] { return answer_explain(*options); }; });
}

}  // namespace tierwall::ctl
