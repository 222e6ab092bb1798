// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// generate(): a whole cluster from a seed, as API objects. Start reading here.
///
/// The same shape gives the same cluster, on every machine. What comes out goes through the
/// product's own way: dialect::translate() and compile::Compiler, or a kube::Store by way of
/// decoded().
///
/// Threads: values.
/// Memory:  about a kilobyte a pod and a policy.
/// Cost:    some seconds for 100,000 pods.

#include "bench/cluster/population.hpp"
#include "bench/cluster/shape.hpp"
#include "control/kube/decode.hpp"
#include "control/kube/objects.hpp"

#include <vector>

namespace tierwall::bench {

struct Generated {
    Population population;
    kube::Objects objects;
};
Generated generate(const Shape& shape);

/// What the API server would send of these.
kube::Decoded decoded(const kube::Namespace& value);
kube::Decoded decoded(const kube::Pod& value);
kube::Decoded decoded(const kube::Node& value);
kube::Decoded decoded(const kube::NetworkPolicy& value);
kube::Decoded decoded(const kube::ClusterNetworkPolicy& value);
/// All of them, as a Store takes them.
std::vector<kube::Decoded> decoded(const kube::Objects& objects);

/// A rule counts once for each of its ports.
std::size_t rules(const kube::Objects& objects);

}  // namespace tierwall::bench
