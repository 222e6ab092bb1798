// SPDX-License-Identifier: Apache-2.0
#include "control/transport/endpoint.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace tierwall::transport {

namespace {

using base::Errc;
using base::Error;

constexpr std::string_view kLocal = "unix:";
constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error broken(Errc code, const std::string& where, const char* what) {
    return Error{code, where, std::string(what) + ": " + std::strerror(errno)};
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

/// Is somebody listening there?
bool is_served(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const sockaddr_un address = address_of(path);
    const bool refused =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
        errno == ECONNREFUSED;
    ::close(fd);
    return !refused;
}

base::Result<Endpoint> parse_local(const std::string& where, std::string_view path) {
    if (path.empty() || path.front() != '/') {
        return Error{Errc::Invalid, where, "the path of a local socket must be absolute"};
    }
    if (path.size() > kPathMax) {
        return Error{Errc::TooLong, where,
                     "the path of a local socket is longer than " + std::to_string(kPathMax)};
    }
    if (path.find('\0') != std::string_view::npos) {
        return Error{Errc::Invalid, where, "the path contains a zero byte"};
    }
    Endpoint endpoint;
    endpoint.path = path;
    return endpoint;
}

bool is_host(std::string_view host, bool bracketed) {
    if (host.empty() || host.size() > 253) return false;
    const std::string_view allowed = bracketed ? "0123456789abcdefABCDEF:.%"
                                               : "0123456789abcdefghijklmnopqrstuvwxyz"
                                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
    return host.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

std::string Endpoint::text() const {
    if (is_local()) return std::string(kLocal) + path;
    const bool six = host.find(':') != std::string::npos;
    return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

base::Result<Endpoint> parse_endpoint(const std::string& where, std::string_view text) {
    if (text.starts_with(kLocal)) return parse_local(where, text.substr(kLocal.size()));
    const Error wrong{Errc::Invalid, where, "must be unix:/PATH, HOST:PORT or [IPv6]:PORT"};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!is_host(host, bracketed)) return wrong;
    Endpoint endpoint;
    endpoint.host = host;
    const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (code != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
        return Error{Errc::Invalid, where, "the port must be a number from 1 to 65535"};
    }
    return endpoint;
}

base::Status clear_socket(const std::string& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) {
        if (errno == ENOENT) return base::Done{};
        return broken(Errc::Io, path, "cannot look at the socket");
    }
    if (!S_ISSOCK(facts.st_mode)) {
        return Error{Errc::Forbidden, path, "is there and is no socket"};
    }
    if (is_served(path)) return Error{Errc::Duplicate, path, "another process listens there"};
    if (::unlink(path.c_str()) != 0) return broken(Errc::Io, path, "cannot remove the old socket");
    return base::Done{};
}

base::Status guard_socket(const std::string& path) {
    if (::chmod(path.c_str(), 0660) != 0) {
        return broken(Errc::Io, path, "cannot set the permissions of the socket");
    }
    return base::Done{};
}

}  // namespace tierwall::transport
