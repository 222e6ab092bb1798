// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/command.hpp"
#include "control/grpc_log.hpp"

namespace {

/// An answer that does not come has its own line on standard error.
void ignore(gpr_log_severity, const char*) {}

}  // namespace

int main(int argument_count, char** arguments) {
    tierwall::take_grpc_log<ignore>();
    return tierwall::ctl::tierwallctl(argument_count, arguments);
}
