// SPDX-License-Identifier: Apache-2.0
#include "control/document/reader.hpp"

#include <algorithm>
#include <cmath>

namespace tierwall::document {

base::Error to_error(const Fault& fault, const std::string& file) {
    std::string where = file + ":" + std::to_string(fault.line);
    std::string what = fault.field.empty() ? fault.message : fault.field + ": " + fault.message;
    return {fault.error, std::move(where), std::move(what)};
}

Reader Reader::at(std::string_view key) const {
    std::string path = path_;
    if (!path.empty()) path += '.';
    path += key;
    if (present() && !is(Kind::Object)) wrong_kind("an object");
    return {value_ != nullptr ? value_->find(key) : nullptr, std::move(path), *this};
}

std::vector<Reader> Reader::items() const {
    std::vector<Reader> readers;
    if (!present()) return readers;
    if (!is(Kind::List)) {
        wrong_kind("a list");
        return readers;
    }
    readers.reserve(value_->items().size());
    for (const Value& item : value_->items()) {
        readers.push_back({&item, path_ + "[" + std::to_string(readers.size()) + "]", *this});
    }
    return readers;
}

std::vector<std::pair<std::string_view, Reader>> Reader::members() const {
    std::vector<std::pair<std::string_view, Reader>> readers;
    if (!present()) return readers;
    if (!is(Kind::Object)) {
        wrong_kind("an object");
        return readers;
    }
    readers.reserve(value_->members().size());
    for (const Member& member : value_->members()) {
        std::string path =
            path_.empty() ? std::string(member.key) : path_ + "." + std::string(member.key);
        readers.emplace_back(member.key, Reader{&member.value, std::move(path), *this});
    }
    return readers;
}

std::optional<std::string> Reader::text() const {
    if (!present()) return std::nullopt;
    if (is(Kind::Text)) return std::string(value_->as_text());
    wrong_kind("a string");
    return std::nullopt;
}

std::optional<std::int64_t> Reader::whole_number() const noexcept {
    if (is(Kind::Integer)) return value_->as_integer();
    if (!is(Kind::Real)) return std::nullopt;
    const double number = value_->as_real();
    // Above this not every integer is a double.
    constexpr double kMost = 9007199254740992.0;
    if (!(std::abs(number) < kMost) || std::trunc(number) != number) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> Reader::integer(std::int64_t least, std::int64_t most) const {
    if (!present()) return std::nullopt;
    const auto number = whole_number();
    if (!number) {
        wrong_kind("an integer");
        return std::nullopt;
    }
    if (*number >= least && *number <= most) return number;
    fault(base::Errc::Invalid, "must be between " + std::to_string(least) + " and " +
                                   std::to_string(most) + ", not " + std::to_string(*number));
    return std::nullopt;
}

std::optional<bool> Reader::boolean() const {
    if (!present()) return std::nullopt;
    if (is(Kind::Boolean)) return value_->as_boolean();
    wrong_kind("true or false");
    return std::nullopt;
}

const Reader& Reader::required() const {
    if (!present()) fault(base::Errc::Required, "is required");
    return *this;
}

void Reader::allow_only(std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, member] : members()) {
        if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
        member.fault(base::Errc::Invalid, "unknown field \"" + std::string(key) + "\"");
    }
}

void Reader::fault(base::Errc error, std::string message) const {
    faults_->push_back({error, path_, line_, std::move(message)});
}

void Reader::wrong_kind(std::string_view needed) const {
    std::string message = "must be ";
    message += needed;
    message += ", not ";
    message += name(value_ != nullptr ? value_->kind() : Kind::Null);
    const bool unquoted =
        needed == "a string" && (is(Kind::Boolean) || is(Kind::Integer) || is(Kind::Real));
    if (unquoted && is(Kind::Boolean)) {
        message += "; put it in quotes (plain yes, no, on, off, y, n, true and false are booleans)";
    } else if (unquoted) {
        message += "; put it in quotes";
    }
    fault(base::Errc::Invalid, std::move(message));
}

}  // namespace tierwall::document
