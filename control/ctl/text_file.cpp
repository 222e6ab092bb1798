// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/text_file.hpp"

#include "control/document/bytes.hpp"

namespace tierwall::ctl {

base::Result<std::string> read_text(const std::string& path) {
    if (path == "-") return document::read_standard_input("standard input", kTextMax);
    return document::read_bytes(path, {.bytes_max = kTextMax});
}

}  // namespace tierwall::ctl
