// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// convert(): older kinds of policy as documents of the current kinds with the same meaning.
///
///   AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1)  -> ClusterNetworkPolicy (v1alpha2)
///   NetworkPolicy of extensions/v1beta1, or with allowIncoming -> NetworkPolicy (v1)
///   the namespace annotation net.beta.kubernetes.io/network-policy with DefaultDeny
///                                                              -> a NetworkPolicy (v1)
///
/// Documents go in and come out as JSON. What the newer kind cannot say is refused, naming object
/// and field; other objects stay as they are. No two objects that come out are the same one to an
/// API server: what is made gets another name where its own is taken, what was given keeps its
/// name, and two given objects of one name are refused unless they say the same.
///
/// Threads: any; pure.
/// Memory:  the documents.
/// Cost:    O(size).

#include "dataplane/base/result.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <span>
#include <string>
#include <vector>

namespace tierwall::ctl {

struct ConvertedDocument {
    nlohmann::ordered_json document;
    /// Where it comes from, and not the same: an index of the documents given.
    std::size_t source = 0;
    bool is_new = false;
};

struct Conversion {
    std::vector<ConvertedDocument> documents;
    std::vector<std::string> notes;  ///< for people, a line each
};

/// Requires: objects, lists already taken apart. `places` says where each was read, as "file:line";
/// it may be empty. Fails: NotSupported, Invalid, Limit, Duplicate.
base::Result<Conversion> convert(const std::vector<nlohmann::ordered_json>& documents,
                                 std::span<const std::string> places = {});

// Parts of it, one for each kind; each answers the objects that take the place of the one given.
using Documents = std::vector<nlohmann::ordered_json>;

/// `taken`: priorities that other policies of the tier have.
base::Result<Documents> convert_admin_policy(const nlohmann::ordered_json& policy,
                                             const std::vector<std::int64_t>& taken);
/// `isolation_annotated`: some namespace says that it is isolated by annotation, so policies have
/// no effect in the others, and lists that are there but empty match nothing.
base::Result<Documents> convert_old_network_policy(const nlohmann::ordered_json& policy,
                                                   bool isolation_annotated);

/// Namespaces in which nothing comes in unless a policy allows it, because an annotation says so.
/// Fails: NotSupported, for an annotation that is not understood.
base::Result<std::set<std::string>> isolated_namespaces(
    const std::vector<nlohmann::ordered_json>& documents);

bool is_admin_policy(const nlohmann::ordered_json& document);
bool is_old_network_policy(const nlohmann::ordered_json& document);
/// "Kind/namespace/name"
std::string object_path(const nlohmann::ordered_json& document);
/// What a person wrote of the metadata: nothing that a server added.
nlohmann::ordered_json written_metadata(const nlohmann::ordered_json& document);

}  // namespace tierwall::ctl
