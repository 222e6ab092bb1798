// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"
#include "control/ctl/command.hpp"
#include "control/ctl/message_json.hpp"
#include "control/ctl/top.hpp"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

namespace tierwall::ctl {

namespace {

constexpr double kIntervalMin_s = 0.1;
constexpr double kIntervalMax_s = 3600;
/// Cursor to the corner, and everything below it erased.
constexpr const char* kHome = "\x1b[H\x1b[2J";

struct TopOptions {
    std::string address;
    std::string output;
    double interval_s = 1;
    std::uint32_t count = 0;
};

base::Result<Sample> look(agent::StatusClient& client) {
    Sample sample;
    TW_TRY(status, client.status());
    TW_TRY(rules, client.rules());
    sample.status = std::move(status);
    sample.rules = std::move(rules);
    const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
    sample.at_s = now.count();
    return sample;
}

/// Rows follow each other for as long as somebody wants to see them: unlike other answers these
/// are printed as they come.
base::Result<Answer> answer_top(const TopOptions& options) {
    TW_TRY(client, agent::StatusClient::create(options.address));
    TW_TRY(before, look(*client));
    const bool screen = options.output == "table" && ::isatty(STDOUT_FILENO) != 0;
    for (std::uint32_t done = 0; options.count == 0 || done < options.count; ++done) {
        std::this_thread::sleep_for(std::chrono::duration<double>(options.interval_s));
        TW_TRY(now, look(*client));
        const Top top = top_between(before, now);
        std::string text = options.output == "json" ? json_text(top_json(top)) : for_people(top);
        if (screen) text = kHome + text;
        if (const auto written = write_out(text + "\n"); !written.ok()) return written.error();
        before = std::move(now);
    }
    return Answer{};
}

}  // namespace

void offer_top(CLI::App& app, Run& run) {
    CLI::App* command = subcommand(app, "top", "Watch what a running tierwalld does");
    const auto options = std::make_shared<TopOptions>();
    offer_address(*command, options->address);
    offer_output(*command, options->output, {"table", "json"});
    command->add_option("--interval", options->interval_s, "Seconds between two looks")
        ->check(CLI::Range(kIntervalMin_s, kIntervalMax_s))
        ->capture_default_str();
    command->add_option("--count", options->count, "Stop after so many, 0: never")
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return answer_top(*options); }; });
}

}  // namespace tierwall::ctl
