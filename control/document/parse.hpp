// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// parse: YAML or JSON text -> Documents.
///
/// YAML is read as kubectl reads it: plain yes, on, y and the like are booleans, merge keys work,
/// quoted scalars are always strings. Duplicate keys are refused, since the next reader might pick
/// the other one. Aliases are shared, not copied, and counted against the node limit, so a small
/// file cannot grow into a large tree.
///
/// Threads: any; no shared state.
/// Memory:  the result owns everything; bounded by the limits below.
/// Cost:    JSON about 15 ns a byte, YAML several times that.

#include "control/document/bytes.hpp"
#include "control/document/value.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace tierwall::document {

inline constexpr std::size_t kFileBytesMax = 100u << 20;
inline constexpr std::uint32_t kNodesMax = 16u << 20;  ///< values of one file, aliases counted out
inline constexpr std::size_t kDepthMax = 64;           ///< lists and objects inside each other

/// `name` is what errors call the text: a path, or "standard input".
/// Fails, for all of these: Invalid (syntax), Duplicate (key), Limit; where is "name:line".
/// JSON must be one object or list, or objects one after the other.
base::Result<Documents> parse_json(std::string_view text, std::string name);
base::Result<Documents> parse_yaml(std::string_view text, std::string name);

/// JSON when it is written as JSON, else YAML.
base::Result<Documents> parse(std::string_view text, std::string name);

/// Fails as parse() and read_bytes().
base::Result<Documents> read_file(const std::string& path, Kinds kinds = Kinds::FilesAndPipes);

}  // namespace tierwall::document
