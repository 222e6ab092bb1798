// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// decode_*(): one resource's bytes -> a checked plain struct.
///
/// Whatever a resource can show to be wrong by itself is found here, so that nothing after it has
/// to think of hostile numbers; what it says about other resources is checked by Model.
///
/// Threads: any; values.
/// Memory:  about the size of the resource.
/// Cost:    O(bytes).

#include "dataplane/base/address.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/tier/ladder.hpp"
#include "proto/resource_set.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::agent {

inline constexpr std::uint32_t kIdentitiesMax = 1u << 22;
inline constexpr std::size_t kNameBytesMax = 512;
inline constexpr std::uint32_t kTableNumberMax = 65534;
/// Row columns: the value that matches everything.
inline constexpr std::uint32_t kAnyClass = 65536;
inline constexpr std::uint32_t kAnyProtocol = 256;

struct TierFacts {
    std::uint32_t number = 0;
    std::string name;
    tier::TierKind kind = tier::TierKind::Ordered;
    /// Not enforced: the tier whose tables these would be if audited policies were enforced.
    std::optional<std::uint32_t> audits;

    /// The tier to which its policies and rules belong.
    std::uint32_t real() const { return audits.value_or(number); }
};

struct NodeFacts {
    std::uint32_t number = 0;
    std::string name;
};

struct AddressSharing {
    std::vector<std::uint32_t> nodes;  ///< all that have it, if several; empty: as `node` says
    bool one_of_several = false;       ///< of this family, of the pod
    friend bool operator==(const AddressSharing&, const AddressSharing&) = default;
};

struct AddressFacts {
    base::Address ip;
    std::uint32_t identity = 0;
    std::uint32_t node = 0;
    bool is_pod = false;
    std::string name;
    std::uint64_t incarnation = 0;  ///< of the pod; 0: not known
    /// Rare: see identity::SharedAddresses. Null: `node` and `name` say it all.
    std::shared_ptr<const AddressSharing> sharing;
};

struct PrefixFacts {
    base::Prefix prefix;
    std::uint32_t identity = 0;
};

struct ServiceFacts {
    base::Prefix prefix;
};

struct PolicyFacts {
    std::uint32_t number = 0;
    std::uint32_t tier = 0;
    std::string path;
    bool audit = false;
};

struct RuleFacts {
    std::uint32_t number = 0;
    std::uint32_t policy = 0;
    base::Direction direction = base::Direction::Egress;
    std::uint32_t index = 0;
    std::string name;
    base::Action action = base::Action::Deny;
    bool isolation = false;
    bool failed_closed = false;
};

/// Names a table and its membership.
struct TableKey {
    std::uint32_t tier = 0;
    base::Direction direction = base::Direction::Egress;
    std::uint32_t number = 0;
    friend auto operator<=>(const TableKey&, const TableKey&) = default;
};
/// "0/egress/3"
std::string text(const TableKey& key);

struct GroupFacts {
    std::vector<std::uint32_t> policies;  ///< in the order in which they are asked
    std::uint32_t isolation_rule = base::kNoRule;
    friend bool operator==(const GroupFacts&, const GroupFacts&) = default;
};

struct TableFacts {
    TableKey key;
    std::map<std::uint16_t, GroupFacts> groups;
    std::vector<tier::Row> rows;
};

/// An identity and its group or class.
using Member = std::pair<std::uint32_t, std::uint16_t>;

struct MembershipFacts {
    TableKey key;
    std::vector<Member> groups;   ///< identities ascend
    std::vector<Member> classes;  ///< identities ascend
};

// Each fails with Invalid, Required, TooLong, TooMany, Duplicate, NotFound, NotSupported or Limit;
// place() says where.
base::Result<TierFacts> decode_tier(const proto::Key& key, const std::string& body);
base::Result<NodeFacts> decode_node(const proto::Key& key, const std::string& body);
base::Result<AddressFacts> decode_address(const proto::Key& key, const std::string& body);
base::Result<PrefixFacts> decode_prefix(const proto::Key& key, const std::string& body);
base::Result<ServiceFacts> decode_service(const proto::Key& key, const std::string& body);
base::Result<PolicyFacts> decode_policy(const proto::Key& key, const std::string& body);
base::Result<RuleFacts> decode_rule(const proto::Key& key, const std::string& body);
base::Result<TableFacts> decode_table(const proto::Key& key, const std::string& body);
base::Result<MembershipFacts> decode_membership(const proto::Key& key, const std::string& body);

/// "Rule 12", "Table 0/1/3", "Address 10.0.0.1": from the key alone, which may be anything.
std::string place(const proto::Key& key);

/// The big-endian numbers of a key that decode() has accepted.
std::vector<std::uint32_t> key_numbers(const proto::Key& key);
TableKey table_key(const proto::Key& key);
base::Address key_address(const proto::Key& key);
/// The block of an address and a length in the 16-byte form; nothing when it is none.
std::optional<base::Prefix> prefix_of(const std::string& sixteen_bytes, std::uint32_t length);
std::optional<base::Prefix> key_prefix(const proto::Key& key);

}  // namespace tierwall::agent
