// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Store: the objects in force, and the last good version of whatever cannot be used.
///
/// Sources (a manifest file, or one list of the API server) say which objects they hold. An object
/// that cannot be used keeps its last good version for as long as a source holds one of its name.
/// Where there is none, a NetworkPolicy isolates its subjects, and anything else that could have
/// denied something blocks: blocked() then says why nothing new must be committed.
///
/// Two sources with the same object are a Duplicate: the first source by name is in force.
///
/// Threads: one control thread.
/// Memory:  each object twice, as read and in force.
/// Cost:    a change costs what changed, O(log n) an object.

#include "control/kube/decode.hpp"
#include "control/kube/objects.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::kube {

using Contents = std::vector<std::shared_ptr<const Decoded>>;

class Store {
public:
    /// The source now holds exactly these.
    void replace(const std::string& source, Contents contents);
    /// The source holds one more object, or another version of one.
    void put(const std::string& source, Decoded object);
    void remove(const std::string& source, const ObjectKey& key);
    /// The source could not be read: it is taken to hold what it held, and blocks if it never
    /// was read.
    void mark_unreadable(const std::string& source, const base::Error& error);
    /// The source is gone, and what it held with it.
    void forget(const std::string& source);

    const Objects& objects() const noexcept { return objects_; }
    /// Names of what is or was in objects().
    struct Changes {
        std::set<std::string> namespaces;
        std::set<std::string> nodes;
        std::set<std::string> pods;      ///< "namespace/name"
        std::set<std::string> policies;  ///< "Kind/namespace/name"
        bool empty() const {
            return namespaces.empty() && nodes.empty() && pods.empty() && policies.empty();
        }
    };
    /// What came, went or became another since the last call.
    Changes take_changes() { return std::exchange(changes_, {}); }
    /// Moves on whenever objects() changes.
    std::uint64_t version() const noexcept { return version_; }
    /// Everything that is wrong, in the order of sources and objects.
    std::vector<Problem> problems() const;
    /// Reasons why objects() must not be enforced; empty: all is well.
    std::vector<std::string> blocked() const;
    std::vector<std::string> sources() const;

private:
    enum class State {
        Empty,     ///< nothing in force yet
        Good,      ///< the version last seen
        Kept,      ///< an earlier version, the last good one
        StandIn,   ///< what stands in for a version that cannot be used as it is
        Blocking,  ///< nothing can stand in
        LeftOut,   ///< not in force: ignored, or unusable without harm
    };
    struct Claim {
        std::string source;
        std::shared_ptr<const Decoded> object;
    };
    struct Entry {
        std::vector<Claim> claims;  ///< by source; several are duplicates
        State state = State::Empty;
    };
    struct Source {
        std::set<ObjectKey> keys;
        std::vector<Problem> failure;  ///< none or one
        bool was_read = false;
    };

    void claim(Source& holder, const std::string& source, std::shared_ptr<const Decoded> object);
    void unclaim(const std::string& source, const ObjectKey& key);
    void settle(const ObjectKey& key);
    void apply(const Decoded& decoded, Entry& entry);
    void install(const Decoded& decoded);
    void install_mode(const Decoded& decoded);
    void install(const Namespace& value);
    void install(const Pod& value);
    void uninstall(const ObjectKey& key);
    void imply_namespace(const std::string& name);
    void drop_implied_namespace(const std::string& name);
    void add_problems(const Entry& entry, std::vector<Problem>& problems) const;

    void note(const std::map<std::string, Namespace>& map, const std::string& key);
    void note(const std::map<std::string, Pod>& map, const std::string& key);
    void note(const std::map<std::string, Node>& map, const std::string& key);
    void note(const std::map<std::string, NetworkPolicy>& map, const std::string& key);
    void note(const std::map<std::string, ClusterNetworkPolicy>& map, const std::string& key);
    void note(const std::map<std::string, AdminNetworkPolicy>& map, const std::string& key);
    void note(const std::map<std::string, Mode>& map, const std::string& key);

    template <typename T>
    void set(std::map<std::string, T>& map, const std::string& key, const T& value);
    template <typename T>
    void erase(std::map<std::string, T>& map, const std::string& key);

    Objects objects_;
    std::map<ObjectKey, Entry> entries_;
    std::map<std::string, Source> sources_;
    std::set<ObjectKey> noisy_;      ///< entries with something to report
    std::set<std::string> implied_;  ///< namespaces known only by what is in them
    std::uint64_t version_ = 0;
    Changes changes_;
};

}  // namespace tierwall::kube
