// SPDX-License-Identifier: Apache-2.0
#include "control/document/builder.hpp"
#include "control/document/parse.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace tierwall::document {
namespace {

using Json = nlohmann::json;

/// Walks over the text and leaves its place where the callbacks can see it: the library's own
/// callbacks come without one.
class Cursor {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Cursor(const char* at, const char** seen) : at_(at), seen_(seen) {}
    reference operator*() const { return *at_; }
    Cursor& operator++() {
        *seen_ = ++at_;
        return *this;
    }
    Cursor operator++(int) {
        Cursor before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const Cursor& a, const Cursor& b) { return a.at_ == b.at_; }
    friend bool operator!=(const Cursor& a, const Cursor& b) { return a.at_ != b.at_; }

private:
    const char* at_;
    const char** seen_;
};

/// The library's callbacks, handed on to a Builder. Names and signatures are the library's.
class Events {
public:
    Events(Builder& builder, const char* begin) : builder_(&builder), counted_(begin), at_(begin) {}

    const char** seen() { return &at_; }

    bool null() { return builder_->add(Value::null(line())); }
    bool boolean(bool value) { return builder_->add(Value::boolean(value, line())); }
    bool number_integer(std::int64_t value) { return builder_->add(Value::integer(value, line())); }
    bool number_unsigned(std::uint64_t value) {
        if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
            return number_integer(static_cast<std::int64_t>(value));
        }
        return builder_->add(Value::real(static_cast<double>(value), line()));
    }
    bool number_float(double value, const std::string&) {
        return builder_->add(Value::real(value, line()));
    }
    bool string(std::string& value) {
        return builder_->add(Value::text(builder_->keep(value), line()));
    }
    bool binary(Json::binary_t&) { return false; }
    bool start_object(std::size_t) { return builder_->begin(Kind::Object, line()); }
    bool key(std::string& value) { return builder_->key(value, line()); }
    bool end_object() { return builder_->end(); }
    bool start_array(std::size_t) { return builder_->begin(Kind::List, line()); }
    bool end_array() { return builder_->end(); }
    bool parse_error(std::size_t, const std::string& token, const Json::exception&) {
        constexpr std::size_t kShown = 40;
        std::string shown = token.substr(0, kShown);
        std::replace_if(
            shown.begin(), shown.end(), [](char c) { return c < ' '; }, ' ');
        return refuse("not JSON, at \"" + shown + "\"");
    }

    bool refuse(std::string what) {
        return builder_->refuse(base::Errc::Invalid, line(), std::move(what));
    }

private:
    /// Of the last token. Its last character, or the one that ended a number, is not counted.
    std::uint32_t line() {
        if (at_ > counted_ + 1) {
            line_ += static_cast<std::uint32_t>(std::count(counted_, at_ - 1, '\n'));
            counted_ = at_ - 1;
        }
        return line_;
    }

    Builder* builder_;
    const char* counted_;
    const char* at_;
    std::uint32_t line_ = 1;
};

constexpr std::string_view kBlank = " \t\r\n";

}  // namespace

base::Result<Documents> parse_json(std::string_view text, std::string name) {
    Documents documents(std::move(name));
    Builder builder(documents);
    if (text.size() > kFileBytesMax) {
        return base::Error{base::Errc::Limit, documents.name(),
                           "larger than " + std::to_string(kFileBytesMax) + " bytes"};
    }
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const char* const end = text.data() + text.size();
    Events events(builder, text.data());
    // Objects one after the other are taken as documents, as kubectl does.
    while (!builder.error()) {
        const char* at = *events.seen();
        at = std::find_if(at, end, [](char c) { return kBlank.find(c) == kBlank.npos; });
        *events.seen() = at;
        if (at == end) break;
        const bool first = documents.roots().empty();
        if (*at != '{' && !(first && *at == '[')) {
            events.refuse(first ? "not JSON: neither an object nor a list"
                                : "text after the end of the JSON value");
        } else if (Json::sax_parse(Cursor(at, events.seen()), Cursor(end, events.seen()), &events,
                                   Json::input_format_t::json, false)) {
            builder.finish_document();
        }
    }
    if (builder.error()) return *builder.error();
    return documents;
}

}  // namespace tierwall::document
