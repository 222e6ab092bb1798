// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// read_case_step(): one step of a flow case, checked.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    none on the packet path.

#include "control/ctl/flow_case.hpp"
#include "control/document/reader.hpp"

#include <string>

namespace tierwall::ctl {

inline constexpr std::int64_t kAdvanceMax_s = 2'592'000;  ///< 30 days

/// `file` is what problems of policies call their place.
CaseStep read_case_step(const document::Reader& reader, const std::string& file);
/// A list of policies; every other kind of object is a fault.
kube::Contents read_case_policies(const document::Reader& reader, const std::string& file);

}  // namespace tierwall::ctl
