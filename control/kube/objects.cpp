// SPDX-License-Identifier: Apache-2.0
#include "control/kube/objects.hpp"

namespace tierwall::kube {

bool Objects::is_audited(const std::string& path, const std::string& namespace_name) const {
    if (const auto own = modes.find(path); own != modes.end()) return own->second == Mode::Audit;
    if (namespace_name.empty()) return false;
    const auto space = modes.find("Namespace/" + namespace_name);
    return space != modes.end() && space->second == Mode::Audit;
}

}  // namespace tierwall::kube
