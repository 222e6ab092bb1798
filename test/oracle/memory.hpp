// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Memory: of a policy that cannot be used as it stands, the last version that could stays in
/// force for as long as the policy is there.
///
/// Threads: one.
/// Memory:  one version of each policy.
/// Cost:    irrelevant; only tests use it.

#include "test/oracle/world.hpp"

#include <map>
#include <string>

namespace tierwall::oracle {

class Memory {
public:
    /// To be told of every step, in order.
    void settle(World& world) {
        std::map<std::string, Policy> now;
        for (Policy& policy : world.policies) {
            const auto known = good_.find(policy.path());
            if (!policy.sound && known != good_.end()) policy = known->second;
            if (policy.sound) now.insert_or_assign(policy.path(), policy);
        }
        good_ = std::move(now);
    }

private:
    std::map<std::string, Policy> good_;
};

}  // namespace tierwall::oracle
