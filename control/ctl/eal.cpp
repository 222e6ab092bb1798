// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/eal.hpp"

#include "dataplane/io/eal.hpp"

extern "C" {
#include <rte_eal.h>
#include <rte_log.h>
}

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
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
        const char* before = ::getenv("XDG_RUNTIME_DIR");
        if (before != nullptr) before_ = before;
        if (!path_.empty()) ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
    }
    ~RuntimeFolder() {
        if (before_.empty()) {
            ::unsetenv("XDG_RUNTIME_DIR");
        } else {
            ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
        }
        if (!path_.empty()) std::filesystem::remove_all(path_, problem_);
    }
    RuntimeFolder(const RuntimeFolder&) = delete;
    RuntimeFolder& operator=(const RuntimeFolder&) = delete;

    bool ok() const { return !path_.empty(); }

private:
    std::error_code problem_;
    std::string path_;
    std::string before_;
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
                                     "--log-level=error"};
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
    rte_log_set_global_level(RTE_LOG_EMERG);
    // As root EAL has its files elsewhere; nothing in them is needed once it runs.
    std::error_code ignored;
    std::filesystem::remove_all(rte_eal_get_runtime_dir(), ignored);
    return std::unique_ptr<Eal>(new Eal());
}

Eal::~Eal() {
    const Silence silence;
    io::stop_eal();
}

}  // namespace tierwall::ctl
