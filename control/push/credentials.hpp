// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// server_credentials: who may connect to a listener.
///
/// A local socket is guarded by its file permissions. A TCP listener shows its certificate, demands
/// one, and reads its files again every minute, so that renewed certificates need no restart.
///
/// Threads: boot only.
/// Memory:  gRPC's.
/// Cost:    a handshake a connection.

#include "control/transport/endpoint.hpp"
#include "control/transport/tls.hpp"
#include "dataplane/base/result.hpp"

#include <grpcpp/grpcpp.h>

#include <memory>

namespace tierwall::push {

/// Fails: Forbidden for TCP without TLS or TLS without TCP; as read_tls().
base::Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const transport::Endpoint& listen, const transport::TlsFiles& files);

}  // namespace tierwall::push
