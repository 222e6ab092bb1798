// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Value and Documents: what a YAML or JSON file says, as one tree with line numbers.
///
/// A Value is a small view into memory that its Documents owns, so that copying one (an alias, a
/// merge key) costs nothing and a list of ten thousand pods needs few allocations.
///
/// Threads: immutable once parsed; any number of readers.
/// Memory:  Documents owns texts, lists and members; Values must not outlive it. 24 bytes a value.
/// Cost:    find() looks at the members one after the other.

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::document {

struct Member;

enum class Kind : std::uint8_t { Null, Boolean, Integer, Real, Text, List, Object };

/// "a boolean", "a list": for messages.
const char* name(Kind kind) noexcept;

class Value {
public:
    Value() noexcept : payload_{.integer = 0} {}
    static Value null(std::uint32_t line) noexcept;
    static Value boolean(bool value, std::uint32_t line) noexcept;
    static Value integer(std::int64_t value, std::uint32_t line) noexcept;
    static Value real(double value, std::uint32_t line) noexcept;
    static Value text(std::string_view value, std::uint32_t line) noexcept;
    static Value list(std::span<const Value> items, std::uint32_t line) noexcept;
    static Value object(std::span<const Member> members, std::uint32_t line) noexcept;

    Kind kind() const noexcept { return kind_; }
    bool is_null() const noexcept { return kind_ == Kind::Null; }
    std::uint32_t line() const noexcept { return line_; }    ///< 1-based
    std::uint32_t nodes() const noexcept { return nodes_; }  ///< values in this tree, aliases too

    /// Requires, for each of these: kind() is the kind asked for.
    bool as_boolean() const noexcept { return payload_.boolean; }
    std::int64_t as_integer() const noexcept { return payload_.integer; }
    double as_real() const noexcept { return payload_.real; }
    std::string_view as_text() const noexcept { return {payload_.text, size_}; }
    std::span<const Value> items() const noexcept { return {payload_.items, size_}; }
    std::span<const Member> members() const noexcept;

    /// The member of that name, or nullptr: also when this is no object.
    const Value* find(std::string_view key) const noexcept;

private:
    union Payload {
        bool boolean;
        std::int64_t integer;
        double real;
        const char* text;
        const Value* items;
        const Member* members;
    };
    Payload payload_;
    std::uint32_t size_ = 0;
    std::uint32_t line_ = 0;
    std::uint32_t nodes_ = 1;
    Kind kind_ = Kind::Null;
};

struct Member {
    std::string_view key;
    Value value;
};

inline std::span<const Member> Value::members() const noexcept { return {payload_.members, size_}; }

/// Same kinds, texts and numbers; lines do not matter, nor does the order of members.
bool same(const Value& a, const Value& b);

/// The documents of one file, in order; empty ones are left out.
class Documents {
public:
    explicit Documents(std::string name)
        : name_(std::move(name)), arena_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {}

    const std::string& name() const noexcept { return name_; }
    const std::vector<Value>& roots() const noexcept { return roots_; }
    std::pmr::monotonic_buffer_resource& arena() noexcept { return *arena_; }
    void add(const Value& root) { roots_.push_back(root); }

private:
    std::string name_;
    std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
    std::vector<Value> roots_;
};

}  // namespace tierwall::document
