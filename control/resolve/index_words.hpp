// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// index_words: under which words a selector can be looked up by the labels that it may match.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(values).

#include "control/policy/policy.hpp"

#include <string>
#include <vector>

namespace tierwall::resolve {

/// One "key=value" per value of a requirement that only labels with one of them can meet; empty
/// when the selector has no such requirement.
std::vector<std::string> index_words(const policy::Selector& selector);
std::string index_word(const std::string& key, const std::string& value);

}  // namespace tierwall::resolve
