// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_selector: labels and selectors of a document -> structs.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    O(size).

#include "control/document/reader.hpp"
#include "control/kube/object.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tierwall::kube {

/// A null value is "", as after `key:` in YAML; a value that is no string is a fault.
Labels decode_labels(const document::Reader& reader);

/// Nothing when not present. Unknown fields are faults.
std::optional<LabelSelector> decode_selector(const document::Reader& reader);

/// A list of strings; a null item is "".
std::vector<std::string> decode_strings(const document::Reader& reader);

}  // namespace tierwall::kube
