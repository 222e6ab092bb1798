// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Command: what every subcommand of tierwallctl is: options, and a function that makes an Answer.
///
/// Nothing is printed before the whole answer is known, so that a failure leaves one line on
/// standard error and nothing on standard output.
///
/// Threads: one.
/// Memory:  the answer is held whole.
/// Cost:    none on the packet path.

#include "dataplane/base/result.hpp"

#include <CLI/App.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::ctl {

inline constexpr int kExitFound = 1;    ///< asked about errors, and there are some
inline constexpr int kExitError = 2;    ///< no answer
inline constexpr int kExitWaiting = 3;  ///< a story that cannot be played without DNS learning

struct Answer {
    std::string text;
    int status = 0;
    std::vector<std::string> warnings = {};  ///< a line each on standard error
    std::vector<std::string> details = {};   ///< the same, but with nothing before it
};
using Run = std::function<base::Result<Answer>()>;

// One per subcommand: adds it to `app`; when it is chosen on the command line, sets `run`.
void offer_lint(CLI::App& app, Run& run);
void offer_eval(CLI::App& app, Run& run);
void offer_explain(CLI::App& app, Run& run);
void offer_matrix(CLI::App& app, Run& run);
void offer_diff(CLI::App& app, Run& run);
void offer_convert(CLI::App& app, Run& run);
void offer_status(CLI::App& app, Run& run);
void offer_flows(CLI::App& app, Run& run);
void offer_rules(CLI::App& app, Run& run);
void offer_top(CLI::App& app, Run& run);
void offer_replay(CLI::App& app, Run& run);

/// A subcommand with --help and --version.
CLI::App* subcommand(CLI::App& app, const std::string& name, const std::string& description);
/// `--output FORMAT`; the first format is the default.
void offer_output(CLI::App& command, std::string& chosen, const std::vector<std::string>& formats);
/// `--address unix:PATH` of a running tierwalld.
CLI::Option* offer_address(CLI::App& command, std::string& address);

/// To standard output, where nobody else writes. For answers that have no end; others are
/// Answer::text. Fails: Io.
base::Status write_out(std::string_view text);

/// The whole program: answers with the exit status.
int tierwallctl(int argument_count, const char* const* arguments);

}  // namespace tierwall::ctl
