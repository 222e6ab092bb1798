// SPDX-License-Identifier: Apache-2.0
#include "control/transport/endpoint.hpp"

#include "control/transport/tls.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>

namespace data = boost::unit_test::data;
using namespace tierwall;

namespace {

struct Case {
    const char* name;
    std::string text;
    bool ok;
    const char* again;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

const Case kCases[] = {
    {"local", "unix:/run/x.sock", true, "unix:/run/x.sock"},
    {"local longest", "unix:/" + std::string(106, 'a'), true, nullptr},
    {"local too long", "unix:/" + std::string(107, 'a'), false, nullptr},
    {"local relative", "unix:x.sock", false, nullptr},
    {"local empty", "unix:", false, nullptr},
    {"local with zero byte", std::string("unix:/a\0b", 9), false, nullptr},
    {"name", "sync.example:7443", true, "sync.example:7443"},
    {"IPv4", "10.0.0.1:1", true, "10.0.0.1:1"},
    {"IPv6", "[2001:db8::1]:65535", true, "[2001:db8::1]:65535"},
    {"IPv6 without brackets", "2001:db8::1:80", false, nullptr},
    {"port 0", "host:0", false, nullptr},
    {"port too high", "host:65536", false, nullptr},
    {"port with sign", "host:+1", false, nullptr},
    {"port with rest", "host:80x", false, nullptr},
    {"no port", "host", false, nullptr},
    {"no host", ":80", false, nullptr},
    {"empty", "", false, nullptr},
    {"scheme", "http://host:80", false, nullptr},
    {"space", "ho st:80", false, nullptr},
};

class Folder {
public:
    Folder() {
        std::string name = "/tmp/twpush-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string at(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

int listen_at(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    BOOST_REQUIRE_EQUAL(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    BOOST_REQUIRE_EQUAL(::listen(fd, 1), 0);
    return fd;
}

}  // namespace

BOOST_DATA_TEST_CASE(an_endpoint_is_read_as_written, data::make(kCases), c) {
    const auto endpoint = transport::parse_endpoint("sync", c.text);
    BOOST_TEST_CONTEXT(c.name) {
        BOOST_TEST(endpoint.ok() == c.ok);
        if (!endpoint.ok()) BOOST_TEST(endpoint.error().where == "sync");
        if (endpoint.ok() && c.again != nullptr) BOOST_TEST(endpoint->text() == c.again);
    }
}

BOOST_AUTO_TEST_CASE(a_socket_that_nobody_serves_is_removed) {
    const Folder folder;
    BOOST_TEST(transport::clear_socket(folder.at("none")).ok());
    ::close(listen_at(folder.at("old")));
    BOOST_TEST(transport::clear_socket(folder.at("old")).ok());
    BOOST_TEST(!std::filesystem::exists(folder.at("old")));
}

BOOST_AUTO_TEST_CASE(a_served_socket_and_a_file_stay) {
    const Folder folder;
    const int fd = listen_at(folder.at("live"));
    const auto live = transport::clear_socket(folder.at("live"));
    BOOST_REQUIRE(!live.ok());
    BOOST_TEST((live.error().code == base::Errc::Duplicate));
    BOOST_TEST(std::filesystem::exists(folder.at("live")));
    ::close(fd);
    std::ofstream(folder.at("file")) << "text";
    const auto file = transport::clear_socket(folder.at("file"));
    BOOST_REQUIRE(!file.ok());
    BOOST_TEST((file.error().code == base::Errc::Forbidden));
    BOOST_TEST(std::filesystem::exists(folder.at("file")));
}

BOOST_AUTO_TEST_CASE(a_guarded_socket_is_closed_to_others) {
    const Folder folder;
    const int fd = listen_at(folder.at("s"));
    BOOST_TEST(transport::guard_socket(folder.at("s")).ok());
    struct stat facts {};
    BOOST_REQUIRE_EQUAL(::stat(folder.at("s").c_str(), &facts), 0);
    BOOST_TEST((facts.st_mode & 0777) == 0660);
    ::close(fd);
}

BOOST_AUTO_TEST_CASE(tls_files_that_are_no_pem_are_refused_by_name) {
    const Folder folder;
    std::ofstream(folder.at("ca")) << "-----BEGIN CERTIFICATE-----\n";
    std::ofstream(folder.at("cert")) << "-----BEGIN CERTIFICATE-----\n";
    std::ofstream(folder.at("key")) << "-----BEGIN PRIVATE KEY-----\n";
    const transport::TlsFiles good{folder.at("ca"), folder.at("cert"), folder.at("key")};
    BOOST_TEST(transport::read_tls(good).ok());
    transport::TlsFiles files = good;
    files.key = folder.at("cert");
    const auto swapped = transport::read_tls(files);
    BOOST_REQUIRE(!swapped.ok());
    BOOST_TEST(swapped.error().where == folder.at("cert"));
    files.key = folder.at("missing");
    BOOST_TEST(!transport::read_tls(files).ok());
    files.key.clear();
    const auto missing = transport::read_tls(files);
    BOOST_REQUIRE(!missing.ok());
    BOOST_TEST((missing.error().code == base::Errc::Required));
}
