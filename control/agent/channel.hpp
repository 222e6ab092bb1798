// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// open_channel: a gRPC channel to an Endpoint, with TLS where it is TCP.
///
/// Every call opens a new connection and reads the TLS files again, so a renewed certificate is
/// used at the next attempt.
///
/// Threads: any.
/// Memory:  gRPC's.
/// Cost:    a connection.

#include "control/transport/endpoint.hpp"
#include "control/transport/tls.hpp"
#include "dataplane/base/result.hpp"

#include <grpcpp/grpcpp.h>

#include <memory>

namespace tierwall::agent {

/// Fails: as read_tls(), Forbidden for TCP without TLS.
base::Result<std::shared_ptr<grpc::Channel>> open_channel(const transport::Endpoint& endpoint,
                                                          const transport::TlsFiles& files);

}  // namespace tierwall::agent
