// SPDX-License-Identifier: Apache-2.0
#include "control/push/server.hpp"

#include "control/push/credentials.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cassert>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace tierwall::push {

namespace {

using base::Errc;
using base::Error;

constexpr std::chrono::milliseconds kTick{200};
constexpr std::size_t kReceiveBytesMax = 1u << 20;
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kPingIntervalMinMs = 2'000;

/// Ends a call that came when the house was full, or was closing.
class Refusal final : public grpc::ServerBidiReactor<v1::FromDataplane, v1::FromSource> {
public:
    explicit Refusal(const grpc::Status& status) { Finish(status); }

private:
    void OnDone() override { delete this; }
};

void configure(grpc::ServerBuilder& builder) {
    builder.SetMaxReceiveMessageSize(static_cast<int>(kReceiveBytesMax));
    builder.SetMaxSendMessageSize(static_cast<int>(kMessageBytesMax));
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               kPingIntervalMinMs);
}

}  // namespace

class SnapshotServer::Service final : public v1::PolicyStream::CallbackService {
public:
    Service(const Options& options, Observer observer)
        : options_(options), observer_(std::move(observer)) {}
    ~Service() override { stop(); }

    base::Status listen();
    void publish(const std::shared_ptr<const Edition>& edition, Clock::time_point changed_at);
    void notify(v1::Notice notice);
    void stop();
    const Edition* latest() const { return latest_.get(); }
    std::vector<Roll::Row> dataplanes() const { return roll_.rows(); }

private:
    grpc::ServerBidiReactor<v1::FromDataplane, v1::FromSource>* Subscribe(
        grpc::CallbackServerContext* context) override;
    std::vector<std::shared_ptr<Subscriber>> subscribers();
    void gone(std::uint64_t id);
    void watch();

    const Options options_;
    const Observer observer_;
    Roll roll_;
    std::unique_ptr<grpc::Server> server_;
    std::mutex mutex_;
    std::condition_variable empty_;
    std::map<std::uint64_t, std::shared_ptr<Subscriber>> subscribers_;
    std::shared_ptr<const Edition> latest_;     ///< written by the control thread, under the lock
    std::shared_ptr<const v1::Notice> notice_;  ///< null: never anything wrong
    std::uint64_t next_id_ = 1;
    bool closing_ = false;
    std::atomic<bool> stopped_{false};
    std::thread watcher_;
};

base::Status SnapshotServer::Service::listen() {
    const std::string where = options_.listen.text();
    TW_TRY(credentials, server_credentials(options_.listen, options_.tls));
    if (options_.listen.is_local()) {
        TW_TRY(cleared, transport::clear_socket(options_.listen.path));
    }
    grpc::ServerBuilder builder;
    configure(builder);
    int bound = 0;
    builder.AddListeningPort(where, credentials, &bound);
    builder.RegisterService(this);
    // The socket is never open to others, not even between bind and chmod.
    const mode_t mask = ::umask(0117);
    server_ = builder.BuildAndStart();
    ::umask(mask);
    if (!server_ || bound == 0) return Error{Errc::Io, where, "cannot listen there"};
    if (options_.listen.is_local()) {
        TW_TRY(guarded, transport::guard_socket(options_.listen.path));
    }
    watcher_ = std::thread([this] { watch(); });
    return base::Done{};
}

grpc::ServerBidiReactor<v1::FromDataplane, v1::FromSource>* SnapshotServer::Service::Subscribe(
    grpc::CallbackServerContext* context) {
    std::shared_ptr<Subscriber> subscriber;
    std::shared_ptr<const Edition> latest;
    std::shared_ptr<const v1::Notice> notice;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) return new Refusal({grpc::StatusCode::UNAVAILABLE, "closing"});
        if (subscribers_.size() >= options_.subscribers_max) {
            return new Refusal({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many dataplanes"});
        }
        const std::uint64_t id = next_id_++;
        subscriber = std::make_shared<Subscriber>(id, roll_, options_.pace,
                                                  [this](std::uint64_t which) { gone(which); });
        subscribers_[id] = subscriber;
        latest = latest_;
        notice = notice_;
    }
    roll_.enter(subscriber->id(), context->peer());
    if (notice) subscriber->inform(std::move(notice));
    if (latest) subscriber->offer(std::move(latest));
    subscriber->start();
    return subscriber.get();
}

