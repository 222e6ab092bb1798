// SPDX-License-Identifier: Apache-2.0
#include "control/agent/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;

// File: magic, version, epoch, content hash, count; then type, key length, body length, key and
// body of each resource; then the checksum. Numbers are little endian.
constexpr std::string_view kMagic = "TIERWALL";
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 16 + 8;
constexpr std::size_t kChecksumBytes = 8;

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

Error broken(const std::string& where, const char* what) {
    return Error{Errc::Io, where, std::string(what) + ": " + std::strerror(errno)};
}

/// FNV-1a: each step is one to one, so a change of any single byte always shows.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = 0xcbf29ce484222325u;
    for (const char c : bytes) {
        sum ^= static_cast<unsigned char>(c);
        sum *= 0x100000001b3u;
    }
    return sum;
}

void append(std::string& out, std::uint64_t number, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
}

/// Reads numbers and texts until there are no more; every read is checked.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    std::uint64_t number(std::size_t bytes) {
        const std::string_view part = text(bytes);
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < part.size(); ++i) {
            value |= std::uint64_t{static_cast<unsigned char>(part[i])} << (8 * i);
        }
        return value;
    }
    std::string_view text(std::size_t bytes) {
        if (bytes > rest_.size()) {
            short_ = true;
            return {};
        }
        const std::string_view part = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return part;
    }
    bool is_short() const { return short_; }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    bool short_ = false;
};

std::string encode(const proto::ResourceSet& resources, std::uint64_t epoch) {
    std::size_t bytes = kHeaderBytes + kChecksumBytes;
    resources.for_each([&bytes](const proto::Key& key, const std::string& body) {
        bytes += 12 + key.bytes.size() + body.size();
    });
    std::string out;
    out.reserve(bytes);
    out.append(kMagic);
    append(out, Store::kVersion, 4);
    append(out, epoch, 8);
    out.append(resources.hash().bytes());
    append(out, resources.size(), 8);
    resources.for_each([&out](const proto::Key& key, const std::string& body) {
        append(out, static_cast<std::uint64_t>(key.type), 4);
        append(out, key.bytes.size(), 4);
        append(out, body.size(), 4);
        out.append(key.bytes);
        out.append(body);
    });
    append(out, checksum(out), kChecksumBytes);
    return out;
}

base::Result<Stored> decode(const std::string& path, std::string_view bytes) {
    const Error damaged{Errc::Invalid, path, "is damaged and not used"};
    if (bytes.size() < kHeaderBytes + kChecksumBytes || !bytes.starts_with(kMagic)) return damaged;
    Reader header(bytes.substr(kMagic.size()));
    if (const std::uint64_t version = header.number(4); version != Store::kVersion) {
        return Error{Errc::NotSupported, path,
                     "was written in version " + std::to_string(version) + " and is not used"};
    }
    const std::string_view covered = bytes.substr(0, bytes.size() - kChecksumBytes);
    if (Reader(bytes.substr(covered.size())).number(kChecksumBytes) != checksum(covered)) {
        return damaged;
    }
    Reader reader(covered.substr(kMagic.size() + 4));
    Stored stored;
    stored.epoch = reader.number(8);
    const std::string hash(reader.text(16));
    const std::uint64_t count = reader.number(8);
    while (!reader.at_end() && !reader.is_short()) {
        const auto type = static_cast<int>(reader.number(4));
        const std::size_t key_bytes = reader.number(4);
        const std::size_t body_bytes = reader.number(4);
        std::string key(reader.text(key_bytes));
        std::string body(reader.text(body_bytes));
        if (!v1::ResourceType_IsValid(type)) return damaged;
        stored.resources.put({static_cast<v1::ResourceType>(type), std::move(key)},
                             std::move(body));
    }
    if (reader.is_short() || stored.epoch == 0 || stored.resources.size() != count ||
        stored.resources.hash().bytes() != hash) {
        return damaged;
    }
    return stored;
}

base::Status write_all(const std::string& path, std::string_view bytes) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.fd() < 0) return broken(path, "cannot be written");
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.fd(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return broken(path, "cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.fd()) != 0) return broken(path, "cannot be forced to disk");
    return base::Done{};
}

base::Result<std::string> read_all(const std::string& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0 && errno == ENOENT) {
        return Error{Errc::NotFound, path, "no snapshot has been stored yet"};
    }
    struct stat facts {};
    if (file.fd() < 0 || ::fstat(file.fd(), &facts) != 0) return broken(path, "cannot be read");
    if (!S_ISREG(facts.st_mode)) return Error{Errc::Invalid, path, "is not a file"};
    if (static_cast<std::uint64_t>(facts.st_size) > Store::kFileBytesMax) {
        return Error{Errc::TooLong, path, "is too long to be a snapshot"};
    }
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(file.fd(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return broken(path, "cannot be read");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

}  // namespace

Store::Store(std::string folder) : folder_(std::move(folder)), path_(folder_ + "/snapshot.bin") {}

base::Result<Store> Store::open(const std::string& folder) {
    std::error_code code;
    std::filesystem::create_directories(folder, code);
    if (code) return Error{Errc::Io, folder, "cannot be made: " + code.message()};
    if (::access(folder.c_str(), W_OK | X_OK) != 0) return broken(folder, "cannot be written");
    return Store(folder);
}

base::Status Store::save(const proto::ResourceSet& resources, std::uint64_t epoch) const {
    const std::string next = path_ + ".next";
    TW_TRY(written, write_all(next, encode(resources, epoch)));
    if (::rename(next.c_str(), path_.c_str()) != 0) return broken(path_, "cannot be replaced");
    const File folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.fd() < 0 || ::fsync(folder.fd()) != 0) {
        return broken(folder_, "cannot be forced to disk");
    }
    return base::Done{};
}

base::Result<Stored> Store::load() const {
    TW_TRY(bytes, read_all(path_));
    return decode(path_, bytes);
}

}  // namespace tierwall::agent
