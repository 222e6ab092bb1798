// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Daemon: the parts of tierwalld put together: what is enforced, what moves packets, the stream
/// from the source, the disk, and the answers for people.
///
/// Order matters: the snapshot on disk is applied before ports forward anything; an epoch is
/// acknowledged only when every worker has let go of the one before.
///
/// Threads: create, run and the destructor on the control thread.
/// Memory:  everything of the process apart from gRPC.
/// Cost:    a few wake-ups a second.

#include "control/agent/built_rows.hpp"
#include "control/agent/client.hpp"
#include "control/agent/config.hpp"
#include "control/agent/denial_log.hpp"
#include "control/agent/enforcer.hpp"
#include "control/agent/keeper.hpp"
#include "control/agent/loop.hpp"
#include "control/agent/port_bindings.hpp"
#include "control/agent/report.hpp"
#include "control/agent/rule_tally.hpp"
#include "control/agent/status_service.hpp"
#include "dataplane/worker/dataplane.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::agent {

class Daemon {
public:
    using Log = std::function<void(const std::string&)>;
    /// How long an acknowledgement may wait for workers to let go of the snapshot before.
    static constexpr std::chrono::seconds kSettleMax{5};

    /// Requires: EAL started. `loop` outlives the daemon. Fails: as its parts.
    static base::Result<std::unique_ptr<Daemon>> create(const Config& config, std::string version,
                                                        Loop& loop, Log log);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Applies the snapshot on disk, starts the workers and the stream.
    void start();
    /// For StatusServer::open(). Requires: started.
    StatusSource status_source();
    /// Serves until the loop is closed.
    void run();

private:
    Daemon(const Config& config, std::string version, Loop& loop, Log log);
    base::Status open();
    void bind_ports(const PortBindings::AddressesOf& addresses);
    void start_from_disk();
    void start_client();
    std::vector<base::Error> enforce(const proto::ResourceSet& resources, std::uint64_t epoch);
    bool settle();
    /// What is enforced may be read by the thread of the stream: it changes only while that thread
    /// waits for apply().
    base::Result<BuiltRows> build(const proto::ResourceSet& resources) const;
    std::vector<base::Error> apply(const proto::ResourceSet& resources, std::uint64_t epoch,
                                   const BuiltRows& ready, bool from_disk);
    void log_denied();
    std::uint64_t events_lost() const;

    const Config config_;
    const std::string version_;
    Loop& loop_;
    const Log log_;
    std::unique_ptr<Enforcer> enforcer_;
    std::unique_ptr<worker::Dataplane> dataplane_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Keeper> keeper_;
    PortBindings bindings_;
    RuleTally tally_;
    std::unique_ptr<SyncClient> client_;
    std::unique_ptr<Report> report_;
    DenialLog denials_;
    DenialLog audits_;               ///< apart, so that neither keeps the other out of the log
    std::uint64_t events_lost_ = 0;  ///< as far as they are told
    bool from_disk_ = false;
    std::string disk_problem_;
};

}  // namespace tierwall::agent
