// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which object an API server takes a document for, and names that no other object has.
///
/// Threads: any; values.
/// Memory:  a name an object.
/// Cost:    O(log objects) a name.

#include "control/ctl/convert.hpp"

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace tierwall::ctl {

/// An object is the same in every version of its API.
struct ObjectIdentity {
    std::string group;
    std::string kind;
    std::string space;  ///< empty for kinds that are in none
    std::string name;
    friend auto operator<=>(const ObjectIdentity&, const ObjectIdentity&) = default;
    friend bool operator==(const ObjectIdentity&, const ObjectIdentity&) = default;

    /// "Kind/namespace/name"
    std::string path() const;
};

/// Nothing for a document without a kind or a name.
std::optional<ObjectIdentity> identity_of(const nlohmann::ordered_json& document);

/// "web-2"; as much of the end of `name` is left out as makes the result a name that an API server
/// takes: at most 253 characters, at most 63 after the last dot.
std::string numbered_name(const std::string& name, std::size_t number);

/// Objects that there are or will be, and who they are.
class TakenNames {
public:
    /// Null: it was free and belongs to `owner` now; else whose it is.
    const std::string* take(const ObjectIdentity& identity, const std::string& owner);
    /// Takes the name with the first number from `first_number` on that is free; number 1 is the
    /// name as it is.
    std::string take_free(ObjectIdentity identity, std::size_t first_number,
                          const std::string& owner);
    /// Empty: nobody's.
    std::string owner(const ObjectIdentity& identity) const;

private:
    std::map<ObjectIdentity, std::string> owners_;
};

}  // namespace tierwall::ctl
