// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// printable(): a text that a terminal shows and does not obey.
///
/// Names, labels and paths are written by others. Control characters in them would move the
/// cursor, hide lines or forge lines of a log; so does what reorders text from right to left.
///
/// Threads: any; pure.
/// Memory:  the result.
/// Cost:    one look at each byte.

#include <string>
#include <string_view>

namespace tierwall::document {

/// The same text in one line: control and reordering characters become "\n", "\t", "\x1b" or
/// "\u202e", and a byte that is no UTF-8 "\xff". Everything else stays as it is.
std::string printable(std::string_view text);

}  // namespace tierwall::document
