// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Translator: translate(), kept up to date change by change.
///
/// Threads: one control thread.
/// Memory:  every policy of the one model, and the problems found in them.
/// Cost:    proportional to the policies that change.

#include "control/kube/objects.hpp"
#include "control/policy/policy.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::dialect {

class Translator {
public:
    /// Looks at every object.
    void reset(const kube::Objects& objects);
    /// `paths` ("Kind/namespace/name") say what may be another now, there or gone.
    void update(const kube::Objects& objects, const std::set<std::string>& paths);

    /// In no particular order.
    std::span<const policy::Policy> policies() const { return policies_; }
    /// Null: there is none of this path.
    const policy::Policy* find(const std::string& path) const;
    /// Those that translate() would report.
    std::vector<kube::Problem> problems(const kube::Objects& objects) const;

private:
    void put(const std::string& path, policy::Policy policy);
    void erase(const std::string& path);

    std::vector<policy::Policy> policies_;
    std::unordered_map<std::string, std::size_t> places_;
    std::map<std::string, std::vector<kube::Problem>> problems_;  ///< by path; only where there are
};

}  // namespace tierwall::dialect
