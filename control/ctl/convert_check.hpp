// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Checks what convert() made, on the very text that is printed: that it reads back as what was
/// meant, that no two objects of it are one, that an API server would take what is new, and that
/// every connection between the pods given, and between invented ones that the policies select, has
/// the verdict that it had.
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

struct Checked {
    std::vector<std::string> notes;    ///< for people: what was checked on whom, or could not be
    std::vector<std::string> changes;  ///< not empty: the meaning would be another one, and how
};

/// Fails: naming what is wrong.
base::Result<Checked> check_converted(const ConvertedText& converted);

}  // namespace tierwall::ctl
