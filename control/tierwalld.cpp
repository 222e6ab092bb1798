// SPDX-License-Identifier: Apache-2.0

/// \file
/// tierwalld: the dataplane and its agent.
///
/// Threads: this one becomes the control thread; signals are taken by one of their own.
/// Memory:  see Daemon.
/// Cost:    boot about half a second.

#include "control/agent/config.hpp"
#include "control/agent/daemon.hpp"
#include "control/agent/status_service.hpp"
#include "control/document/printable.hpp"
#include "control/grpc_log.hpp"
#include "dataplane/base/version.hpp"
#include "dataplane/io/eal.hpp"

#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <thread>

namespace {

using namespace tierwall;

constexpr int kExitError = 2;

/// One line on standard error.
int fail(const std::string& text) {
    std::fprintf(stderr, "tierwalld: %s\n", text.c_str());
    return kExitError;
}

/// Answers with an exit status when there is nothing more to do, with -1 otherwise.
int parse_arguments(int argc, char** argv, std::string& config_path) {
    CLI::App app("Kubernetes network policy in a userspace dataplane", "tierwalld");
    app.set_version_flag("--version", std::string("tierwalld ") + base::kVersion);
    app.add_option("--config", config_path, "YAML file, see docs/CONFIGURATION.md")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::Error& error) {
        return fail(error.what());
    }
    return -1;
}

void tell_of_grpc(gpr_log_severity severity, const char* line) {
    const auto level =
        severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::info;
    spdlog::log(level, "gRPC: {}", document::printable(line));
}

void open_log() {
    auto log = spdlog::stderr_logger_mt("tierwalld");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
    log->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(log);
    take_grpc_log<tell_of_grpc>();
}

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

std::string host_name() {
    char name[256] = "tierwalld";
    ::gethostname(name, sizeof(name) - 1);
    return name;
}

/// Closes the loop when a signal comes, or when the daemon has failed to start.
class SignalWatch {
public:
    explicit SignalWatch(agent::Loop& loop)
        : thread_([&loop] {
              const sigset_t signals = ending_signals();
              int number = 0;
              sigwait(&signals, &number);
              loop.close();
          }) {}
    ~SignalWatch() {
        // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): sigwait() takes it.
        pthread_kill(thread_.native_handle(), SIGTERM);
        thread_.join();
    }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    std::thread thread_;
};

base::Status serve(const agent::Config& config, agent::Loop& loop) {
    // gRPC first: DPDK would bind the threads that gRPC starts to one core.
    TW_TRY(status, agent::StatusServer::start(config.status_socket, loop));
    TW_TRY(eal, io::start_eal(config.eal));
    {
        TW_TRY(daemon,
               agent::Daemon::create(config, base::kVersion, loop,
                                     [](const std::string& text) { spdlog::info("{}", text); }));
        daemon->start();
        spdlog::info("tierwalld {} started: {} ports, {} workers, status on {}", base::kVersion,
                     config.dataplane.ports.size(), config.dataplane.workers, config.status_socket);
        status->open(daemon->status_source());
        daemon->run();
        status.reset();
    }
    io::stop_eal();
    return base::Done{};
}

}  // namespace

int main(int argc, char** argv) {
    std::string config_path;
    if (const int done = parse_arguments(argc, argv, config_path); done >= 0) return done;
    open_log();
    auto config = agent::read_config(config_path);
    if (!config.ok()) return fail(config.error().text());
    if (config->name.empty()) config->name = host_name();

    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    agent::Loop loop;
    const SignalWatch watch(loop);
    const base::Status served = serve(*config, loop);
    if (!served.ok()) return fail(served.error().text());
    spdlog::info("stopped");
    return 0;
}
