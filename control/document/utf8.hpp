// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// check_utf8: may this text be given to a parser at all?
///
/// libfyaml takes a byte that is no UTF-8, and a NUL, for the end of its input and reports no
/// error: everything behind it would silently not be there. So such a text is refused as a whole.
///
/// Threads: any.
/// Memory:  none.
/// Cost:    one look at each byte.

#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>

namespace tierwall::document {

/// Fails: Invalid for NUL and other control characters than tab, line feed and carriage return,
/// and for what is no UTF-8 (RFC 3629); where is "name:line".
base::Status check_utf8(std::string_view text, const std::string& name);

}  // namespace tierwall::document
