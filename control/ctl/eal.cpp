// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/eal.hpp"

#include "dataplane/io/eal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

namespace tierwall::ctl {

namespace {

/// Sends both standard streams to nowhere while it lives.
class Silence {
public:
    Silence() {
        std::fflush(stdout);
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        for (int i = 0; i < 2; ++i) {
            saved_[i] = ::fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
            if (nowhere >= 0) ::dup2(nowhere, i + 1);
        }
        if (nowhere >= 0) ::close(nowhere);
    }
    ~Silence() {
        std::fflush(stdout);
        for (int i = 0; i < 2; ++i) {
            if (saved_[i] < 0) continue;
            ::dup2(saved_[i], i + 1);
            ::close(saved_[i]);
        }
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    int saved_[2] = {-1, -1};
};

/// A folder that EAL may use for its files instead of the user's own.
class RuntimeFolder {
public:
    RuntimeFolder() {
        const std::string base = std::filesystem::temp_directory_path(problem_).string();
        path_ = (base.empty() ? "/tmp" : base) + "/tierwallctl-XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr) path_.clear();
        // Root's files go elsewhere unless the first of these is set.
        for (std::size_t i = 0; i < std::size(kVariables); ++i) {
            const char* before = ::getenv(kVariables[i]);
            if (before != nullptr) before_[i] = before;
            if (!path_.empty()) ::setenv(kVariables[i], path_.c_str(), 1);
        }
    }
    ~RuntimeFolder() {
        for (std::size_t i = 0; i < std::size(kVariables); ++i) {
            if (before_[i].empty()) {
                ::unsetenv(kVariables[i]);
            } else {
                ::setenv(kVariables[i], before_[i].c_str(), 1);
            }
        }
        if (!path_.empty()) std::filesystem::remove_all(path_, problem_);
    }
    RuntimeFolder(const RuntimeFolder&) = delete;
    RuntimeFolder& operator=(const RuntimeFolder&) = delete;

    bool ok() const { return !path_.empty(); }

private:
    static constexpr const char* kVariables[] = {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"};
    std::error_code problem_;
    std::string path_;
    std::string before_[std::size(kVariables)];
};

/// DPDK says what it does; a command's output is only its answer.
base::Status initialise(std::size_t megabytes) {
    const std::string arguments[] = {"--no-huge",
                                     "--no-shconf",
                                     "--no-pci",
                                     "--no-telemetry",
                                     "-m",
                                     std::to_string(megabytes),
                                     "--file-prefix=tierwallctl-" + std::to_string(::getpid()),
                                     "--log-level=emergency"};
    return io::start_eal(arguments);
}

}  // namespace

base::Result<std::unique_ptr<Eal>> Eal::start(std::size_t megabytes) {
    const Silence silence;
    const RuntimeFolder folder;
    if (!folder.ok()) {
        return base::Error{base::Errc::Io, "temporary folder", "cannot be made"};
    }
    TW_TRY(started, initialise(megabytes));
    return std::unique_ptr<Eal>(new Eal());
}

Eal::~Eal() {
    const Silence silence;
    io::stop_eal();
}

}  // namespace tierwall::ctl
