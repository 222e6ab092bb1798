// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_service.hpp"

#include "control/transport/endpoint.hpp"
#include "proto/status.grpc.pb.h"

#include <grpcpp/grpcpp.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;

constexpr int kRequestBytesMax = 64 << 10;
constexpr int kThreadsMax = 4;

grpc::Status starting() {
    return {grpc::StatusCode::FAILED_PRECONDITION, "tierwalld is starting or stopping"};
}

}  // namespace

class StatusServer::Service final : public v1::Status::Service {
public:
    Service(std::string path, Loop& loop) : path_(std::move(path)), loop_(loop) {}
    ~Service() override;

    base::Status listen();
    void open(StatusSource source);

private:
    grpc::Status GetStatus(grpc::ServerContext* context, const v1::StatusRequest* request,
                           v1::StatusReply* reply) override;
    grpc::Status ListFlows(grpc::ServerContext* context, const v1::FlowsRequest* request,
                           grpc::ServerWriter<v1::FlowRow>* writer) override;
    grpc::Status ListRules(grpc::ServerContext* context, const v1::RulesRequest* request,
                           grpc::ServerWriter<v1::RuleRow>* writer) override;
    grpc::Status Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                         v1::ExplainReply* reply) override;
    /// Runs the question on the control thread.
    grpc::Status ask(const std::function<void(const StatusSource&)>& question);

    const std::string path_;
    Loop& loop_;
    std::mutex mutex_;
    std::unique_ptr<const StatusSource> source_;
    std::unique_ptr<grpc::Server> server_;
};

StatusServer::Service::~Service() {
    if (server_)
        server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
}

base::Status StatusServer::Service::listen() {
    std::error_code code;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), code);
    if (code) {
        return Error{Errc::Io, path_, "the socket's folder cannot be made: " + code.message()};
    }
    TW_TRY(cleared, transport::clear_socket(path_));
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kRequestBytesMax);
    grpc::ResourceQuota quota;
    quota.SetMaxThreads(kThreadsMax);
    builder.SetResourceQuota(quota);
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    int bound = 0;
    builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials(), &bound);
    builder.RegisterService(this);
    const mode_t mask = ::umask(0117);
    server_ = builder.BuildAndStart();
    ::umask(mask);
    if (!server_ || bound == 0) return Error{Errc::Io, path_, "cannot listen there"};
    return transport::guard_socket(path_);
}

void StatusServer::Service::open(StatusSource source) {
    const std::lock_guard lock(mutex_);
    source_ = std::make_unique<const StatusSource>(std::move(source));
}

grpc::Status StatusServer::Service::ask(const std::function<void(const StatusSource&)>& question) {
    const StatusSource* source = nullptr;
    {
        const std::lock_guard lock(mutex_);
        source = source_.get();
    }
    // Once opened it stays; what it refers to outlives the loop.
    if (source == nullptr) return starting();
    if (!loop_.call([&] { question(*source); })) return starting();
    return grpc::Status::OK;
}

grpc::Status StatusServer::Service::GetStatus(grpc::ServerContext* /*context*/,
                                              const v1::StatusRequest* /*request*/,
                                              v1::StatusReply* reply) {
    return ask([reply](const StatusSource& source) { source.status(*reply); });
}

grpc::Status StatusServer::Service::ListFlows(grpc::ServerContext* context,
                                              const v1::FlowsRequest* request,
                                              grpc::ServerWriter<v1::FlowRow>* writer) {
    std::uint64_t at = 0;
    std::uint32_t sent = 0;
    for (bool more = true; more && !context->IsCancelled();) {
        std::vector<v1::FlowRow> rows;
        grpc::Status status =
            ask([&](const StatusSource& source) { more = source.flows(*request, at, rows); });
        if (!status.ok()) return status;
        for (const v1::FlowRow& row : rows) {
            if (request->limit() != 0 && sent == request->limit()) return grpc::Status::OK;
            if (!writer->Write(row)) return grpc::Status::OK;
            ++sent;
        }
    }
    return grpc::Status::OK;
}

grpc::Status StatusServer::Service::ListRules(grpc::ServerContext* /*context*/,
                                              const v1::RulesRequest* /*request*/,
                                              grpc::ServerWriter<v1::RuleRow>* writer) {
    std::vector<v1::RuleRow> rows;
    grpc::Status status = ask([&rows](const StatusSource& source) { source.rules(rows); });
    if (!status.ok()) return status;
    for (const v1::RuleRow& row : rows) {
        if (!writer->Write(row)) break;
    }
    return grpc::Status::OK;
}

grpc::Status StatusServer::Service::Explain(grpc::ServerContext* /*context*/,
                                            const v1::ExplainRequest* request,
                                            v1::ExplainReply* reply) {
    return ask([&](const StatusSource& source) { source.explain(*request, *reply); });
}

StatusServer::StatusServer(std::unique_ptr<Service> service) : service_(std::move(service)) {}
StatusServer::~StatusServer() = default;

base::Result<std::unique_ptr<StatusServer>> StatusServer::start(const std::string& path,
                                                                Loop& loop) {
    auto service = std::make_unique<Service>(path, loop);
    TW_TRY(listening, service->listen());
    return std::unique_ptr<StatusServer>(new StatusServer(std::move(service)));
}

void StatusServer::open(StatusSource source) { service_->open(std::move(source)); }

}  // namespace tierwall::agent
