// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identity/shared_addresses.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::identity {

SharedAddresses SharedAddresses::build(std::vector<Sharing> all) {
    SharedAddresses built;
    built.all_ = std::move(all);
    for (Sharing& each : built.all_) std::sort(each.nodes.begin(), each.nodes.end());
    std::sort(built.all_.begin(), built.all_.end(),
              [](const Sharing& a, const Sharing& b) { return a.slot < b.slot; });
    return built;
}

const Sharing* SharedAddresses::find(std::uint32_t slot) const noexcept {
    const auto at = std::lower_bound(
        all_.begin(), all_.end(), slot,
        [](const Sharing& each, std::uint32_t wanted) { return each.slot < wanted; });
    return at != all_.end() && at->slot == slot ? &*at : nullptr;
}

bool SharedAddresses::has_node(std::uint32_t slot, std::uint32_t node) const noexcept {
    const Sharing* found = find(slot);
    return found != nullptr && std::binary_search(found->nodes.begin(), found->nodes.end(), node);
}

bool SharedAddresses::same_pod(std::uint32_t slot, std::uint32_t other) const noexcept {
    const Sharing* one = find(slot);
    const Sharing* another = find(other);
    return one != nullptr && another != nullptr && one->pod != 0 && one->pod == another->pod;
}

}  // namespace tierwall::identity
