// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"

#include "control/ctl/version.hpp"
#include "control/document/printable.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <set>
#include <sstream>
#include <string_view>

namespace tierwall::ctl {

namespace {

int fail(std::string words) {
    // One line, whatever was quoted in the words.
    while (!words.empty() && words.back() == '\n') words.pop_back();
    std::fprintf(stderr, "tierwallctl: %s\n", document::printable(words).c_str());
    return kExitError;
}

base::Error unwritable(int number) {
    return {base::Errc::Io, "",
            std::string("standard output cannot be written: ") + std::strerror(number)};
}

/// An option that is written twice contradicts itself, also where its values would add up; but not
/// one that names who is asked about.
base::Status refuse_repeats(int argument_count, const char* const* arguments) {
    const std::set<std::string> repeatable{"--namespace", "--pod"};
    std::set<std::string> seen;
    for (int i = 1; i < argument_count; ++i) {
        const std::string word = arguments[i];
        if (word == "--") break;
        if (!word.starts_with("--")) continue;
        const std::string option = word.substr(0, word.find('='));
        if (!seen.insert(option).second && !repeatable.contains(option)) {
            return base::Error{base::Errc::Duplicate, option, "may be given once"};
        }
    }
    return base::Done{};
}

/// Some file systems tell of errors only here.
base::Status close_out() {
    if (::close(STDOUT_FILENO) == 0 || errno == EBADF) return base::Done{};
    return unwritable(errno);
}

int print(const Answer& answer) {
    base::Status written = write_out(answer.text);
    if (written.ok()) written = close_out();
    if (!written.ok()) return fail(written.error().text());
    for (const std::string& warning : answer.warnings) {
        std::fprintf(stderr, "tierwallctl: warning: %s\n", document::printable(warning).c_str());
    }
    for (const std::string& line : answer.details) {
        std::fprintf(stderr, "%s\n", document::printable(line).c_str());
    }
    return answer.status;
}

/// CLI11 answers --help and --version by the same way as errors.
int answer_early(const CLI::App& app, const CLI::ParseError& early) {
    std::ostringstream out;
    std::ostringstream err;
    app.exit(early, out, err);
    if (early.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return print({out.str(), 0});
    }
    return fail(early.what());
}

}  // namespace

base::Status write_out(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) {
            pollfd waited{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&waited, 1, -1);
            continue;
        }
        if (written < 0) return unwritable(errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return base::Done{};
}

CLI::App* subcommand(CLI::App& app, const std::string& name, const std::string& description) {
    CLI::App* command = app.add_subcommand(name, description);
    command->set_version_flag("--version", std::string(kProgramVersion),
                              "Print the version and exit");
    return command;
}

void offer_output(CLI::App& command, std::string& chosen, const std::vector<std::string>& formats) {
    chosen = formats.front();
    command.add_option("--output", chosen, "How to print the answer")
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
}

CLI::Option* offer_address(CLI::App& command, std::string& address) {
    address = "unix:/run/tierwall/tierwalld.sock";
    return command.add_option("--address", address, "Local socket of the tierwalld to ask")
        ->capture_default_str();
}

int tierwallctl(int argument_count, const char* const* arguments) {
    if (const auto status = refuse_repeats(argument_count, arguments); !status.ok()) {
        return fail(status.error().text());
    }
    CLI::App app{"Asks about Kubernetes network policy and about a running tierwalld",
                 "tierwallctl"};
    app.set_version_flag("--version", std::string(kProgramVersion), "Print the version and exit");
    app.require_subcommand(1);
    Run run;
    for (auto* offer :
         {offer_lint, offer_eval, offer_explain, offer_matrix, offer_diff, offer_convert,
          offer_status, offer_flows, offer_rules, offer_top, offer_replay}) {
        offer(app, run);
    }
    try {
        app.parse(argument_count, arguments);
    } catch (const CLI::ParseError& early) {
        return answer_early(app, early);
    }
    const base::Result<Answer> answer = run();
    return answer.ok() ? print(*answer) : fail(answer.error().text());
}

}  // namespace tierwall::ctl
