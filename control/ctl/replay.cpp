// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"
#include "control/ctl/decider.hpp"
#include "control/ctl/eal.hpp"
#include "control/ctl/flow_case.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/replayer.hpp"
#include "control/ctl/table.hpp"
#include "control/ctl/text_file.hpp"

#include <nlohmann/json.hpp>

#include <memory>

namespace tierwall::ctl {

namespace {

struct ReplayOptions {
    std::string file;
    std::string output;
};

struct PlayedStep {
    const CaseStep* step = nullptr;
    Replayer::Seen seen;
    bool as_expected = true;
};

struct Story {
    const FlowCase* flow_case = nullptr;
    std::vector<PlayedStep> steps;
    std::size_t packets = 0;
    std::size_t failed = 0;
};

constexpr const char* kDnsNeeded = "needs DNS learning";

const char* allow_or_deny(bool allow) { return allow ? "allow" : "deny"; }

const char* expectation(const CaseStep& step) {
    return step.either ? "either" : allow_or_deny(step.allow);
}

bool is_expected(const CaseStep& step, const Replayer::Seen& seen) {
    if (step.either) return true;
    return seen.allowed() == step.allow &&
           (step.reason.empty() || step.reason == base::name(seen.reason));
}

std::string expected_words(const CaseStep& step) {
    const std::string word = expectation(step);
    return step.reason.empty() ? word : word + " " + step.reason;
}

nlohmann::ordered_json step_json(const PlayedStep& played) {
    const CaseStep& step = *played.step;
    nlohmann::ordered_json out{{"step", step.field}, {"what", step.words}};
    if (!step.is_judged()) {
        if (step.kind != CaseStep::Kind::Advance) out["changed"] = played.seen.changed;
        return out;
    }
    out["expect"] = expectation(step);
    if (!step.reason.empty()) out["expect_reason"] = step.reason;
    out["verdict"] = base::name(played.seen.action);
    out["reason"] = base::name(played.seen.reason);
    out["tier"] = played.seen.tier;
    out["policy"] = nullptr;
    out["rule"] = nullptr;
    if (!played.seen.policy.empty()) out["policy"] = played.seen.policy;
    if (played.seen.rule >= 0) out["rule"] = played.seen.rule;
    out["as_expected"] = played.as_expected;
    return out;
}

std::string story_json(const Story& story) {
    nlohmann::ordered_json out{{"name", story.flow_case->name},
                               {"basis", story.flow_case->basis},
                               {"result", story.failed == 0 ? "passed" : "failed"},
                               {"packets", story.packets},
                               {"failed", story.failed},
                               {"steps", nlohmann::ordered_json::array()}};
    for (const PlayedStep& played : story.steps) out["steps"].push_back(step_json(played));
    return json_text(out, 2) + "\n";
}

std::string story_text(const Story& story) {
    Table table({"STEP", "WHAT", "EXPECTED", "OBSERVED", "REASON", "BY", ""});
    for (const PlayedStep& played : story.steps) {
        const CaseStep& step = *played.step;
        if (!step.is_judged()) {
            table.add({step.field, step.words});
            continue;
        }
        const Replayer::Seen& seen = played.seen;
        table.add({step.field, step.words, expected_words(step), base::name(seen.action),
                   base::name(seen.reason), decider({seen.tier, seen.policy, seen.rule}),
                   played.as_expected ? "ok" : "FAILED"});
    }
    const std::size_t good = story.packets - story.failed;
    return table.text() + story.flow_case->name + ": " + std::to_string(good) + " of " +
           std::to_string(story.packets) + " packets as expected\n";
}

/// Told by name, so that whoever runs many files can list those that wait.
Answer waiting(const FlowCase& flow_case, const ReplayOptions& options) {
    const CaseStep& step = *flow_case.needs_dns();
    if (options.output == "json") {
        const nlohmann::ordered_json out{{"name", flow_case.name},
                                         {"basis", flow_case.basis},
                                         {"result", "waiting"},
                                         {"reason", kDnsNeeded},
                                         {"step", step.field}};
        return {json_text(out, 2) + "\n", kExitWaiting};
    }
    return {flow_case.name + ": " + step.field + ": " + step.words + ": " + kDnsNeeded + "\n",
            kExitWaiting};
}

base::Result<Story> tell(const FlowCase& flow_case) {
    TW_TRY(replayer, Replayer::create(flow_case));
    Story story{.flow_case = &flow_case, .steps = {}};
    for (const CaseStep& step : flow_case.steps) {
        TW_TRY(seen, replayer->play(step));
        PlayedStep played{&step, seen, true};
        if (step.is_judged()) {
            played.as_expected = is_expected(step, seen);
            ++story.packets;
            story.failed += played.as_expected ? 0 : 1;
        }
        story.steps.push_back(std::move(played));
    }
    return story;
}

base::Result<Answer> replay(const ReplayOptions& options) {
    const std::string name = options.file == "-" ? "standard input" : options.file;
    TW_TRY(text, read_text(options.file));
    TW_TRY(flow_case, parse_flow_case(text, name));
    if (flow_case.needs_dns() != nullptr) return waiting(flow_case, options);
    // What a file describes takes a few kilobytes of tables for each hundred bytes of it.
    TW_TRY(eal, Eal::start(256 + text.size() / 512));
    const auto story = tell(flow_case);
    if (!story.ok()) {
        base::Error error = story.error();
        return base::Error{error.code, name, error.text()};
    }
    std::string answer = options.output == "json" ? story_json(*story) : story_text(*story);
    return Answer{std::move(answer), story->failed == 0 ? 0 : kExitFound};
}

}  // namespace

void offer_replay(CLI::App& app, Run& run) {
    CLI::App* command =
        subcommand(app, "replay", "Play a story of packets and changes, and compare");
    const auto options = std::make_shared<ReplayOptions>();
    command->add_option("case", options->file, "Case file of kind flow; - reads it here")
        ->required()
        ->option_text("FLOWCASE");
    offer_output(*command, options->output, {"text", "json"});
    command->callback([options, &run] { run = [options] { return replay(*options); }; });
}

}  // namespace tierwall::ctl
