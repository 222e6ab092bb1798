// SPDX-License-Identifier: Apache-2.0
#include "control/agent/client.hpp"

#include "control/agent/channel.hpp"
#include "proto/stream.grpc.pb.h"

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;

constexpr std::uint32_t kProtocol = 1;
constexpr std::chrono::seconds kConnectMax{5};
/// How soon a stop is noticed while connecting.
constexpr std::chrono::milliseconds kConnectStep{100};
/// Messages read and dropped after an epoch that passed a limit.
constexpr std::size_t kDrainMax = 1'000;

std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

}  // namespace

/// One stream, from Hello to its end. cancel() may be called by another thread.
class SyncClient::Connection {
public:
    Connection(SyncClient& client, const std::shared_ptr<grpc::Channel>& channel)
        : client_(client), stub_(v1::PolicyStream::NewStub(channel)) {}

    /// Answers with why it ended.
    std::string serve();
    void cancel() { context_.TryCancel(); }

private:
    bool say_hello();
    /// False: the stream has ended, or must.
    bool read_one();
    /// False: the stream must end, `why_` says why.
    bool take(const v1::FromSource& message);
    bool apply_staged(std::uint64_t received_ns);
    bool refuse(const Staging::Refusal& refusal);

    SyncClient& client_;
    grpc::ClientContext context_;
    std::unique_ptr<v1::PolicyStream::Stub> stub_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::FromDataplane, v1::FromSource>> stream_;
    std::string why_;
    bool draining_ = false;
    std::size_t drained_ = 0;
};

std::string SyncClient::Connection::serve() {
    stream_ = stub_->Subscribe(&context_);
    if (say_hello()) {
        while (read_one()) {
        }
    }
    context_.TryCancel();
    const grpc::Status status = stream_->Finish();
    if (!why_.empty()) return why_;
    return status.ok() ? "the source ended the stream" : status.error_message();
}

bool SyncClient::Connection::read_one() {
    // A chunk has ten thousand parts: from an arena they come and go together.
    google::protobuf::Arena arena;
    auto* message = google::protobuf::Arena::CreateMessage<v1::FromSource>(&arena);
    return stream_->Read(message) && take(*message);
}

bool SyncClient::Connection::say_hello() {
    v1::FromDataplane message;
    v1::Hello& hello = *message.mutable_hello();
    const State state = client_.state();
    hello.set_dataplane(client_.options_.dataplane);
    hello.set_version(client_.options_.version);
    hello.set_scope(client_.options_.scope);
    hello.set_protocol(kProtocol);
    if (state.epoch != 0) {
        hello.set_have_epoch(state.epoch);
        hello.set_have_hash(client_.current_.hash().bytes());
    }
    if (!stream_->Write(message)) return false;
    client_.note_connected();
    return true;
}

bool SyncClient::Connection::take(const v1::FromSource& message) {
    const std::uint64_t received_ns = monotonic_ns();
    if (message.has_notice()) {
        client_.note_notice(message.notice());
        return true;
    }
    if (draining_) return ++drained_ < kDrainMax;
    const base::Result<Staging::Heard> heard = client_.staging_.take(message, client_.current_);
    if (!heard.ok()) {
        why_ = "the source does not keep to the protocol: " + heard.error().text();
        return false;
    }
    switch (*heard) {
        case Staging::Heard::More: return true;
        case Staging::Heard::Whole: return apply_staged(received_ns);
        case Staging::Heard::Refused: return refuse(client_.staging_.refusal());
    }
    return false;
}

bool SyncClient::Connection::apply_staged(std::uint64_t received_ns) {
    const std::uint64_t epoch = client_.staging_.epoch();
    Staging::Refusal refusal;
    refusal.problems = client_.apply(client_.staging_.snapshot(), epoch);
    if (!refusal.problems.empty()) return refuse(refusal);
    v1::FromDataplane message;
    v1::Ack& ack = *message.mutable_ack();
    ack.set_epoch(epoch);
    ack.set_hash(client_.current_.hash().bytes());
    ack.set_received_ns(received_ns);
    ack.set_enforced_ns(monotonic_ns());
    client_.staging_.reset();
    const bool written = stream_->Write(message);
    client_.note_answer(true, {});
    client_.hooks_.acked(client_.current_, epoch);
    return written;
}

