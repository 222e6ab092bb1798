// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Checks what convert() made, on the very text that is printed: that it reads back as what was
/// meant, that no two objects of it are one, that an API server would take what is new, and that
/// every connection between the pods given has the verdict that it had.
///
/// Threads: any.
/// Memory:  two compiled snapshots.
/// Cost:    compiling both, and as difference().

#include "control/ctl/convert.hpp"

#include <string>
#include <vector>

namespace tierwall::ctl {

struct ConvertedText {
    const Documents& given;
    const Conversion& conversion;
    const std::string& text;  ///< as it will be printed
};

/// Answers lines for people: what could not be checked. Fails: naming what is wrong.
base::Result<std::vector<std::string>> check_converted(const ConvertedText& converted);

}  // namespace tierwall::ctl
