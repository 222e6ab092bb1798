// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Builder: parser events -> Values, with the checks that YAML and JSON have in common.
///
/// Depth, number of nodes and duplicate keys are judged here, once for both parsers.
///
/// Threads: one at a time.
/// Memory:  open lists and objects on a stack of its own; finished ones in the Documents' arena.
/// Cost:    O(1) an event; duplicate keys O(n log n) an object.

#include "control/document/value.hpp"
#include "dataplane/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tierwall::document {

class Builder {
public:
    explicit Builder(Documents& documents) : documents_(&documents) {}

    /// Each of these: false once something was refused; error() then says what.
    bool begin(Kind kind, std::uint32_t line);
    bool end();
    bool key(std::string_view key, std::uint32_t line);
    /// Members of the next value are merged into the object it is in ("<<").
    bool merge_key(std::uint32_t line);
    bool add(const Value& scalar) { return place(scalar, 1); }
    /// A value that stands elsewhere too. A reader will walk through all of it once more.
    bool add_alias(const Value& value) { return place(value, value.nodes()); }

    bool refuse(base::Errc code, std::uint32_t line, std::string what);
    const std::optional<base::Error>& error() const noexcept { return error_; }

    /// A text that lives as long as the documents.
    std::string_view keep(std::string_view text);
    bool in_object() const noexcept { return !frames_.empty() && frames_.back().is_object; }
    bool awaits_key() const noexcept { return in_object() && !frames_.back().has_key; }
    std::size_t depth() const noexcept { return frames_.size(); }
    /// The value that was finished last.
    const Value& last() const noexcept { return last_; }
    /// A document that is one value ended; a null is left out.
    void finish_document();

private:
    struct Frame {
        bool is_object = false;
        bool has_key = false;
        bool merges = false;
        std::size_t first = 0;  ///< index into pending_
        std::uint32_t line = 0;
    };
    bool place(const Value& value, std::uint32_t nodes);
    Value close_list(const Frame& frame);
    bool close_object(const Frame& frame, Value& value);
    bool apply_merges(const Frame& frame);
    bool merge_from(const Value& source, std::size_t first, std::vector<Member>& added);
    bool check_duplicates(const Frame& frame);

    Documents* documents_;
    std::vector<Frame> frames_;
    std::vector<Member> pending_;  ///< contents of all open frames
    std::optional<base::Error> error_;
    std::uint64_t nodes_ = 0;
    Value last_;
};

}  // namespace tierwall::document
