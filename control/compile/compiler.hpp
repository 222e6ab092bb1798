// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Compiler: the cluster's objects and policies -> the snapshot that dataplanes enforce.
///
/// It keeps the numbers it has given out (identities, groups, classes, tables, rules), so that a
/// small change of the input is a small change of the output: a new pod with known labels changes
/// one Address, and nothing else. A number is not given out again while a dataplane may hold it.
///
/// Threads: one control thread.
/// Memory:  about the size of its input, plus the snapshot.
/// Cost:    compile() looks at everything; the answer differs only where the input does.

#include "control/kube/cluster.hpp"
#include "control/kube/object.hpp"
#include "control/policy/policy.hpp"
#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tierwall::compile {

/// Figures about the last compile, for status and tests.
struct Summary {
    std::size_t identities = 0;
    std::size_t groups = 0;
    std::size_t classes = 0;
    std::size_t tables = 0;
    std::size_t rows = 0;
};

struct Input {
    const kube::Cluster* cluster = nullptr;
    std::span<const policy::Policy> policies;  ///< any order
    /// Domain name (lower case, no trailing dot) -> addresses it was seen to resolve to.
    std::map<std::string, std::vector<base::Address>> names;
    std::vector<base::Prefix> service_prefixes;  ///< blocks of ClusterIPs, may be empty
};

struct Output {
    proto::ResourceSet resources;
    Summary summary;
    std::vector<kube::Problem> warnings;  ///< priority ties, shared addresses
};

class Compiler {
public:
    Compiler();
    ~Compiler();

    /// Fails: Limit, naming the policy or tier that needs too much; the compiler stays as it was.
    base::Result<Output> compile(const Input& input);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::compile
