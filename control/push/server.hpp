// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SnapshotServer: hands every published snapshot to every connected dataplane.
///
/// It keeps the latest edition, and each Subscriber works towards it at its own pace, so a slow or
/// dead dataplane holds back nobody.
///
/// Threads: publish() and stop() by the control thread; gRPC calls back on its own threads; the
///          observer is called on one thread of the server, without locks.
/// Memory:  the latest edition and kKept earlier ones, which share their bodies.
/// Cost:    publish() is proportional to what changed.

#include "control/push/roll.hpp"
#include "control/push/subscriber.hpp"
#include "control/transport/endpoint.hpp"
#include "control/transport/tls.hpp"
#include "dataplane/base/result.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace tierwall::push {

/// Dataplanes that may be connected at once; more are refused.
inline constexpr std::size_t kSubscribersMax = 4096;

class SnapshotServer {
public:
    using Clock = std::chrono::steady_clock;
    using Observer = std::function<void(const Event&)>;

    struct Options {
        transport::Endpoint listen;
        transport::TlsFiles tls;  ///< needed for TCP, refused for a local socket
        Pace pace;
        std::size_t subscribers_max = kSubscribersMax;
    };
    /// Fails: Forbidden for TCP without TLS, Duplicate when the address is taken, Io.
    static base::Result<std::unique_ptr<SnapshotServer>> start(const Options& options,
                                                               Observer observer);
    ~SnapshotServer();

    /// `changed_at`: when the change was noticed, for the log. Requires: a greater epoch than ever.
    /// Fails: TooLong when one resource cannot travel; then the last edition stays.
    base::Status publish(proto::ResourceSet resources, std::uint64_t epoch,
                         Clock::time_point changed_at = Clock::now());
    /// Tells every dataplane, also those that come later, what is wrong with the objects. Saying
    /// the same again sends nothing.
    void notify(v1::Notice notice);
    /// Ends all streams; dataplanes keep enforcing what they have.
    void stop();

    std::vector<Roll::Row> dataplanes() const;

private:
    class Service;
    explicit SnapshotServer(std::unique_ptr<Service> service);
    std::unique_ptr<Service> service_;
};

}  // namespace tierwall::push
