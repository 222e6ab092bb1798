// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/eal.hpp"

#include "dataplane/io/log_capture.hpp"

#include <rte_eal.h>
#include <rte_errno.h>

#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <vector>

namespace tierwall::io {

namespace {

bool chooses_cores(std::span<const std::string> arguments) {
    for (const std::string& argument : arguments) {
        const std::string_view text(argument);
        const bool is_short =
            text.size() >= 2 && text[0] == '-' &&
            (text[1] == 'c' || text[1] == 'l' || text[1] == 's' || text[1] == 'S');
        if (is_short || text.substr(0, 8) == "--lcores") return true;
    }
    return false;
}

int first_cpu(const cpu_set_t& set) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &set)) return cpu;
    }
    return 0;
}

base::Error failure(LogCapture& log) {
    const int code = rte_errno;
    std::string what = log.complaint();
    if (what.empty()) what = rte_strerror(code);
    base::Errc errc = base::Errc::Io;
    if (code == EINVAL) errc = base::Errc::Invalid;
    if (code == ENOMEM || code == EACCES) errc = base::Errc::Limit;
    if (code == EALREADY) errc = base::Errc::Duplicate;
    return base::Error{errc, "eal", what};
}

}  // namespace

base::Status start_eal(std::span<const std::string> arguments) {
    // DPDK keeps pointers into its arguments, hence the static storage.
    static std::vector<std::string> kept;
    static std::vector<char*> pointers;
    cpu_set_t affinity;
    CPU_ZERO(&affinity);
    const bool has_affinity =
        pthread_getaffinity_np(pthread_self(), sizeof(affinity), &affinity) == 0;

    kept.assign({"tierwalld"});
    kept.insert(kept.end(), arguments.begin(), arguments.end());
    if (has_affinity && !chooses_cores(arguments)) {
        kept.push_back("-l");
        kept.push_back(std::to_string(first_cpu(affinity)));
    }
    pointers.clear();
    for (std::string& argument : kept) pointers.push_back(argument.data());
    pointers.push_back(nullptr);

    LogCapture log;
    optind = 1;
    rte_errno = 0;
    const int used = rte_eal_init(static_cast<int>(kept.size()), pointers.data());
    if (has_affinity) pthread_setaffinity_np(pthread_self(), sizeof(affinity), &affinity);
    if (used < 0) return failure(log);
    return base::Done{};
}

void stop_eal() noexcept { rte_eal_cleanup(); }

bool hugepages_free() {
    constexpr const char* kFolder = "/sys/kernel/mm/hugepages";
    DIR* folder = opendir(kFolder);
    if (folder == nullptr) return false;
    long pages = 0;
    while (const dirent* size = readdir(folder)) {
        if (size->d_name[0] == '.') continue;
        const std::string path = std::string(kFolder) + "/" + size->d_name + "/free_hugepages";
        std::FILE* file = std::fopen(path.c_str(), "r");
        if (file == nullptr) continue;
        long found = 0;
        if (std::fscanf(file, "%ld", &found) == 1) pages += found;
        std::fclose(file);
    }
    closedir(folder);
    return pages > 0;
}

}  // namespace tierwall::io
