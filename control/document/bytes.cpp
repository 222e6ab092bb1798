// SPDX-License-Identifier: Apache-2.0
#include "control/document/bytes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tierwall::document {
namespace {

constexpr std::size_t kChunk = 1u << 18;
constexpr int kLookForWriterMs = 50;

base::Error io_error(const std::string& path, int error) {
    const base::Errc code = error == ENOENT ? base::Errc::NotFound : base::Errc::Io;
    return {code, path, std::strerror(error)};
}

struct Descriptor {
    explicit Descriptor(int opened) : number(opened) {}
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int number;
};

bool is_null_device(const struct stat& info) {
    return S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

base::Status check_kind(const std::string& path, const struct stat& info, Kinds kinds) {
    const bool pipe = S_ISFIFO(info.st_mode) && kinds == Kinds::FilesAndPipes;
    if (S_ISREG(info.st_mode) || pipe || is_null_device(info)) return base::Done{};
    if (S_ISDIR(info.st_mode)) return io_error(path, EISDIR);
    return base::Error{base::Errc::Io, path, "is no regular file"};
}

/// Reads to the end, and waits for what has to come first.
class Reading {
public:
    Reading(int descriptor, std::string name, std::size_t bytes_max)
        : descriptor_(descriptor), name_(std::move(name)), bytes_max_(bytes_max) {}

    base::Result<std::string> all() {
        while (true) {
            TW_TRY(got, some());
            if (got == 0) break;
            if (text_.size() > bytes_max_) return too_large();
        }
        return std::move(text_);
    }

    /// A pipe without a writer looks like one at its end until the first has come.
    base::Status await_writer() {
        const auto deadline = std::chrono::steady_clock::now() + kPipeWriterWait;
        while (true) {
            TW_TRY(got, read_into());
            if (got != 0) return base::Done{};  // bytes, or a writer who takes his time
            pollfd waited{descriptor_, POLLIN, 0};
            ::poll(&waited, 1, 0);
            if ((waited.revents & POLLHUP) != 0) return base::Done{};  // was here and is gone
            if (std::chrono::steady_clock::now() >= deadline) {
                return base::Error{base::Errc::Io, name_, "nobody writes to this pipe"};
            }
            ::poll(&waited, 1, kLookForWriterMs);
        }
    }

    base::Error too_large() const {
        return {base::Errc::Limit, name_, "larger than " + std::to_string(bytes_max_) + " bytes"};
    }

private:
    /// Bytes read, 0 at the end, -1 when there are none yet.
    base::Result<ssize_t> read_into() {
        const std::size_t had = text_.size();
        text_.resize(had + kChunk);
        const ssize_t got = ::read(descriptor_, text_.data() + had, kChunk);
        const int error = errno;
        text_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
        if (got >= 0) return ssize_t{got};
        if (error == EAGAIN || error == EINTR) return ssize_t{-1};
        return io_error(name_, error);
    }

    base::Result<ssize_t> some() {
        while (true) {
            TW_TRY(got, read_into());
            if (got >= 0) return got;
            pollfd waited{descriptor_, POLLIN, 0};
            ::poll(&waited, 1, -1);
        }
    }

    const int descriptor_;
    const std::string name_;
    const std::size_t bytes_max_;
    std::string text_;
};

}  // namespace

base::Result<std::string> read_bytes(const std::string& path, const ReadLimits& limits) {
    // Looked at before it is opened: opening alone does something to some devices.
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return io_error(path, errno);
    TW_TRY(kind, check_kind(path, info, limits.kinds));
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (file.number < 0) return io_error(path, errno);
    if (::fstat(file.number, &info) != 0) return io_error(path, errno);
    TW_TRY(opened, check_kind(path, info, limits.kinds));
    Reading reading(file.number, path, limits.bytes_max);
    if (S_ISREG(info.st_mode) && static_cast<std::size_t>(info.st_size) > limits.bytes_max) {
        return reading.too_large();
    }
    if (S_ISFIFO(info.st_mode)) {
        TW_TRY(writer, reading.await_writer());
    }
    return reading.all();
}

base::Result<std::string> read_standard_input(const std::string& name, std::size_t bytes_max) {
    return Reading(STDIN_FILENO, name, bytes_max).all();
}

}  // namespace tierwall::document
