// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the API objects have in common: labels, selectors as written, and problems found in them.
///
/// Threads: values of the control path.
/// Memory:  plain values.
/// Cost:    none on the packet path.

#include "dataplane/base/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::kube {

using Labels = std::map<std::string, std::string, std::less<>>;

/// A LabelSelector as written, unchecked: operators are text.
struct SelectorExpression {
    std::string key;
    std::string op;
    std::vector<std::string> values;
    bool has_key = true;  ///< it is written, if only as an empty text
    bool has_op = true;
    friend bool operator==(const SelectorExpression&, const SelectorExpression&) = default;
};
struct LabelSelector {
    Labels match_labels;
    std::vector<SelectorExpression> match_expressions;
    friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};

enum class Severity { Error, Warning };

/// One thing that is wrong with one object.
struct Problem {
    std::string path;    ///< file it was read from, may be empty
    std::string object;  ///< "NetworkPolicy/shop/web"
    std::string field;   ///< "spec.ingress[0].ports[1].endPort"
    base::Errc error = base::Errc::Invalid;
    std::string message;
    Severity severity = Severity::Error;
    std::uint32_t line = 0;  ///< in that file; 0: not known
    friend bool operator==(const Problem&, const Problem&) = default;
};

/// And no warning.
inline bool is_error(const Problem& problem) { return problem.severity == Severity::Error; }

}  // namespace tierwall::kube
