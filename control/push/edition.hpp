// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Edition: one published snapshot, with the few before it to tell differences from.
///
/// Threads: immutable; shared by all subscribers.
/// Memory:  sets share their bodies; kKept earlier sets cost what differs.
/// Cost:    since() is proportional to what changed; everything() to the snapshot.

#include "proto/resource_set.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace tierwall::push {

class Edition {
public:
    /// Earlier sets kept. A dataplane that is further behind gets everything.
    static constexpr std::size_t kKept = 8;
    using Clock = std::chrono::steady_clock;

    /// `before` is null for the first. Requires: epoch 1 or more and greater than before's.
    static std::shared_ptr<const Edition> make(const Edition* before, proto::ResourceSet resources,
                                               std::uint64_t epoch);

    const proto::ResourceSet& resources() const { return resources_; }
    std::uint64_t epoch() const { return epoch_; }
    /// Resources added, changed or removed since the edition before.
    std::size_t changed() const { return changed_; }

    /// Nothing when `base` is none of the sets that are kept.
    std::optional<proto::Difference> since(const proto::Hash& base) const;
    proto::Difference everything() const { return resources_.since({}); }

private:
    Edition() = default;

    proto::ResourceSet resources_;
    std::uint64_t epoch_ = 0;
    std::size_t changed_ = 0;
    std::deque<proto::ResourceSet> earlier_;  ///< newest first
};

}  // namespace tierwall::push
