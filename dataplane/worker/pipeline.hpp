// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Pipeline: a packet's way from its bytes to its verdict, for one worker, without any I/O.
///
/// decide() takes a burst of frames through parse, trust, flow, identity and tier, stage by stage
/// over the whole burst, and answers with an Outcome each. The worker loop feeds it from ports;
/// tools and tests feed it bytes of their own. It is the only implementation of the path.
///
/// Threads: one worker each; create() and the destructor on a control thread.
/// Memory:  the flow and fragment tables, all allocated by create().
/// Cost:    see docs/ARCHITECTURE.md; nothing is allocated, locked or called in the kernel.

#include "dataplane/base/counters.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/base/verdict.hpp"
#include "dataplane/flow/table.hpp"
#include "dataplane/identity/address_map.hpp"
#include "dataplane/parse/headers.hpp"
#include "dataplane/verdict/event_ring.hpp"
#include "dataplane/worker/bindings.hpp"
#include "dataplane/worker/port_facts.hpp"
#include "dataplane/worker/snapshot.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tierwall::worker {

inline constexpr std::size_t kBurst = 32;

struct Frame {
    const std::uint8_t* bytes = nullptr;
    std::uint32_t length = 0;         ///< readable bytes (first segment)
    std::uint32_t packet_length = 0;  ///< of the whole packet
    std::uint16_t port = 0;           ///< index into Config::ports
};

/// When, and by what, a burst is judged.
struct Moment {
    const Snapshot* snapshot = nullptr;  ///< null: nothing to enforce yet
    std::uint64_t now_ms = 0;            ///< of a clock that never goes back
};

struct Outcome {
    base::Verdict verdict;
    base::Decision egress;   ///< valid when `judged`
    base::Decision ingress;  ///< valid when `judged`
    base::Decision audit;    ///< valid when `judged`: see Inquiry::audit
    bool judged = false;     ///< policy was asked for this packet

    /// Belongs to a flow that is known and current; nobody was asked.
    void establish() noexcept {
        judged = false;
        verdict = {base::Action::Allow, base::Reason::Established, base::kTierNone, base::kNoRule};
    }
    bool is_established() const noexcept {
        return !judged && verdict.reason == base::Reason::Established &&
               verdict.action == base::Action::Allow;
    }
};

class Pipeline {
public:
    struct Config {
        std::vector<PortFacts> ports;
        std::uint32_t flows_max = 1u << 16;
        flow::Timeouts timeouts;
        std::uint32_t pickup_s = 60;  ///< 0 = off
        bool boot_open = false;
        bool pass_non_ip = false;
        /// A flow that was admitted stays so when policy changes, until it ends, or one of its
        /// addresses gets another owner.
        bool keep_established = false;
        std::uint32_t rules_max = 1u << 18;  ///< rule ids above share the last hit counter
        int numa_socket = -1;
        std::uint32_t events_max = 1u << 10;  ///< denied packets that wait to be read
        /// What the workers of one process share about ports; null: this worker is the only one.
        std::shared_ptr<Bindings> bindings;
    };
    /// Fails: Limit when memory cannot be had, and above kPortsMax ports.
    static base::Result<std::unique_ptr<Pipeline>> create(const Config& config,
                                                          identity::AddressMap& addresses);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Judges a burst; `headers` receives what was parsed, and may have served before. Counts no
    /// packets yet.
    /// Requires: equal sizes, at most kBurst.
    void decide(std::span<const Frame> frames, const Moment& moment,
                std::span<parse::Headers> headers, std::span<Outcome> outcomes) noexcept;
    /// Counts the packets of a decided burst by their reasons, and notes the denied ones and those
    /// that audited policies would have denied. Whoever finds in between that a packet cannot go on
    /// gives it that verdict, so that it counts once.
    void account(std::span<const Frame> frames, const Moment& moment,
                 std::span<const parse::Headers> headers,
                 std::span<const Outcome> outcomes) noexcept;
    /// Both.
    void judge(std::span<const Frame> frames, const Moment& moment,
               std::span<parse::Headers> headers, std::span<Outcome> outcomes) noexcept {
        decide(frames, moment, headers, outcomes);
        account(frames, moment, headers, outcomes);
    }

    /// May this packet, judged and flooded, be delivered to `port`? Asks the ingress policy of the
    /// pods that are bound there. Counts nothing: the packet has its verdict, this is a copy.
    /// Cost: one classification.
    base::Verdict judge_delivery(const parse::Headers& headers, const Snapshot* snapshot,
                                 std::uint16_t port) noexcept;

    /// Ends idle flows, a bounded number a call. Called once a burst.
    void expire(std::uint64_t now_ms) noexcept;
    void forget_flows() noexcept;  ///< control thread, worker stopped

    const base::Counters& counters() const noexcept;
    base::Counters& counters() noexcept;
    const flow::Table& flows() const noexcept;
    /// New flows and denied packets that a rule decided.
    std::uint64_t rule_hits(std::uint32_t rule) const noexcept;
    /// What was let through although this rule of an audited policy denies it.
    std::uint64_t rule_would_deny(std::uint32_t rule) const noexcept;
    /// Verdicts of first fragments that had to make room while they were still good.
    std::uint64_t fragments_replaced() const noexcept;
    /// Denied packets, and those that audited policies would have denied; for one reader.
    verdict::EventRing& events() noexcept;

private:
    struct State;
    explicit Pipeline(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::worker
