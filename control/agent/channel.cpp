// SPDX-License-Identifier: Apache-2.0
#include "control/agent/channel.hpp"

#include <utility>

namespace tierwall::agent {

namespace {

constexpr int kMessageBytesMax = 16 << 20;
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;

base::Result<std::shared_ptr<grpc::ChannelCredentials>> credentials(
    const transport::Endpoint& endpoint, const transport::TlsFiles& files) {
    if (endpoint.is_local()) return grpc::InsecureChannelCredentials();
    if (files.empty()) {
        return base::Error{base::Errc::Forbidden, endpoint.text(),
                           "TCP needs TLS: a ca, a certificate and its key"};
    }
    TW_TRY(texts, transport::read_tls(files));
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = std::move(texts.ca);
    options.pem_cert_chain = std::move(texts.cert);
    options.pem_private_key = std::move(texts.key);
    return grpc::SslCredentials(options);
}

}  // namespace

base::Result<std::shared_ptr<grpc::Channel>> open_channel(const transport::Endpoint& endpoint,
                                                          const transport::TlsFiles& files) {
    TW_TRY(chosen, credentials(endpoint, files));
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
    // A channel of our own with short pauses: otherwise gRPC would remember earlier failures of
    // the same address and wait for up to two minutes.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // A proxy of the environment is no way to a firewall's policy source.
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(endpoint.text(), chosen, arguments);
}

}  // namespace tierwall::agent
