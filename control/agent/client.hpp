// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SyncClient: keeps a stream to the policy source, and has each committed snapshot applied.
///
/// Losing the source changes nothing that is enforced: the client only tries to connect again, with
/// pauses that grow and vary, so that many dataplanes do not come back at the same moment.
///
/// Threads: one thread of its own, on which the hooks are called; state() by any.
/// Memory:  what is enforced (shared bodies) and what is staged.
/// Cost:    proportional to what changed.

#include "control/agent/staging.hpp"
#include "control/transport/endpoint.hpp"
#include "control/transport/tls.hpp"
#include "dataplane/base/result.hpp"
#include "proto/resource_set.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace grpc {
class Channel;
}

namespace tierwall::agent {

/// What is wrong with the objects that the source makes snapshots of; lines for people.
struct SourceNotice {
    static constexpr std::size_t kLinesMax = 50;
    static constexpr std::size_t kLineBytesMax = 1000;
    std::vector<std::string> blocked;   ///< why it publishes nothing new
    std::vector<std::string> problems;  ///< errors first
    std::uint64_t more = 0;             ///< problems that are not among these
};

class SyncClient {
public:
    using Clock = std::chrono::steady_clock;

    struct Options {
        transport::Endpoint sync;
        transport::TlsFiles tls;
        std::string dataplane;  ///< name in Hello
        std::string version;
        std::string scope = "all";
        std::chrono::milliseconds pause_first{200};
        std::chrono::milliseconds pause_last{5'000};
        Staging::Limits limits;
    };
    struct Hooks {
        /// Enforces; answers with what is wrong, or with nothing. Called before the Ack.
        std::function<std::vector<base::Error>(const proto::ResourceSet&, std::uint64_t epoch)>
            apply;
        /// Called after the Ack was sent.
        std::function<void(const proto::ResourceSet&, std::uint64_t epoch)> acked;
        std::function<void(const std::string&)> log;
    };
    struct State {
        bool connected = false;
        Clock::time_point since;  ///< of being connected or not
        std::string last_error;   ///< of the connection; empty while connected
        std::uint64_t epoch = 0;  ///< enforced; 0: none
        std::string hash;         ///< hexadecimal, of what is enforced
        std::uint64_t acks = 0;
        std::uint64_t nacks = 0;
        std::vector<base::Error> last_problems;  ///< of the last Nack; empty again after an Ack
        SourceNotice notice;                     ///< what the source last said of its objects
    };

    /// `start`, `start_epoch`: what is enforced already, from disk; epoch 0 for nothing.
    SyncClient(Options options, Hooks hooks, proto::ResourceSet start, std::uint64_t start_epoch);
    ~SyncClient();
    SyncClient(const SyncClient&) = delete;
    SyncClient& operator=(const SyncClient&) = delete;

    State state() const;

private:
    class Connection;
    void run();
    bool stopping() const;
    bool connect(grpc::Channel& channel) const;
    void pause();
    void note_connected();
    void note_lost(const std::string& why);
    std::vector<base::Error> apply(proto::ResourceSet& snapshot, std::uint64_t epoch);
    void note_notice(const v1::Notice& notice);
    void note_answer(bool enforced, const std::vector<base::Error>& problems);

    const Options options_;
    const Hooks hooks_;
    proto::ResourceSet current_;  ///< of the thread
    Staging staging_;             ///< of the thread
    std::minstd_rand random_;
    std::chrono::milliseconds pause_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    State state_;
    bool stopping_ = false;
    Connection* connection_ = nullptr;  ///< to be cancelled by stop
    std::thread thread_;
};

}  // namespace tierwall::agent
