// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Subscriber: one dataplane's stream: what it has, what is on its way, what is due.
///
/// At most one edition is unanswered. Newer ones wait behind it, and of those only the latest is
/// sent. A refused edition is sent again after a pause that doubles, or replaced by the next one
/// at once.
///
/// Threads: gRPC's callbacks, the publisher and the clock, under one lock of its own.
/// Memory:  one message and one list of differences.
/// Cost:    none that another subscriber could feel.

#include "control/push/roll.hpp"
#include "control/push/transmission.hpp"
#include "proto/stream.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tierwall::push {

struct Pace {
    std::chrono::milliseconds hello_max{10'000};    ///< a stream without Hello ends
    std::chrono::milliseconds answer_max{120'000};  ///< a Commit without an answer ends it
    std::chrono::milliseconds retry_first{1'000};
    std::chrono::milliseconds retry_last{30'000};
};

class Subscriber final : public grpc::ServerBidiReactor<v1::FromDataplane, v1::FromSource>,
                         public std::enable_shared_from_this<Subscriber> {
public:
    using Clock = std::chrono::steady_clock;
    using Gone = std::function<void(std::uint64_t id)>;

    Subscriber(std::uint64_t id, Roll& roll, const Pace& pace, Gone gone);

    /// Begins to read; lives until gRPC is done with it.
    void start();
    void offer(std::shared_ptr<const Edition> edition);
    /// Says it as soon as the message on its way is out.
    void inform(std::shared_ptr<const v1::Notice> notice);
    /// Looks at what time has brought: silence, or a retry that is due.
    void tick(Clock::time_point now);
    void close(const grpc::Status& status);
    std::uint64_t id() const { return id_; }

private:
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnDone() override;

    // All of these with the lock held.
    void finish(const grpc::Status& status);
    grpc::Status take(const v1::FromDataplane& message);
    grpc::Status take_hello(const v1::Hello& hello);
    grpc::Status take_ack(const v1::Ack& ack);
    grpc::Status take_nack(const v1::Nack& nack);
    bool is_due(Clock::time_point now) const;
    /// What is to be said next is in `outgoing_`; false when that is nothing.
    bool next(Clock::time_point now);
    void advance(Clock::time_point now);

    const std::uint64_t id_;
    Roll& roll_;
    const Pace pace_;
    const Gone gone_;
    std::shared_ptr<Subscriber> self_;

    std::mutex mutex_;
    v1::FromDataplane incoming_;
    v1::FromSource outgoing_;
    bool writing_ = false;
    bool finished_ = false;
    bool greeted_ = false;
    std::string why_;
    Clock::time_point since_ = Clock::now();  ///< of waiting for the dataplane's next word

    std::optional<Base> base_;  ///< what the dataplane is known to have
    std::shared_ptr<const Edition> latest_;
    std::shared_ptr<const v1::Notice> notice_;  ///< not yet said
    std::optional<Transmission> transmission_;
    std::uint64_t acked_epoch_ = 0;
    std::uint64_t nacked_epoch_ = 0;
    Clock::time_point retry_at_;
    std::chrono::milliseconds retry_;
};

}  // namespace tierwall::push
