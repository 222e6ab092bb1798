// SPDX-License-Identifier: Apache-2.0
#include "control/document/builder.hpp"

#include "control/document/parse.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace tierwall::document {
namespace {

/// Key under which a merge waits until its object ends; no text can be equal to it by address.
constexpr char kMerge[] = "<<";

bool is_merge(const Member& member) { return member.key.data() == kMerge; }

template <typename T>
T* array(std::pmr::monotonic_buffer_resource& arena, std::size_t count) {
    return static_cast<T*>(arena.allocate(count * sizeof(T), alignof(T)));
}

}  // namespace

bool Builder::refuse(base::Errc code, std::uint32_t line, std::string what) {
    if (!error_) {
        error_ =
            base::Error{code, documents_->name() + ":" + std::to_string(line), std::move(what)};
    }
    return false;
}

std::string_view Builder::keep(std::string_view text) {
    if (text.empty()) return {};
    char* copy = array<char>(documents_->arena(), text.size());
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
}

bool Builder::begin(Kind kind, std::uint32_t line) {
    if (frames_.size() >= kDepthMax) {
        return refuse(base::Errc::Limit, line,
                      "nested deeper than " + std::to_string(kDepthMax) + " levels");
    }
    frames_.push_back({kind == Kind::Object, false, false, pending_.size(), line});
    return true;
}

bool Builder::key(std::string_view key, std::uint32_t line) {
    frames_.back().has_key = true;
    pending_.push_back({keep(key), Value::null(line)});
    return true;
}

bool Builder::merge_key(std::uint32_t line) {
    frames_.back().has_key = true;
    frames_.back().merges = true;
    pending_.push_back({kMerge, Value::null(line)});
    return true;
}

bool Builder::place(const Value& value, std::uint32_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kNodesMax) {
        return refuse(base::Errc::Limit, value.line(),
                      "more than " + std::to_string(kNodesMax) + " values, aliases counted");
    }
    last_ = value;
    if (frames_.empty()) return true;
    if (frames_.back().is_object) {
        frames_.back().has_key = false;
        pending_.back().value = value;
    } else {
        pending_.push_back({{}, value});
    }
    return true;
}

bool Builder::end() {
    const Frame frame = frames_.back();
    Value value;
    if (!frame.is_object) {
        value = close_list(frame);
    } else if (!close_object(frame, value)) {
        return false;
    }
    pending_.resize(frame.first);
    frames_.pop_back();
    return place(value, 1);
}

Value Builder::close_list(const Frame& frame) {
    const std::size_t count = pending_.size() - frame.first;
    if (count == 0) return Value::list({}, frame.line);
    Value* items = array<Value>(documents_->arena(), count);
    for (std::size_t i = 0; i < count; ++i) {
        new (items + i) Value(pending_[frame.first + i].value);
    }
    return Value::list({items, count}, frame.line);
}

bool Builder::close_object(const Frame& frame, Value& value) {
    if (frame.merges && !apply_merges(frame)) return false;
    if (!check_duplicates(frame)) return false;
    const std::size_t count = pending_.size() - frame.first;
    if (count == 0) {
        value = Value::object({}, frame.line);
        return true;
    }
    Member* members = array<Member>(documents_->arena(), count);
    std::uninitialized_copy(pending_.begin() + static_cast<std::ptrdiff_t>(frame.first),
                            pending_.end(), members);
    value = Value::object({members, count}, frame.line);
    return true;
}

bool Builder::apply_merges(const Frame& frame) {
    std::vector<Member> added;
    for (std::size_t i = frame.first; i < pending_.size(); ++i) {
        if (!is_merge(pending_[i])) continue;
        const Value source = pending_[i].value;
        if (source.kind() != Kind::List) {
            if (!merge_from(source, frame.first, added)) return false;
            continue;
        }
        for (const Value& item : source.items()) {
            if (!merge_from(item, frame.first, added)) return false;
        }
    }
    const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(frame.first);
    pending_.erase(std::remove_if(first, pending_.end(), is_merge), pending_.end());
    pending_.insert(pending_.end(), added.begin(), added.end());
    return true;
}

bool Builder::merge_from(const Value& source, std::size_t first, std::vector<Member>& added) {
    if (source.kind() != Kind::Object) {
        return refuse(base::Errc::Invalid, source.line(), "a merge key (<<) needs an object");
    }
    for (const Member& member : source.members()) {
        const auto has_key = [&](const Member& other) { return other.key == member.key; };
        const auto own = pending_.begin() + static_cast<std::ptrdiff_t>(first);
        if (std::any_of(own, pending_.end(), has_key)) continue;
        if (std::any_of(added.begin(), added.end(), has_key)) continue;
        added.push_back(member);
    }
    return true;
}

bool Builder::check_duplicates(const Frame& frame) {
    const std::size_t count = pending_.size() - frame.first;
    if (count < 2) return true;
    std::vector<const Member*> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = &pending_[frame.first + i];
    std::stable_sort(order.begin(), order.end(),
                     [](const Member* a, const Member* b) { return a->key < b->key; });
    for (std::size_t i = 1; i < count; ++i) {
        if (order[i]->key != order[i - 1]->key) continue;
        return refuse(base::Errc::Duplicate, order[i]->value.line(),
                      "key \"" + std::string(order[i]->key) + "\" appears twice");
    }
    return true;
}

void Builder::finish_document() {
    if (!last_.is_null()) documents_->add(last_);
    last_ = Value();
}

}  // namespace tierwall::document
