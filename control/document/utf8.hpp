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

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tierwall::document {

struct Character {
    std::uint32_t point = 0;
    std::size_t length = 0;  ///< in bytes; 0: the text does not start with UTF-8 (RFC 3629)
};
/// Requires: a text that is not empty.
Character first_character(std::string_view text);

/// Fails: Invalid for NUL and other control characters than tab, line feed and carriage return,
/// and for what is no UTF-8 (RFC 3629); where is "name:line".
base::Status check_utf8(std::string_view text, const std::string& name);

}  // namespace tierwall::document
