// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/pipeline.hpp"

#include "dataplane/parse/plain.hpp"
#include "dataplane/worker/admission.hpp"
#include "dataplane/worker/burst.hpp"
#include "dataplane/worker/delivery.hpp"
#include "dataplane/worker/entrance.hpp"
#include "dataplane/worker/fragment_table.hpp"
#include "dataplane/worker/inquiry.hpp"
#include "dataplane/worker/trust.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tierwall::worker {
namespace {

/// expire() goes once round the flow table in about this time, but looks at no more flows a call
/// than a burst can bear.
constexpr std::uint64_t kSweepMs = 5000;
constexpr std::uint64_t kExpireMin = 16;
constexpr std::uint64_t kExpireMax = 1024;

std::shared_ptr<Bindings> bindings_of(const Pipeline::Config& config) {
    if (config.bindings != nullptr) return config.bindings;
    return std::make_shared<Bindings>(config.ports.size());
}

}  // namespace

struct Pipeline::State {
    State(const Config& config, identity::AddressMap& map, std::unique_ptr<flow::Table> table,
          std::unique_ptr<verdict::EventRing> ring)
        : rules{config.boot_open, config.pass_non_ip},
          pickup_ms(std::uint64_t{config.pickup_s} * 1000),
          flows(std::move(table)),
          events(std::move(ring)),
          trust(config.ports, map, bindings_of(config), counters),
          admission({*flows, fragments, map, trust, counters, config.keep_established}),
          delivery(map, trust),
          hits(std::size_t{config.rules_max} + 1),
          would_deny(hits.size()) {}

    EntranceRules rules;
    std::uint64_t pickup_ms;
    std::uint64_t started_ms = 0;
    bool started = false;
    std::uint64_t expired_ms = 0;
    std::uint32_t generation = 0;  ///< of the last snapshot
    std::unique_ptr<flow::Table> flows;
    std::unique_ptr<verdict::EventRing> events;
    FragmentTable fragments;
    base::Counters counters;
    Trust trust;
    Admission admission;
    Delivery delivery;
    Round round;
    Places later;                     ///< later fragments of the burst
    std::vector<base::Counter> hits;  ///< by rule
    std::vector<base::Counter> would_deny;

    /// The time in which connections are picked up, also at a worker that nobody sends to.
    void begin(std::uint64_t now_ms) noexcept {
        if (started) return;
        started = true;
        started_ms = now_ms;
    }
    void enter(const Burst& burst) noexcept;
    void enter_by_rules(const Burst& burst, std::size_t i) noexcept;
    void judge_rounds(const Burst& burst) noexcept;
    std::size_t place(std::uint32_t rule) const noexcept {
        return std::min<std::size_t>(rule, hits.size() - 1);
    }
    void hit(std::uint32_t rule) noexcept {
        if (rule != base::kNoRule) hits[place(rule)].add();
    }
    void note(const verdict::Event& event) noexcept {
        if (!events->push(event)) counters.events_lost.add();
    }
};

void Pipeline::State::enter(const Burst& burst) noexcept {
    round.packets.count = 0;
    later.count = 0;
    for (std::size_t i = 0; i < burst.frames.size(); ++i) {
        const Frame& frame = burst.frames[i];
        parse::Headers& headers = burst.headers[i];
        parse::parse_plain({frame.bytes, frame.length}, frame.packet_length, headers);
        if (enters_freely(headers, frame, trust) && burst.snapshot != nullptr) [[likely]] {
            admission.expect(round, i, headers.tuple);
        } else {
            enter_by_rules(burst, i);
        }
    }
}

/// Settles what needs no lookup, and sorts the rest.
void Pipeline::State::enter_by_rules(const Burst& burst, std::size_t i) noexcept {
    const parse::Headers& headers = burst.headers[i];
    const base::Verdict verdict = entrance(headers, burst.frames[i], trust, rules);
    if (verdict.action != base::Action::Pass) {
        burst.outcomes[i].judged = false;
        burst.outcomes[i].verdict = verdict;
    } else if (burst.snapshot == nullptr) {
        burst.outcomes[i].judged = false;
        burst.outcomes[i].verdict = without_snapshot(headers, rules);
    } else if (headers.fragment == parse::Fragment::Later) {
        later.add(i);
    } else {
        admission.expect(burst, round, i);
    }
}

void Pipeline::State::judge_rounds(const Burst& burst) noexcept {
    while (round.packets.count > 0) {
        admission.judge(burst, round);
        round.packets.count = 0;
        for (const std::uint8_t packet : round.deferred.all()) {
            admission.expect(burst, round, packet);
        }
    }
    // A first fragment may be in the same burst: later ones come last.
    for (const std::uint8_t packet : later.all()) {
        burst.outcomes[packet].judged = false;
        burst.outcomes[packet].verdict = admission.follow(burst, packet);
    }
}

