// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// StatusServer: answers people's questions on a local socket, permission 0660.
///
/// It listens before anything else is started, and answers "starting" until it is given the
/// questions' subject with open().
///
/// Threads: start, open, close and the destructor on the control thread's side; gRPC calls on its
///          own threads, which hand their questions to the control thread in small pieces.
/// Memory:  one batch of rows a call.
/// Cost:    the control thread's time for a batch of kBatch rows, never more at once.

#include "control/agent/loop.hpp"
#include "dataplane/base/result.hpp"
#include "proto/status.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::agent {

/// What the questions are about. All are called on the control thread.
struct StatusSource {
    std::function<void(v1::StatusReply&)> status;
    /// Rows from place `at` on, which it moves; false when there are no more.
    std::function<bool(const v1::FlowsRequest&, std::uint64_t& at, std::vector<v1::FlowRow>&)>
        flows;
    std::function<void(std::vector<v1::RuleRow>&)> rules;
    std::function<void(const v1::ExplainRequest&, v1::ExplainReply&)> explain;
};

class StatusServer {
public:
    /// `path`: of the socket; its folder is made when it is not there.
    /// Fails: Io, Duplicate when another daemon answers there.
    static base::Result<std::unique_ptr<StatusServer>> start(const std::string& path, Loop& loop);
    ~StatusServer();
    StatusServer(const StatusServer&) = delete;
    StatusServer& operator=(const StatusServer&) = delete;

    void open(StatusSource source);

private:
    class Service;
    explicit StatusServer(std::unique_ptr<Service> service);
    std::unique_ptr<Service> service_;
};

}  // namespace tierwall::agent
