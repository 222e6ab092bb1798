// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// for_people(): what a tierwalld answers, as lines and tables to be read.
///
/// Names come from others: none of their characters reaches the terminal as a command to it.
///
/// Threads: any; pure.
/// Memory:  the text.
/// Cost:    none on the packet path.

#include "proto/status.pb.h"

#include <string>
#include <vector>

namespace tierwall::ctl {

std::string for_people(const v1::StatusReply& reply);
std::string for_people(const std::vector<v1::FlowRow>& rows);
std::string for_people(const std::vector<v1::RuleRow>& rows);
std::string for_people(const v1::ExplainReply& reply);

}  // namespace tierwall::ctl
