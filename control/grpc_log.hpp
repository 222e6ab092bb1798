// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// take_grpc_log(): what gRPC has to say goes where the program's own log goes.
///
/// gRPC tells of errors only, unless GRPC_VERBOSITY asks for more.
///
/// Threads: called once, first of all; `take` is called on any thread.
/// Memory:  none.
/// Cost:    none until gRPC says something.

#include <grpc/support/log.h>

namespace tierwall {

using GrpcLine = void (*)(gpr_log_severity severity, const char* line);

/// `take` without a capture: gRPC keeps a plain function.
template <GrpcLine take>
void take_grpc_log() {
    gpr_set_log_function([](gpr_log_func_args* line) { take(line->severity, line->message); });
}

}  // namespace tierwall
