// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// read_bytes(): all bytes of a file, or of a pipe where one is given on purpose.
///
/// Nothing is waited for without an end: what is neither (a device, a socket) is refused, and so is
/// a pipe that nobody comes to write to. A pipe with a writer is read until the writer closes it,
/// however long that takes, as standard input is.
///
/// Threads: any.
/// Memory:  the bytes; at most the limit given.
/// Cost:    one copy.

#include "dataplane/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace tierwall::document {

/// So long a pipe may be without anybody who writes to it.
inline constexpr std::chrono::seconds kPipeWriterWait{5};

enum class Kinds { Files, FilesAndPipes };

struct ReadLimits {
    std::size_t bytes_max = 0;
    Kinds kinds = Kinds::FilesAndPipes;
};

/// /dev/null counts as an empty file. Fails: NotFound, Io, Limit (larger than that); where is the
/// path.
base::Result<std::string> read_bytes(const std::string& path, const ReadLimits& limits);
/// Standard input, whatever it is; `name` is what errors call it.
base::Result<std::string> read_standard_input(const std::string& name, std::size_t bytes_max);

}  // namespace tierwall::document
