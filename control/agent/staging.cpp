// SPDX-License-Identifier: Apache-2.0
#include "control/agent/staging.hpp"

#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;

constexpr std::size_t kProblemsMax = 20;

Error disorder(const char* what) { return Error{Errc::Invalid, "stream", what}; }

}  // namespace

std::string describe(int type, const std::string& key) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out = v1::ResourceType_IsValid(type)
                          ? v1::ResourceType_Name(static_cast<v1::ResourceType>(type))
                          : "type " + std::to_string(type);
    if (out.starts_with("RESOURCE_TYPE_")) out.erase(0, 14);
    out.push_back(' ');
    for (const char c : key.substr(0, 32)) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

void Staging::reset() {
    open_ = false;
    overrun_ = false;
    epoch_ = 0;
    bytes_ = 0;
    received_ = 0;
    set_ = {};
    seen_.clear();
    refusal_ = {};
}

base::Result<Staging::Heard> Staging::take(const v1::FromSource& message,
                                           const proto::ResourceSet& current) {
    switch (message.kind_case()) {
        case v1::FromSource::kBegin: return begin(message.begin(), current);
        case v1::FromSource::kChunk: return add(message.chunk());
        case v1::FromSource::kCommit: return commit(message.commit());
        case v1::FromSource::kNotice: return Heard::More;  // part of no epoch
        case v1::FromSource::KIND_NOT_SET: break;
    }
    return disorder("a message of unknown kind");
}

base::Result<Staging::Heard> Staging::begin(const v1::Begin& begin,
                                            const proto::ResourceSet& current) {
    if (open_) return disorder("Begin before the Commit of the epoch before");
    if (begin.epoch() == 0) return disorder("Begin of epoch 0");
    reset();
    open_ = true;
    epoch_ = begin.epoch();
    full_ = begin.full();
    if (full_) return Heard::More;
    if (begin.base_hash() != current.hash().bytes()) {
        refuse(Errc::NotFound, "Begin", "the base of the difference is not here");
        refusal_.need_full = true;
        return Heard::More;
    }
    set_ = current;
    return Heard::More;
}

void Staging::refuse(Errc code, std::string where, std::string what) {
    if (refusal_.problems.size() < kProblemsMax) {
        refusal_.problems.push_back({code, std::move(where), std::move(what)});
    }
    // It cannot become right any more: no need to keep what came.
    set_ = {};
    seen_.clear();
}

void Staging::refuse_overrun(std::string what) {
    overrun_ = true;
    refuse(Errc::Limit, "epoch " + std::to_string(epoch_), std::move(what));
}

/// Into a full epoch everything is put that comes, so there the set knows.
bool Staging::is_first(proto::Key key, bool is_upsert) {
    if (!full_) return seen_.insert(std::move(key)).second;
    if (set_.find(key) != nullptr || seen_.contains(key)) return false;
    if (!is_upsert) seen_.insert(std::move(key));
    return true;
}

bool Staging::accept(int type, const std::string& key, std::size_t body_bytes, bool is_upsert) {
    bytes_ += key.size() + body_bytes;
    if (bytes_ > limits_.bytes_max) {
        refuse_overrun("is longer than " + std::to_string(limits_.bytes_max) + " bytes");
        return false;
    }
    if (!refusal_.problems.empty()) return false;
    if (!v1::ResourceType_IsValid(type) || type == v1::RESOURCE_TYPE_UNSPECIFIED) {
        refuse(Errc::NotSupported, describe(type, key), "a resource type that is not known here");
        return false;
    }
    if (key.empty() || key.size() > limits_.key_bytes_max) {
        refuse(Errc::Invalid, describe(type, key), "the key is empty or too long");
        return false;
    }
    if (!is_first({static_cast<v1::ResourceType>(type), key}, is_upsert)) {
        refuse(Errc::Duplicate, describe(type, key), "came twice in one epoch");
        return false;
    }
    if (++received_ > limits_.resources_max || set_.size() > limits_.resources_max) {
        refuse_overrun("has more than " + std::to_string(limits_.resources_max) + " resources");
        return false;
    }
    return true;
}

base::Result<Staging::Heard> Staging::add(const v1::Chunk& chunk) {
    if (!open_) return disorder("Chunk before Begin");
    for (const v1::Resource& resource : chunk.upserts()) {
        if (!accept(resource.type(), resource.key(), resource.body().size(), true)) continue;
        set_.put({resource.type(), resource.key()}, resource.body());
    }
    for (const v1::ResourceKey& removal : chunk.removals()) {
        if (!accept(removal.type(), removal.key(), 0, false)) continue;
        set_.erase({removal.type(), removal.key()});
    }
    if (!overrun_) return Heard::More;
    open_ = false;
    return Heard::Refused;
}

base::Result<Staging::Heard> Staging::commit(const v1::Commit& commit) {
    if (!open_) return disorder("Commit before Begin");
    if (commit.epoch() != epoch_) return disorder("Commit of another epoch than Begin");
    open_ = false;
    seen_.clear();
    if (!refusal_.problems.empty()) return Heard::Refused;
    if (commit.resources() == set_.size() && commit.hash() == set_.hash().bytes()) {
        return Heard::Whole;
    }
    refuse(Errc::Invalid, "Commit",
           "what arrived is not what was sent: the hash or the count differs");
    refusal_.need_full = true;
    return Heard::Refused;
}

}  // namespace tierwall::agent
