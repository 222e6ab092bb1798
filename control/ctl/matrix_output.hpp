// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A Matrix for people (text), for programs (JSON) and as a picture (SVG).
///
/// Names come from others: in text they are printable, in the picture they are escaped.
///
/// Threads: any; pure.
/// Memory:  the text.
/// Cost:    O(groups^2), and as overview_of().

#include "control/ctl/group_summary.hpp"
#include "control/ctl/matrix.hpp"
#include "control/kube/cluster.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::ctl {

/// More groups than this are listed by source instead of drawn as a table.
inline constexpr std::size_t kTableGroupsMax = 20;
/// Of more groups than this an overview by namespace is shown instead.
inline constexpr std::size_t kListGroupsMax = 60;
/// Blocks of that overview: it has a map with a character for each.
inline constexpr std::size_t kMapBlocksMax = 100;
/// The picture is of at most so many groups, or of an overview by namespace.
inline constexpr std::size_t kPictureGroupsMax = 1000;
/// A picture of more has no words on its cells.
inline constexpr std::size_t kPictureWordsMax = 250;

struct MatrixPage {
    const Matrix& matrix;
    const agent::Model& model;
    const kube::Cluster& cluster;
    bool colours = false;
};

/// "10 pods in 2 namespaces, 1 node, 3 address blocks: 5 groups", and what their pairs may do.
std::string matrix_summary(const MatrixPage& page);

/// Of each group.
std::vector<GroupSummary> summaries_of(const MatrixPage& page);

std::string matrix_text(const MatrixPage& page);
std::string matrix_json_text(const MatrixPage& page);
std::string matrix_svg(const MatrixPage& page);

/// Standard output is a terminal that wants colours.
bool wants_colours();

/// The text as XML has it, without control characters.
std::string xml_escaped(std::string_view text);

}  // namespace tierwall::ctl
