// SPDX-License-Identifier: Apache-2.0
#include "control/push/subscriber.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::push {

namespace {

constexpr std::uint32_t kProtocol = 1;
constexpr std::size_t kNameMax = 253;
constexpr std::size_t kProblemsMax = 20;
constexpr std::size_t kProblemBytesMax = 1000;

/// What a dataplane says ends up in the log: one line, and not a long one.
std::string printable(const std::string& text, std::size_t bytes_max) {
    std::string out = text.substr(0, bytes_max);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return out;
}

grpc::Status violation(const char* what) { return {grpc::StatusCode::INVALID_ARGUMENT, what}; }

}  // namespace

Subscriber::Subscriber(std::uint64_t id, Roll& roll, const Pace& pace, Gone gone)
    : id_(id), roll_(roll), pace_(pace), gone_(std::move(gone)), retry_(pace.retry_first) {}

void Subscriber::start() {
    const std::lock_guard lock(mutex_);
    self_ = shared_from_this();
    if (!finished_) StartRead(&incoming_);
}

void Subscriber::offer(std::shared_ptr<const Edition> edition) {
    const std::lock_guard lock(mutex_);
    if (latest_ && latest_->epoch() >= edition->epoch()) return;
    latest_ = std::move(edition);
    advance(Clock::now());
}

void Subscriber::inform(std::shared_ptr<const v1::Notice> notice) {
    const std::lock_guard lock(mutex_);
    notice_ = std::move(notice);
    advance(Clock::now());
}

void Subscriber::tick(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    if (!greeted_ && now - since_ > pace_.hello_max) {
        return finish({grpc::StatusCode::DEADLINE_EXCEEDED, "no Hello came"});
    }
    if (transmission_ && now - since_ > pace_.answer_max) {
        return finish({grpc::StatusCode::DEADLINE_EXCEEDED, "the epoch was not answered"});
    }
    advance(now);
}

void Subscriber::close(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    finish(status);
}

void Subscriber::finish(const grpc::Status& status) {
    if (finished_) return;
    finished_ = true;
    why_ = status.error_message();
    Finish(status);
}

void Subscriber::OnReadDone(bool ok) {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    // The dataplane has said its last word, or the connection broke.
    if (!ok) return finish(grpc::Status::OK);
    const grpc::Status status = take(incoming_);
    if (!status.ok()) return finish(status);
    advance(Clock::now());
    StartRead(&incoming_);
}

void Subscriber::OnWriteDone(bool ok) {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (finished_) return;
    if (!ok) return finish({grpc::StatusCode::UNAVAILABLE, "the stream broke"});
    since_ = Clock::now();
    advance(since_);
}

void Subscriber::OnDone() {
    roll_.leave(id_, why_);
    const std::shared_ptr<Subscriber> last = std::move(self_);
    gone_(id_);
}

grpc::Status Subscriber::take(const v1::FromDataplane& message) {
    if (!greeted_ && message.kind_case() != v1::FromDataplane::kHello) {
        return violation("the first message must be Hello");
    }
    switch (message.kind_case()) {
        case v1::FromDataplane::kHello: return take_hello(message.hello());
        case v1::FromDataplane::kAck: return take_ack(message.ack());
        case v1::FromDataplane::kNack: return take_nack(message.nack());
        case v1::FromDataplane::KIND_NOT_SET: break;
    }
    return violation("a message of unknown kind");
}

grpc::Status Subscriber::take_hello(const v1::Hello& hello) {
    if (greeted_) return violation("a second Hello");
    if (hello.protocol() != kProtocol) {
        return {grpc::StatusCode::FAILED_PRECONDITION, "this source speaks protocol 1 only"};
    }
    if (hello.dataplane().empty() || hello.dataplane().size() > kNameMax) {
        return violation("Hello must name the dataplane, with at most 253 bytes");
    }
    if (!hello.have_hash().empty()) {
        const std::optional<proto::Hash> hash = parse_hash(hello.have_hash());
        if (!hash) return violation("have_hash must be 16 bytes");
        base_ = Base{hello.have_epoch(), *hash};
    }
    greeted_ = true;
    since_ = Clock::now();
    roll_.greet(id_, printable(hello.dataplane(), kNameMax), printable(hello.scope(), kNameMax),
                base_ ? "epoch " + std::to_string(base_->epoch) : "nothing");
    return grpc::Status::OK;
}

grpc::Status Subscriber::take_ack(const v1::Ack& ack) {
    if (!transmission_ || !transmission_->is_committed() ||
        ack.epoch() != transmission_->edition().epoch()) {
        return violation("an Ack for an epoch that was not committed");
    }
    const proto::Hash& hash = transmission_->edition().resources().hash();
    if (ack.hash() != hash.bytes()) return violation("an Ack with another hash");
    const char* how = transmission_->is_full()          ? "sent whole"
                      : transmission_->resources() == 0 ? "had it"
                                                        : "sent the difference";
    base_ = Base{ack.epoch(), hash};
    acked_epoch_ = ack.epoch();
    nacked_epoch_ = 0;
    retry_ = pace_.retry_first;
    transmission_.reset();
    roll_.acked(id_, ack.epoch(), how);
    return grpc::Status::OK;
}

grpc::Status Subscriber::take_nack(const v1::Nack& nack) {
    if (!transmission_ || nack.epoch() != transmission_->edition().epoch()) {
        return violation("a Nack for an epoch that is not on its way");
    }
    const bool early = !transmission_->is_committed();
    Event refused{.epoch = nack.epoch()};
    for (const v1::Problem& problem : nack.problems()) {
        if (refused.problems.size() == kProblemsMax) break;
        refused.problems.push_back({base::Errc::Invalid,
                                    printable(problem.where(), kProblemBytesMax),
                                    printable(problem.what(), kProblemBytesMax)});
    }
    const bool again_now = nack.need_full() && !transmission_->is_full();
    if (nack.need_full()) base_.reset();
    transmission_.reset();
    if (again_now) {
        refused.what = "sending everything";
    } else {
        nacked_epoch_ = nack.epoch();
        retry_at_ = Clock::now() + retry_;
        refused.what = "again in " + std::to_string(retry_.count()) + " ms";
        retry_ = std::min(retry_ * 2, pace_.retry_last);
    }
    if (early) refused.what = "before it had come whole";
    roll_.nacked(id_, std::move(refused));
    // What is still on its way cannot be called back, except by ending the stream.
    if (early) return {grpc::StatusCode::ABORTED, "refused before Commit"};
    return grpc::Status::OK;
}

bool Subscriber::is_due(Clock::time_point now) const {
    if (!greeted_ || !latest_ || latest_->epoch() == acked_epoch_) return false;
    return latest_->epoch() != nacked_epoch_ || now >= retry_at_;
}

bool Subscriber::next(Clock::time_point now) {
    if (greeted_ && notice_) {
        *outgoing_.mutable_notice() = *notice_;
        notice_.reset();
        return true;
    }
    if (!transmission_ && is_due(now)) {
        transmission_.emplace(latest_, base_);
        since_ = now;
    }
    return transmission_ && transmission_->next(outgoing_);
}

void Subscriber::advance(Clock::time_point now) {
    if (finished_ || writing_ || !next(now)) return;
    writing_ = true;
    StartWrite(&outgoing_);
}

}  // namespace tierwall::push
