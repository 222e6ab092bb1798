// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Pipeline configuration: what a dataplane's configuration and open ports mean for one worker's
/// pipeline.
///
/// Threads: boot only.
/// Memory:  small; the workers of one fabric share the bindings that it makes.
/// Cost:    none.

#include "dataplane/worker/fabric.hpp"
#include "dataplane/worker/pipeline.hpp"

namespace tierwall::worker {

/// One for all workers of the fabric.
Pipeline::Config pipeline_config(const Fabric& fabric);

}  // namespace tierwall::worker
