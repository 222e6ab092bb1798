// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Snapshots: the objects in force -> the snapshot that dataplanes enforce, change by change.
///
/// It joins store, dialect and compiler, and hands on from each to the next only what changed: a
/// new pod costs the same in a cluster of any size. What a failed compilation did not take in
/// is taken in by the next.
///
/// Threads: one control thread.
/// Memory:  the store, the policies made of it, the compiler's books, the snapshot.
/// Cost:    proportional to what changed.

#include "control/compile/compiler.hpp"
#include "control/dialect/translator.hpp"
#include "control/kube/store.hpp"
#include "dataplane/base/result.hpp"

#include <optional>
#include <vector>

namespace tierwall::sync {

class Snapshots {
public:
    explicit Snapshots(std::vector<base::Prefix> service_prefixes)
        : service_prefixes_(std::move(service_prefixes)) {}

    kube::Store& store() { return store_; }
    const kube::Store& store() const { return store_; }

    /// Is there anything that compile() has not taken in?
    bool is_stale() const { return !compiled_ || version_ != store_.version(); }
    /// Requires: the store is not blocked. Fails: as the compiler; what was enforced stays so.
    base::Result<compile::Output> compile();
    /// What the last compile() found wrong in objects that it could use.
    const std::vector<kube::Problem>& found() const { return found_; }

private:
    kube::Store::Changes take_changes();

    const std::vector<base::Prefix> service_prefixes_;
    kube::Store store_;
    dialect::Translator translator_;
    compile::Compiler compiler_;
    std::vector<kube::Problem> found_;
    kube::Store::Changes pending_;  ///< not yet compiled with success
    bool compiled_ = false;
    std::uint64_t version_ = 0;
};

}  // namespace tierwall::sync
