// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Invented namespaces, nodes and pods that the selectors of given policies select, alone and
/// together, so that what convert() made is compared on somebody even where no pods are given.
///
/// Threads: any; pure.
/// Memory:  at most a few hundred pods.
/// Cost:    O(size of the policies).

#include "control/ctl/convert.hpp"

namespace tierwall::ctl {

/// Documents to add to those of both sides. A selector that nothing can satisfy selects none of
/// them; of very many different selectors some are left out.
Documents invented_people(const Documents& given);

}  // namespace tierwall::ctl
