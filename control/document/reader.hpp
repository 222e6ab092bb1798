// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reader: a place in a document that knows its own path, and notes what is wrong there.
///
/// Decoders ask a Reader for what they need; whatever has the wrong type becomes a Fault with its
/// path and line, and the caller gets nothing. So one pass finds every fault, not only the first:
///
///     std::vector<Fault> faults;
///     Reader root(documents.roots().front(), faults);
///     root.allow_only({"mode", "ports"});
///     const auto mode = root.at("mode").required().text();
///     for (const Reader& port : root.at("ports").items()) port.at("name").required().text();
///     if (!faults.empty()) return to_error(faults.front(), documents.name());
///
/// A missing member and a null are the same thing: not present, and no fault until required().
///
/// Threads: one at a time; Documents and faults must outlive it.
/// Memory:  a path string; otherwise a view.
/// Cost:    one short string a step.

#include "control/document/value.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tierwall::document {

struct Fault {
    base::Errc error = base::Errc::Invalid;
    std::string field;  ///< "ports[0].name"; empty: the document itself
    std::uint32_t line = 0;
    std::string message;
    friend bool operator==(const Fault&, const Fault&) = default;
};

/// "file:line", "field: message".
base::Error to_error(const Fault& fault, const std::string& file);

class Reader {
public:
    Reader(const Value& value, std::vector<Fault>& faults)
        : value_(&value), line_(value.line()), faults_(&faults) {}

    /// There and not null.
    bool present() const noexcept { return value_ != nullptr && !value_->is_null(); }
    bool is(Kind kind) const noexcept { return value_ != nullptr && value_->kind() == kind; }
    const std::string& path() const noexcept { return path_; }
    std::uint32_t line() const noexcept { return line_; }  ///< of the nearest value that exists
    const Value* value() const noexcept { return value_; }
    /// The integer that it is worth; nothing for anything else.
    std::optional<std::int64_t> whole_number() const noexcept;

    /// A member; not present when there is none. A Fault when this is present but no object.
    Reader at(std::string_view key) const;
    /// The items of a list; none when not present. A Fault when it is something else.
    std::vector<Reader> items() const;
    /// Names and values of an object; none when not present. A Fault when it is something else.
    std::vector<std::pair<std::string_view, Reader>> members() const;

    /// Nothing when not present; a Fault and nothing when of another kind or out of range.
    std::optional<std::string> text() const;
    /// Numbers are what they are worth: 1e2 and 100.0 are the integer 100, as kubectl sends them.
    std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
    std::optional<bool> boolean() const;

    /// A Fault (Required) when not present; itself, to go on with.
    const Reader& required() const;
    /// A Fault for every member that is not in the list.
    void allow_only(std::initializer_list<std::string_view> keys) const;
    /// Notes a fault at this place.
    void fault(base::Errc error, std::string message) const;
    /// Notes that another kind was needed here ("must be a string, not a boolean").
    void wrong_kind(std::string_view needed) const;

private:
    Reader(const Value* value, std::string path, const Reader& parent)
        : value_(value),
          path_(std::move(path)),
          line_(value != nullptr ? value->line() : parent.line_),
          faults_(parent.faults_) {}

    const Value* value_;
    std::string path_;
    std::uint32_t line_;
    std::vector<Fault>* faults_;
};

}  // namespace tierwall::document
