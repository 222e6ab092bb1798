// SPDX-License-Identifier: Apache-2.0
#include "control/transport/tls.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace tierwall::transport {

namespace {

using base::Errc;
using base::Error;

base::Result<std::string> read_pem(const std::string& path, const char* role, const char* mark) {
    if (path.empty()) {
        return Error{Errc::Required, std::string("tls ") + role,
                     "ca, cert and key are needed, all three"};
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return Error{Errc::Io, path, std::string("cannot be read: ") + std::strerror(errno)};
    std::string text(kPemBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kPemBytesMax) return Error{Errc::TooLong, path, "is too long for a PEM file"};
    if (text.find("-----BEGIN ") == std::string::npos || text.find(mark) == std::string::npos) {
        return Error{Errc::Invalid, path, std::string("holds no PEM ") + role};
    }
    return text;
}

}  // namespace

base::Result<TlsTexts> read_tls(const TlsFiles& files) {
    TW_TRY(ca, read_pem(files.ca, "ca certificate", "CERTIFICATE-----"));
    TW_TRY(cert, read_pem(files.cert, "certificate", "CERTIFICATE-----"));
    TW_TRY(key, read_pem(files.key, "private key", "PRIVATE KEY-----"));
    return TlsTexts{std::move(ca), std::move(cert), std::move(key)};
}

}  // namespace tierwall::transport
