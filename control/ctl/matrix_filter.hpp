// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The part of a Matrix that somebody asked for: some pods, or only what is denied or allowed.
///
/// Threads: any; pure.
/// Memory:  the groups.
/// Cost:    O(addresses); O(groups^2) for hide_answers().

#include "control/ctl/matrix.hpp"

#include <vector>

namespace tierwall::ctl {

struct ChosenGroup {
    AddressGroup group;
    bool is_chosen = true;
};

/// The same addresses; no group is partly chosen. Fails: NotFound.
base::Result<std::vector<ChosenGroup>> split_by(const MatrixFilter& filter,
                                                std::vector<AddressGroup> groups);

/// Hides the answers that are of no interest, and takes out groups that have no other.
void hide_answers(OnlyAnswers only, Matrix& matrix);

}  // namespace tierwall::ctl
