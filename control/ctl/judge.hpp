// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Judge: what policy decides between two identities, for every protocol and port at once.
///
/// It has no policy of its own. From the rows of a snapshot it takes only at which ports an answer
/// may change, and asks there: a loaded Ladder, or whoever else answers questions. Identities with
/// the same groups and classes get one answer.
///
/// Threads: one.
/// Memory:  the answers, each once.
/// Cost:    a hash lookup where groups and classes were seen before; else a question a boundary.

#include "control/agent/decode_model.hpp"
#include "control/ctl/connections.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/tier/ladder.hpp"
#include "proto/resource_set.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace tierwall::ctl {

/// Answers questions[i] in decisions[i]; at most tier::kBurstMax of them.
using Decide = std::function<void(base::Direction, std::span<const tier::Question>,
                                  std::span<base::Decision>)>;

/// A snapshot's resources as plain structs. Fails: as a dataplane would refuse it.
base::Result<agent::Model> model_of(const proto::ResourceSet& resources);
/// The protocols that its rows name.
std::set<std::uint8_t> protocols_in(const agent::Model& model);

class Judge {
public:
    using AnswerId = std::uint32_t;
    /// The end is no subject: nothing is asked.
    static constexpr AnswerId kNotSubject = 0;

    /// `model` and `protocols` must outlive it.
    Judge(const agent::Model& model, const Protocols& protocols, Decide decide);

    struct Ends {
        std::uint32_t subject = 0;  ///< identities
        std::uint32_t peer = 0;
        bool own_node = false;
    };
    AnswerId ask(base::Direction direction, const Ends& ends);
    const Spans& answer(AnswerId id) const { return answers_[id]; }

private:
    struct Table {
        const agent::TableFacts* facts = nullptr;
        std::unordered_map<std::uint16_t, std::vector<std::uint32_t>> rows_of;  ///< by group
        std::vector<std::uint16_t> class_of;                                    ///< by identity
    };
    struct Side {
        std::vector<std::uint32_t> group_of;  ///< by identity: table * 65536 + group
        std::map<std::uint32_t, Table> tables;
    };
    /// Direction and own node, then group and class in each tier.
    using Key = std::array<std::uint32_t, 1 + 2 * base::kTiersMax>;
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    struct Place {
        const Table* table = nullptr;  ///< null: the tier is silent
        std::uint16_t group = 0;
        std::uint16_t peer_class = 0;
    };

    Place place(std::size_t tier, base::Direction direction, const Ends& ends) const;
    Spans find_out(base::Direction direction, const Ends& ends) const;
    std::vector<std::uint16_t> boundaries(base::Direction direction, const Ends& ends,
                                          std::size_t slot) const;

    const Protocols& protocols_;
    Decide decide_;
    std::vector<std::array<Side, 2>> tiers_;
    std::unordered_map<Key, AnswerId, KeyHash> known_;
    std::deque<Spans> answers_;
};

}  // namespace tierwall::ctl
