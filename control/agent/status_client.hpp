// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// StatusClient: asks a running tierwalld over its local socket.
///
/// Threads: one.
/// Memory:  one channel; answers are held whole.
/// Cost:    a call each; never waits longer than kAnswerTimeout.

#include "dataplane/base/result.hpp"
#include "proto/status.pb.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::agent {

class StatusClient {
public:
    static constexpr std::chrono::seconds kAnswerTimeout{10};

    /// `address` is "unix:/path": the daemon answers nowhere else. Fails: Invalid, NotSupported.
    static base::Result<std::unique_ptr<StatusClient>> create(const std::string& address);
    ~StatusClient();
    StatusClient(const StatusClient&) = delete;
    StatusClient& operator=(const StatusClient&) = delete;

    /// All fail: Io when nobody answers, Invalid when the daemon refuses the question.
    base::Result<v1::StatusReply> status();
    base::Result<std::vector<v1::FlowRow>> flows(const v1::FlowsRequest& request);
    base::Result<std::vector<v1::RuleRow>> rules();
    base::Result<v1::ExplainReply> explain(const v1::ExplainRequest& request);

private:
    struct State;
    explicit StatusClient(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tierwall::agent
