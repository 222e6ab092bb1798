// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Staging: puts a snapshot together from Begin, Chunks and Commit, and checks that it is what was
/// meant.
///
/// The source is not trusted to be right: every limit is checked before memory is used, and nothing
/// is handed out before the hash and the count of the whole have been compared.
///
/// Threads: one at a time.
/// Memory:  what was received and not yet committed, at most kSnapshotBytesMax.
/// Cost:    O(log n) a resource.

#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"
#include "proto/stream.pb.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tierwall::agent {

class Staging {
public:
    struct Limits {
        std::size_t bytes_max = 1u << 30;       ///< keys and bodies received for one epoch
        std::size_t resources_max = 8'000'000;  ///< after the epoch, and received for it
        std::size_t key_bytes_max = 64;
    };
    /// Why an epoch is answered with Nack.
    struct Refusal {
        std::vector<base::Error> problems;
        bool need_full = false;
    };
    enum class Heard { More, Whole, Refused };

    explicit Staging(const Limits& limits) : limits_(limits) {}

    /// Takes the next message. Whole: snapshot() is complete. Refused: refusal() says why; it comes
    /// with Commit, or at once when a limit is passed (`overrun`). Fails: Invalid when messages
    /// come in an order that no source would send; the stream cannot be trusted any more then.
    base::Result<Heard> take(const v1::FromSource& message, const proto::ResourceSet& current);

    std::uint64_t epoch() const { return epoch_; }
    proto::ResourceSet& snapshot() { return set_; }
    const Refusal& refusal() const { return refusal_; }
    bool overrun() const { return overrun_; }
    /// Forgets everything, for the next epoch or the next connection.
    void reset();

private:
    base::Result<Heard> begin(const v1::Begin& begin, const proto::ResourceSet& current);
    base::Result<Heard> add(const v1::Chunk& chunk);
    base::Result<Heard> commit(const v1::Commit& commit);
    bool accept(int type, const std::string& key, std::size_t body_bytes, bool is_upsert);
    bool is_first(proto::Key key, bool is_upsert);
    void refuse(base::Errc code, std::string where, std::string what);
    void refuse_overrun(std::string what);

    const Limits limits_;
    bool open_ = false;
    bool full_ = false;
    bool overrun_ = false;
    std::uint64_t epoch_ = 0;
    std::size_t bytes_ = 0;
    std::size_t received_ = 0;
    proto::ResourceSet set_;
    std::set<proto::Key> seen_;  ///< keys of this epoch; of a full one only the removals
    Refusal refusal_;
};

/// "Rule 00000007", for problems.
std::string describe(int type, const std::string& key);

}  // namespace tierwall::agent