bool SyncClient::Connection::refuse(const Staging::Refusal& refusal) {
    v1::FromDataplane message;
    v1::Nack& nack = *message.mutable_nack();
    nack.set_epoch(client_.staging_.epoch());
    nack.set_need_full(refusal.need_full);
    for (const Error& error : refusal.problems) {
        v1::Problem& problem = *nack.add_problems();
        problem.set_where(error.where);
        problem.set_what(error.what);
    }
    client_.note_answer(false, refusal.problems);
    const bool overrun = client_.staging_.overrun();
    client_.hooks_.log("epoch " + std::to_string(client_.staging_.epoch()) + " is refused: " +
                       (refusal.problems.empty() ? "" : refusal.problems.front().text()));
    client_.staging_.reset();
    const bool written = stream_->Write(message);
    if (overrun) {
        // The source reads the Nack when it has sent what it is sending; until then nothing of
        // that is kept.
        draining_ = true;
        why_ = "an epoch passed a limit";
    }
    return written;
}

SyncClient::SyncClient(Options options, Hooks hooks, proto::ResourceSet start,
                       std::uint64_t start_epoch)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      current_(std::move(start)),
      staging_(options_.limits),
      random_(std::random_device{}()),
      pause_(options_.pause_first) {
    state_.since = Clock::now();
    state_.epoch = start_epoch;
    if (start_epoch != 0) state_.hash = current_.hash().hex();
    thread_ = std::thread([this] { run(); });
}

SyncClient::~SyncClient() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (connection_ != nullptr) connection_->cancel();
    }
    changed_.notify_all();
    thread_.join();
}

SyncClient::State SyncClient::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

bool SyncClient::stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

void SyncClient::run() {
    while (!stopping()) {
        std::string why;
        const auto channel = open_channel(options_.sync, options_.tls);
        if (!channel.ok()) {
            why = channel.error().text();
        } else if (!connect(**channel)) {
            why = "cannot connect";
        } else {
            Connection connection(*this, *channel);
            {
                const std::lock_guard lock(mutex_);
                if (stopping_) return;
                connection_ = &connection;
            }
            staging_.reset();
            why = connection.serve();
            const std::lock_guard lock(mutex_);
            connection_ = nullptr;
        }
        note_lost(why);
        pause();
    }
}

bool SyncClient::connect(grpc::Channel& channel) const {
    const auto until = Clock::now() + kConnectMax;
    for (;;) {
        const grpc_connectivity_state state = channel.GetState(true);
        if (state == GRPC_CHANNEL_READY) return true;
        // The pauses between attempts are ours, not gRPC's.
        if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN) return false;
        if (Clock::now() >= until || stopping()) return false;
        channel.WaitForStateChange(state, std::chrono::system_clock::now() + kConnectStep);
    }
}

void SyncClient::pause() {
    // Between half of the pause and all of it, so that dataplanes spread.
    std::uniform_int_distribution<std::int64_t> spread(pause_.count() / 2, pause_.count());
    const std::chrono::milliseconds length(spread(random_));
    pause_ = std::min(pause_ * 2, options_.pause_last);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, length, [this] { return stopping_; });
}

void SyncClient::note_connected() {
    {
        const std::lock_guard lock(mutex_);
        state_.connected = true;
        state_.since = Clock::now();
        state_.last_error.clear();
        state_.notice = {};
    }
    hooks_.log("connected to " + options_.sync.text());
}

void SyncClient::note_lost(const std::string& why) {
    bool news = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        news = state_.connected || state_.last_error != why;
        if (state_.connected) state_.since = Clock::now();
        state_.connected = false;
        state_.last_error = why;
    }
    if (news) {
        hooks_.log(options_.sync.text() + ": " + why +
                   "; what is enforced stays, trying again until it works");
    }
}

std::vector<Error> SyncClient::apply(proto::ResourceSet& snapshot, std::uint64_t epoch) {
    std::vector<Error> problems = hooks_.apply(snapshot, epoch);
    if (!problems.empty()) return problems;
    current_ = std::move(snapshot);
    pause_ = options_.pause_first;
    const std::lock_guard lock(mutex_);
    state_.epoch = epoch;
    state_.hash = current_.hash().hex();
    return problems;
}

void SyncClient::note_notice(const v1::Notice& notice) {
    const auto take = [](const auto& lines) {
        std::vector<std::string> out;
        for (const std::string& line : lines) {
            if (out.size() == SourceNotice::kLinesMax) break;
            if (line.size() <= SourceNotice::kLineBytesMax) out.push_back(line);
        }
        return out;
    };
    SourceNotice taken{take(notice.blocked()), take(notice.problems()), notice.more()};
    taken.more += static_cast<std::uint64_t>(notice.problems_size()) - taken.problems.size();
    const std::lock_guard lock(mutex_);
    state_.notice = std::move(taken);
}

void SyncClient::note_answer(bool enforced, const std::vector<Error>& problems) {
    const std::lock_guard lock(mutex_);
    ++(enforced ? state_.acks : state_.nacks);
    state_.last_problems = problems;
}

}  // namespace tierwall::agent
