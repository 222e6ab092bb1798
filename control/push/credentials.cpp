// SPDX-License-Identifier: Apache-2.0
#include "control/push/credentials.hpp"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace tierwall::push {

namespace {
constexpr unsigned kRefreshSeconds = 60;
}

base::Result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const transport::Endpoint& listen, const transport::TlsFiles& files) {
    namespace tls = grpc::experimental;
    using base::Errc;
    using base::Error;
    if (listen.is_local()) {
        if (files.empty()) return grpc::InsecureServerCredentials();
        return Error{Errc::Forbidden, listen.text(), "TLS is for TCP listeners only"};
    }
    if (files.empty()) {
        return Error{Errc::Forbidden, listen.text(),
                     "a TCP listener needs TLS: a ca, a certificate and its key"};
    }
    TW_TRY(texts, transport::read_tls(files));
    tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
        files.key, files.cert, files.ca, kRefreshSeconds));
    options.watch_root_certs();
    options.watch_identity_key_cert_pairs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    return tls::TlsServerCredentials(options);
}

}  // namespace tierwall::push
