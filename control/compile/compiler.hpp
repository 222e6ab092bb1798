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
/// Cost:    proportional to what changed, once that is known: Input::changes saves the look at
///          every object (about 0.3 us a pod).

#include "control/kube/cluster.hpp"
#include "control/kube/object.hpp"
#include "control/policy/policy.hpp"
#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// What may differ from the input of the last successful compile(); everything else is taken to be
/// the same without a look.
struct Changes {
    std::vector<std::string> policies;  ///< Policy::path()
    std::vector<std::string> namespaces;
    std::vector<std::string> nodes;
    std::vector<std::string> pods;  ///< "namespace/name"
};

struct Input {
    const kube::Cluster* cluster = nullptr;
    std::span<const policy::Policy> policies;  ///< any order
    /// Domain name (lower case, no trailing dot) -> addresses it was seen to resolve to.
    std::map<std::string, std::vector<base::Address>> names;
    std::vector<base::Prefix> service_prefixes;  ///< blocks of ClusterIPs, may be empty
    const Changes* changes = nullptr;            ///< null: everything is looked at
    /// The policy of a path, or null, without a search through all of them; may be left out.
    std::function<const policy::Policy*(const std::string&)> find_policy = {};
};

struct Output {
    proto::ResourceSet resources;
    Summary summary;
    std::vector<kube::Problem> warnings;  ///< priority ties, shared addresses, what is too large
};

/// What a dataplane can hold. A policy that needs more rows or classes fails closed alone.
struct Limits {
    std::uint32_t identities = 1u << 22;  ///< with the world
    std::uint32_t classes = 65535;        ///< peer classes of one table, without class 0
    std::uint32_t groups = 65535;         ///< of one table
    std::uint32_t tables = 8192;          ///< of one tier and direction
    std::size_t rows = 1u << 14;          ///< of one table; they build in 7 s at the very worst
    std::size_t policy_rows = 1u << 13;   ///< of one policy, for the same subjects
};

class Compiler {
public:
    explicit Compiler(const Limits& limits = Limits());
    ~Compiler();
    Compiler(const Compiler&) = delete;
    Compiler& operator=(const Compiler&) = delete;

    /// Fails: Limit, for identities or tables; Duplicate, for two policies
    /// of one path; Invalid, for a tier that is not known. Then the compiler stays as it was.
    base::Result<Output> compile(const Input& input);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::compile
