// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Result: a value, or an Error that names the object and what is wrong with it.
///
/// Errors travel in return values; nothing of ours throws. `where` is the path of the object and
/// field ("NetworkPolicy/shop/web spec.ingress[0].ports[1].endPort"), so that a person reading one
/// line knows what to mend.
///
/// Threads: any; values.
/// Memory:  owned by the value.
/// Cost:    control path only; the packet path uses Verdict.

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace tierwall::base {

/// Why something was refused; the first seven are Kubernetes' own words for field errors.
enum class Errc {
    Required,
    Invalid,
    NotSupported,
    Forbidden,
    TooMany,
    TooLong,
    Duplicate,
    NotFound,
    Limit,
    Io,
    Internal,
};

/// The word as it is printed, for example "Required".
const char* name(Errc code) noexcept;

struct Error {
    Errc code = Errc::Internal;
    std::string where;
    std::string what;

    /// "where: what", or only what when there is no place.
    std::string text() const { return where.empty() ? what : where + ": " + what; }
};

template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    /// Requires: ok().
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(value()); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    /// Requires: !ok().
    Error& error() & { return *checked(std::get_if<1>(&state_)); }
    const Error& error() const& { return *checked(std::get_if<1>(&state_)); }
    Error&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

private:
    T& value() { return *checked(std::get_if<0>(&state_)); }
    const T& value() const { return *checked(std::get_if<0>(&state_)); }

    template <typename P>
    static P* checked(P* pointer) {
        if (pointer == nullptr) std::abort();
        return pointer;
    }

    std::variant<T, Error> state_;
};

/// Success without a value.
struct Done {};
using Status = Result<Done>;

}  // namespace tierwall::base

/// Declares `name` from a Result, or returns its error from the enclosing function.
#define TW_TRY(name, expression)                                      \
    auto name##_result = (expression);                                \
    if (!name##_result.ok()) return std::move(name##_result).error(); \
    auto& name [[maybe_unused]] = *name##_result
