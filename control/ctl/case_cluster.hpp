// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// read_case_cluster(): the cluster of a case file -> API objects.
///
/// Case files say what matters of an object and nothing else, so they have a form of their own:
/// namespaces {name, labels}, nodes {name, labels, addresses}, pods {namespace, name, labels, ips,
/// node, hostNetwork, ports, phase, uid}. A pod without uid is the same one for as long as it has
/// its name.
///
/// Threads: any; faults go to the reader's list.
/// Memory:  the result's.
/// Cost:    none on the packet path.

#include "control/document/reader.hpp"
#include "control/kube/store.hpp"

namespace tierwall::ctl {

/// Unknown fields, and two objects of one name, are faults.
kube::Contents read_case_cluster(const document::Reader& reader);

}  // namespace tierwall::ctl
