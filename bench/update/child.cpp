// SPDX-License-Identifier: Apache-2.0
#include "bench/update/child.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::bench {

base::Result<Child> Child::start(const DataplaneOptions& options) {
    std::vector<std::string> words{"tierwall-bench-update",
                                   "dataplane",
                                   "--board=" + std::to_string(options.board),
                                   "--folder=" + options.folder,
                                   "--sync=" + options.sync,
                                   "--flows=" + std::to_string(options.flows)};
    if (options.verbose) words.emplace_back("--verbose");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) return base::Error{base::Errc::Io, "fork", std::strerror(errno)};
    if (pid == 0) {
        ::execv("/proc/self/exe", arguments.data());
        ::_exit(127);
    }
    return Child(pid);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
    if (!is_alive()) return;
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 300 && is_alive(); ++i) ::usleep(10'000);
    if (!is_alive()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool Child::is_alive() const {
    if (pid_ <= 0) return false;
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
}

double peak_mb(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    }
    return 0;
}

double cpu_s(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

void forget_peak() {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace tierwall::bench