base::Result<std::unique_ptr<Pipeline>> Pipeline::create(const Config& config,
                                                         identity::AddressMap& addresses) {
    if (config.ports.size() > kPortsMax) {
        return base::Error{base::Errc::Limit, "ports",
                           "at most " + std::to_string(kPortsMax) + " are supported"};
    }
    TW_TRY(flows, flow::Table::create(config.flows_max, config.timeouts, config.numa_socket));
    TW_TRY(events, verdict::EventRing::create(config.events_max));
    auto state = std::make_unique<State>(config, addresses, std::move(flows), std::move(events));
    return std::unique_ptr<Pipeline>(new Pipeline(std::move(state)));
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::~Pipeline() = default;

void Pipeline::decide(std::span<const Frame> frames, const Moment& moment,
                      std::span<parse::Headers> headers, std::span<Outcome> outcomes) noexcept {
    const auto [snapshot, now_ms] = moment;
    assert(frames.size() <= kBurst);
    assert(frames.size() == headers.size() && frames.size() == outcomes.size());
    State& state = *state_;
    state.begin(now_ms);
    if (snapshot != nullptr) {
        state.generation = snapshot->generation;
        state.trust.begin(snapshot->generation);
    }
    const Burst burst{.frames = frames,
                      .headers = headers,
                      .outcomes = outcomes,
                      .snapshot = snapshot,
                      .now_ms = now_ms,
                      .now_s = static_cast<std::uint32_t>(now_ms / 1000),
                      .pickup = now_ms - state.started_ms < state.pickup_ms};
    state.enter(burst);
    state.judge_rounds(burst);
}

void Pipeline::account(std::span<const Frame> frames, const Moment& moment,
                       std::span<const parse::Headers> headers,
                       std::span<const Outcome> outcomes) noexcept {
    State& state = *state_;
    std::size_t established = 0;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const Outcome& outcome = outcomes[i];
        if (outcome.is_established()) [[likely]] {
            ++established;
            continue;
        }
        state.counters.of(outcome.verdict.reason).add();
        if (outcome.verdict.action != base::Action::Allow) {
            state.hit(outcome.verdict.rule);
            // Nobody is denied what he has already: switches see such frames all the time.
            if (outcome.verdict.reason == base::Reason::SamePort) continue;
            state.note({moment.now_ms, headers[i].tuple, outcome.verdict, frames[i].port});
        } else if (outcome.judged) {
            state.hit(outcome.egress.rule);
            state.hit(outcome.ingress.rule);
            if (outcome.audit.action == base::Action::Allow) [[likely]]
                continue;
            state.counters.would_deny.add();
            state.would_deny[state.place(outcome.audit.rule)].add();
            state.note({moment.now_ms, headers[i].tuple, denial(outcome.audit), frames[i].port,
                        /*audit=*/true});
        }
    }
    state.counters.of(base::Reason::Established).add(established);
}

base::Verdict Pipeline::judge_delivery(const parse::Headers& headers, const Snapshot* snapshot,
                                       std::uint16_t port) noexcept {
    if (headers.kind == parse::Kind::NonIp) return allow(base::Reason::NonIpAllowed);
    if (is_neighbour(headers)) return allow(base::Reason::NeighbourDiscovery);
    if (snapshot == nullptr) return without_snapshot(headers, state_->rules);
    return state_->delivery.judge(headers, *snapshot, port);
}

void Pipeline::expire(std::uint64_t now_ms) noexcept {
    State& state = *state_;
    state.begin(now_ms);
    const std::uint64_t elapsed_ms = now_ms - state.expired_ms;
    if (elapsed_ms == 0) return;
    state.expired_ms = now_ms;
    const std::uint64_t due = state.flows->bound() * std::min(elapsed_ms, kSweepMs) / kSweepMs;
    const auto budget = static_cast<std::uint32_t>(std::clamp(due, kExpireMin, kExpireMax));
    const auto now_s = static_cast<std::uint32_t>(now_ms / 1000);
    state.counters.flows_expired.add(state.flows->expire(now_s, budget, state.generation));
    state.counters.flows_yielded.add(state.flows->take_yielded());
}

void Pipeline::forget_flows() noexcept {
    state_->flows->clear();
    state_->fragments.clear();
}

const base::Counters& Pipeline::counters() const noexcept { return state_->counters; }
base::Counters& Pipeline::counters() noexcept { return state_->counters; }
const flow::Table& Pipeline::flows() const noexcept { return *state_->flows; }
verdict::EventRing& Pipeline::events() noexcept { return *state_->events; }

std::uint64_t Pipeline::rule_hits(std::uint32_t rule) const noexcept {
    return state_->hits[state_->place(rule)].read();
}

std::uint64_t Pipeline::rule_would_deny(std::uint32_t rule) const noexcept {
    return state_->would_deny[state_->place(rule)].read();
}

std::uint64_t Pipeline::fragments_replaced() const noexcept {
    return state_->fragments.replaced().read();
}

}  // namespace tierwall::worker