std::vector<std::shared_ptr<Subscriber>> SnapshotServer::Service::subscribers() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Subscriber>> out;
    out.reserve(subscribers_.size());
    for (const auto& [id, subscriber] : subscribers_) out.push_back(subscriber);
    return out;
}

void SnapshotServer::Service::gone(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    subscribers_.erase(id);
    if (subscribers_.empty()) empty_.notify_all();
}

void SnapshotServer::Service::watch() {
    while (!stopped_.load()) {
        for (const Event& event : roll_.take(Clock::now() + kTick)) observer_(event);
        for (const auto& subscriber : subscribers()) subscriber->tick(Clock::now());
    }
    for (const Event& event : roll_.take(Clock::now())) observer_(event);
}

void SnapshotServer::Service::publish(const std::shared_ptr<const Edition>& edition,
                                      Clock::time_point changed_at) {
    {
        const std::lock_guard lock(mutex_);
        latest_ = edition;
    }
    roll_.published(edition->epoch(), edition->changed(), changed_at);
    for (const auto& subscriber : subscribers()) subscriber->offer(edition);
}

void SnapshotServer::Service::notify(v1::Notice notice) {
    const auto is_empty = [](const v1::Notice& each) {
        return each.blocked().empty() && each.problems().empty();
    };
    const auto now = std::make_shared<const v1::Notice>(std::move(notice));
    {
        const std::lock_guard lock(mutex_);
        if (notice_ ? now->SerializeAsString() == notice_->SerializeAsString() : is_empty(*now)) {
            return;
        }
        notice_ = now;
    }
    for (const auto& subscriber : subscribers()) subscriber->inform(now);
}

void SnapshotServer::Service::stop() {
    if (!server_) return;
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    for (const auto& subscriber : subscribers()) {
        subscriber->close({grpc::StatusCode::UNAVAILABLE, "the source stops"});
    }
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    {
        std::unique_lock lock(mutex_);
        empty_.wait(lock, [this] { return subscribers_.empty(); });
    }
    server_.reset();
    stopped_.store(true);
    roll_.wake();
    if (watcher_.joinable()) watcher_.join();
}

SnapshotServer::SnapshotServer(std::unique_ptr<Service> service) : service_(std::move(service)) {}
SnapshotServer::~SnapshotServer() = default;

base::Result<std::unique_ptr<SnapshotServer>> SnapshotServer::start(const Options& options,
                                                                    Observer observer) {
    auto service = std::make_unique<Service>(options, std::move(observer));
    TW_TRY(listening, service->listen());
    return std::unique_ptr<SnapshotServer>(new SnapshotServer(std::move(service)));
}

base::Status SnapshotServer::publish(proto::ResourceSet resources, std::uint64_t epoch,
                                     Clock::time_point changed_at) {
    const Edition* before = service_->latest();
    assert(epoch > (before == nullptr ? 0 : before->epoch()));
    std::shared_ptr<const Edition> edition = Edition::make(before, std::move(resources), epoch);
    const proto::Difference changed =
        before == nullptr ? edition->everything() : edition->resources().since(before->resources());
    for (const auto& [key, body] : changed.upserts) {
        if (body->size() <= kResourceBytesMax) continue;
        return Error{Errc::TooLong, v1::ResourceType_Name(key.type),
                     "a resource of " + std::to_string(body->size()) + " bytes cannot travel"};
    }
    service_->publish(edition, changed_at);
    return base::Done{};
}

void SnapshotServer::notify(v1::Notice notice) { service_->notify(std::move(notice)); }

void SnapshotServer::stop() { service_->stop(); }

std::vector<Roll::Row> SnapshotServer::dataplanes() const { return service_->dataplanes(); }

}  // namespace tierwall::push
