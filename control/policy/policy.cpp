// SPDX-License-Identifier: Apache-2.0
#include "control/policy/policy.hpp"

#include <tuple>

namespace tierwall::policy {

std::string Policy::path() const {
    if (namespace_name.empty()) return kind + "/" + name;
    return kind + "/" + namespace_name + "/" + name;
}

bool asked_before(const Policy& a, const Policy& b) {
    const auto place = [](const Policy& policy) {
        return std::tie(policy.priority, policy.kind, policy.namespace_name, policy.name);
    };
    return place(a) < place(b);
}

}  // namespace tierwall::policy
