// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Transmission: one edition on its way to one dataplane, message by message.
///
/// Messages are made one at a time, when the stream has room, so that a dataplane that reads slowly
/// costs no memory here.
///
/// Threads: one at a time.
/// Memory:  the list of what differs; bodies are shared with the edition.
/// Cost:    O(1) a message apart from copying its bytes.

#include "control/push/edition.hpp"
#include "proto/stream.pb.h"

#include <memory>
#include <optional>

namespace tierwall::push {

/// A chunk is at most this long, unless a single resource is longer.
inline constexpr std::size_t kChunkBytesMax = 1u << 20;
/// The longest message that either end accepts.
inline constexpr std::size_t kMessageBytesMax = 16u << 20;
/// The longest body of one resource.
inline constexpr std::size_t kResourceBytesMax = kMessageBytesMax - (64u << 10);

/// What a dataplane has.
struct Base {
    std::uint64_t epoch = 0;
    proto::Hash hash;
};

class Transmission {
public:
    /// The difference to `base` where it is known, otherwise everything.
    Transmission(std::shared_ptr<const Edition> edition, const std::optional<Base>& base);

    /// The next message; false when Commit was the last one.
    bool next(v1::FromSource& message);

    const Edition& edition() const { return *edition_; }
    bool is_full() const { return full_; }
    bool is_committed() const { return step_ == Step::Done; }
    std::size_t resources() const {
        return difference_.upserts.size() + difference_.removals.size();
    }

private:
    enum class Step { Begin, Chunks, Done };
    void fill(v1::Chunk& chunk);

    std::shared_ptr<const Edition> edition_;
    Base base_;
    bool full_ = false;
    proto::Difference difference_;
    std::size_t upserts_sent_ = 0;
    std::size_t removals_sent_ = 0;
    Step step_ = Step::Begin;
};

/// Nothing unless `bytes` is a hash in its 16-byte form.
std::optional<proto::Hash> parse_hash(const std::string& bytes);

}  // namespace tierwall::push
