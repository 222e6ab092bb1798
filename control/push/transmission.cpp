// SPDX-License-Identifier: Apache-2.0
#include "control/push/transmission.hpp"

#include <utility>

namespace tierwall::push {

namespace {

/// Tags and lengths around one resource in a chunk.
constexpr std::size_t kOverhead = 24;

std::uint64_t big_endian(const std::string& bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        value = (value << 8) | static_cast<std::uint8_t>(bytes[at + i]);
    }
    return value;
}

}  // namespace

std::optional<proto::Hash> parse_hash(const std::string& bytes) {
    if (bytes.size() != 16) return std::nullopt;
    return proto::Hash{.low = big_endian(bytes, 8), .high = big_endian(bytes, 0)};
}

Transmission::Transmission(std::shared_ptr<const Edition> edition, const std::optional<Base>& base)
    : edition_(std::move(edition)) {
    std::optional<proto::Difference> known;
    if (base) known = edition_->since(base->hash);
    full_ = !known;
    if (base && known) base_ = *base;
    difference_ = known ? std::move(*known) : edition_->everything();
}

bool Transmission::next(v1::FromSource& message) {
    switch (step_) {
        case Step::Begin: {
            message.Clear();
            v1::Begin& begin = *message.mutable_begin();
            begin.set_epoch(edition_->epoch());
            begin.set_full(full_);
            if (!full_) {
                begin.set_base_epoch(base_.epoch);
                begin.set_base_hash(base_.hash.bytes());
            }
            step_ = Step::Chunks;
            return true;
        }
        case Step::Chunks: {
            if (upserts_sent_ < difference_.upserts.size() ||
                removals_sent_ < difference_.removals.size()) {
                // Cleared by itself a chunk keeps its memory for the next one.
                message.mutable_chunk()->Clear();
                fill(*message.mutable_chunk());
                return true;
            }
            message.Clear();
            v1::Commit& commit = *message.mutable_commit();
            commit.set_epoch(edition_->epoch());
            commit.set_hash(edition_->resources().hash().bytes());
            commit.set_resources(edition_->resources().size());
            step_ = Step::Done;
            return true;
        }
        case Step::Done: message.Clear(); return false;
    }
    return false;
}

void Transmission::fill(v1::Chunk& chunk) {
    std::size_t bytes = 0;
    const auto fits = [&bytes](std::size_t size) {
        if (bytes != 0 && bytes + size > kChunkBytesMax) return false;
        bytes += size;
        return true;
    };
    for (; upserts_sent_ < difference_.upserts.size(); ++upserts_sent_) {
        const auto& [key, body] = difference_.upserts[upserts_sent_];
        if (!fits(key.bytes.size() + body->size() + kOverhead)) return;
        v1::Resource& resource = *chunk.add_upserts();
        resource.set_type(key.type);
        resource.set_key(key.bytes);
        resource.set_body(*body);
    }
    for (; removals_sent_ < difference_.removals.size(); ++removals_sent_) {
        const proto::Key& key = difference_.removals[removals_sent_];
        if (!fits(key.bytes.size() + kOverhead)) return;
        v1::ResourceKey& removal = *chunk.add_removals();
        removal.set_type(key.type);
        removal.set_key(key.bytes);
    }
}

}  // namespace tierwall::push
