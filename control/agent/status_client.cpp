// SPDX-License-Identifier: Apache-2.0
#include "control/agent/status_client.hpp"

#include "control/agent/channel.hpp"
#include "control/transport/endpoint.hpp"
#include "proto/status.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <utility>

namespace tierwall::agent {

struct StatusClient::State {
    std::string address;
    std::unique_ptr<v1::Status::Stub> stub;

    void set_deadline(grpc::ClientContext& context) const {
        context.set_deadline(std::chrono::system_clock::now() + kAnswerTimeout);
    }
    base::Error error(const grpc::Status& status) const {
        switch (status.error_code()) {
            case grpc::StatusCode::UNAVAILABLE:
                return {base::Errc::Io, address, "no tierwalld answers there"};
            case grpc::StatusCode::DEADLINE_EXCEEDED:
                return {base::Errc::Io, address,
                        "no answer within " + std::to_string(kAnswerTimeout.count()) + " s"};
            default: return {base::Errc::Invalid, address, status.error_message()};
        }
    }
    template <typename Row>
    base::Result<std::vector<Row>> collect(grpc::ClientReader<Row>& reader) const {
        std::vector<Row> rows;
        Row row;
        while (reader.Read(&row)) rows.push_back(row);
        const grpc::Status status = reader.Finish();
        if (!status.ok()) return error(status);
        return rows;
    }
};

StatusClient::StatusClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
StatusClient::~StatusClient() = default;

base::Result<std::unique_ptr<StatusClient>> StatusClient::create(const std::string& address) {
    TW_TRY(endpoint, transport::parse_endpoint("--address", address));
    if (!endpoint.is_local()) {
        return base::Error{base::Errc::NotSupported, "--address",
                           "must be a local socket, unix:/path: " + address};
    }
    TW_TRY(channel, open_channel(endpoint, {}));
    auto state = std::make_unique<State>();
    state->address = address;
    state->stub = v1::Status::NewStub(channel);
    return std::unique_ptr<StatusClient>(new StatusClient(std::move(state)));
}

base::Result<v1::StatusReply> StatusClient::status() {
    grpc::ClientContext context;
    state_->set_deadline(context);
    v1::StatusReply reply;
    const grpc::Status status = state_->stub->GetStatus(&context, {}, &reply);
    if (!status.ok()) return state_->error(status);
    return reply;
}

base::Result<std::vector<v1::FlowRow>> StatusClient::flows(const v1::FlowsRequest& request) {
    grpc::ClientContext context;
    state_->set_deadline(context);
    return state_->collect(*state_->stub->ListFlows(&context, request));
}

base::Result<std::vector<v1::RuleRow>> StatusClient::rules() {
    grpc::ClientContext context;
    state_->set_deadline(context);
    return state_->collect(*state_->stub->ListRules(&context, {}));
}

base::Result<v1::ExplainReply> StatusClient::explain(const v1::ExplainRequest& request) {
    grpc::ClientContext context;
    state_->set_deadline(context);
    v1::ExplainReply reply;
    const grpc::Status status = state_->stub->Explain(&context, request, &reply);
    if (!status.ok()) return state_->error(status);
    if (!reply.error().empty()) return base::Error{base::Errc::Invalid, "", reply.error()};
    return reply;
}

}  // namespace tierwall::agent
