// SPDX-License-Identifier: Apache-2.0
#include "control/push/edition.hpp"

#include <cassert>
#include <utility>

namespace tierwall::push {

std::shared_ptr<const Edition> Edition::make(const Edition* before, proto::ResourceSet resources,
                                             std::uint64_t epoch) {
    assert(epoch > (before == nullptr ? 0 : before->epoch_));
    std::shared_ptr<Edition> edition(new Edition());
    edition->resources_ = std::move(resources);
    edition->epoch_ = epoch;
    if (before == nullptr) {
        edition->changed_ = edition->resources_.size();
        return edition;
    }
    const proto::Difference difference = edition->resources_.since(before->resources_);
    edition->changed_ = difference.upserts.size() + difference.removals.size();
    edition->earlier_ = before->earlier_;
    edition->earlier_.push_front(before->resources_);
    if (edition->earlier_.size() > kKept) edition->earlier_.pop_back();
    return edition;
}

std::optional<proto::Difference> Edition::since(const proto::Hash& base) const {
    if (base == resources_.hash()) return proto::Difference{};
    for (const proto::ResourceSet& set : earlier_) {
        if (set.hash() == base) return resources_.since(set);
    }
    return std::nullopt;
}

}  // namespace tierwall::push
