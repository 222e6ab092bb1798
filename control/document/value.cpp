// SPDX-License-Identifier: Apache-2.0
#include "control/document/value.hpp"

#include <algorithm>
#include <limits>

namespace tierwall::document {
namespace {

/// Adds without wrapping: a tree of aliases can count more nodes than fit.
std::uint32_t add_saturating(std::uint32_t a, std::uint32_t b) noexcept {
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
    return a > kMost - b ? kMost : a + b;
}

bool same_members(const Value& a, const Value& b) {
    if (a.members().size() != b.members().size()) return false;
    return std::all_of(a.members().begin(), a.members().end(), [&](const Member& member) {
        const Value* other = b.find(member.key);
        return other != nullptr && same(member.value, *other);
    });
}

}  // namespace

const char* name(Kind kind) noexcept {
    switch (kind) {
        case Kind::Null: return "null";
        case Kind::Boolean: return "a boolean";
        case Kind::Integer: return "an integer";
        case Kind::Real: return "a number with a fraction";
        case Kind::Text: return "a string";
        case Kind::List: return "a list";
        case Kind::Object: return "an object";
    }
    return "null";
}

Value Value::null(std::uint32_t line) noexcept {
    Value value;
    value.line_ = line;
    return value;
}

Value Value::boolean(bool content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::Boolean;
    value.payload_.boolean = content;
    return value;
}

Value Value::integer(std::int64_t content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::Integer;
    value.payload_.integer = content;
    return value;
}

Value Value::real(double content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::Real;
    value.payload_.real = content;
    return value;
}

Value Value::text(std::string_view content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::Text;
    value.payload_.text = content.data();
    value.size_ = static_cast<std::uint32_t>(content.size());
    return value;
}

Value Value::list(std::span<const Value> content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::List;
    value.payload_.items = content.data();
    value.size_ = static_cast<std::uint32_t>(content.size());
    for (const Value& item : content) value.nodes_ = add_saturating(value.nodes_, item.nodes_);
    return value;
}

Value Value::object(std::span<const Member> content, std::uint32_t line) noexcept {
    Value value = null(line);
    value.kind_ = Kind::Object;
    value.payload_.members = content.data();
    value.size_ = static_cast<std::uint32_t>(content.size());
    for (const Member& member : content) {
        value.nodes_ = add_saturating(value.nodes_, member.value.nodes_);
    }
    return value;
}

const Value* Value::find(std::string_view key) const noexcept {
    if (kind_ != Kind::Object) return nullptr;
    for (const Member& member : members()) {
        if (member.key == key) return &member.value;
    }
    return nullptr;
}

bool same(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case Kind::Null: return true;
        case Kind::Boolean: return a.as_boolean() == b.as_boolean();
        case Kind::Integer: return a.as_integer() == b.as_integer();
        case Kind::Real: return a.as_real() == b.as_real();
        case Kind::Text: return a.as_text() == b.as_text();
        case Kind::List:
            return std::equal(a.items().begin(), a.items().end(), b.items().begin(),
                              b.items().end(), same);
        case Kind::Object: return same_members(a, b);
    }
    return false;
}

}  // namespace tierwall::document
