// SPDX-License-Identifier: Apache-2.0

/// \file
/// tierwall-sync: a folder of manifests -> compiled snapshots for every connected dataplane.
///
/// Threads: this one reads, compiles and publishes; the server has its own.
/// Memory:  the objects, the policies made of them, the snapshot.
/// Cost:    a change costs a pass over everything that is in force.

#include "control/compile/compiler.hpp"
#include "control/dialect/translate.hpp"
#include "control/kube/manifest_watch.hpp"
#include "control/kube/manifests.hpp"
#include "control/kube/store.hpp"
#include "control/push/server.hpp"
#include "control/transport/endpoint.hpp"

#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

constexpr const char* kVersion = "0.1.0";
/// Files that are being written or removed are looked at again this often.
constexpr int kLookAgainMs = 50;
constexpr int kSettlingsAtStart = 5;

struct Arguments {
    std::vector<std::string> manifests;
    std::string listen;
    transport::TlsFiles tls;
    std::vector<std::string> service_cidrs;
    std::string profile = "upstream";
};

/// One line on standard error, and the exit status.
int fail(int status, const std::string& text) {
    std::fprintf(stderr, "tierwall-sync: %s\n", text.c_str());
    return status;
}

/// Answers with an exit status when there is nothing more to do, with -1 otherwise.
int parse_arguments(int argc, char** argv, Arguments& arguments) {
    CLI::App app("Kubernetes objects -> policy snapshots for tierwalld", "tierwall-sync");
    app.set_version_flag("--version", std::string("tierwall-sync ") + kVersion);
    app.add_option("--manifests", arguments.manifests,
                   "File or folder of manifests, watched for changes; may be repeated")
        ->required();
    app.add_option("--listen", arguments.listen, "unix:/PATH, or HOST:PORT with the TLS files")
        ->required();
    app.add_option("--tls-ca", arguments.tls.ca,
                   "Certificates that dataplanes are checked against");
    app.add_option("--tls-cert", arguments.tls.cert, "Certificate of this listener");
    app.add_option("--tls-key", arguments.tls.key, "Its private key");
    app.add_option("--service-cidr", arguments.service_cidrs,
                   "Block of service addresses, so that dataplanes can warn when they see one");
    app.add_option("--profile", arguments.profile, "Whose reading of the policies")
        ->check(CLI::IsMember({"upstream"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::Error& error) {
        return fail(2, error.what());
    }
    return -1;
}

/// Turns what is in force into snapshots, and says what is wrong once.
class Source {
public:
    Source(const Arguments& arguments, std::vector<base::Prefix> service_prefixes)
        : manifests_(arguments.manifests), service_prefixes_(std::move(service_prefixes)) {}

    using Clock = push::SnapshotServer::Clock;
    /// Reads what changed and publishes what that comes to, if it is anything new.
    void update(push::SnapshotServer& server, const kube::ManifestWatch& watch,
                Clock::time_point changed_at);
    /// When to update though nothing happens.
    auto due() const { return manifests_.due(); }

private:
    void say(const std::vector<kube::Problem>& problems, const std::vector<std::string>& blocked);

    kube::Manifests manifests_;
    kube::Store store_;
    compile::Compiler compiler_;
    const std::vector<base::Prefix> service_prefixes_;
    std::set<std::string> said_;
    std::vector<kube::Problem> found_;  ///< by the last translation and compilation
    std::optional<std::uint64_t> compiled_version_;
    std::optional<proto::Hash> published_;
    /// Later than any epoch of an earlier run, as long as the clock does not go back.
    std::uint64_t epoch_ =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
};

std::string text(const kube::Problem& problem) {
    std::string out = problem.severity == kube::Severity::Error ? "error: " : "warning: ";
    if (!problem.path.empty()) {
        out += problem.path;
        if (problem.line != 0) out += ":" + std::to_string(problem.line);
        out += ": ";
    }
    if (!problem.object.empty()) out += problem.object + " ";
    if (!problem.field.empty()) out += problem.field;
    while (out.ends_with(' ')) out.pop_back();
    return out + (out.ends_with(':') ? " " : ": ") + problem.message;
}

void Source::say(const std::vector<kube::Problem>& problems,
                 const std::vector<std::string>& blocked) {
    std::set<std::string> now;
    for (const kube::Problem& problem : problems) now.insert(text(problem));
    for (const std::string& reason : blocked) {
        now.insert("error: nothing new is enforced, because " + reason);
    }
    for (const std::string& line : now) {
        if (!said_.contains(line)) spdlog::info("{}", line);
    }
    for (const std::string& line : said_) {
        if (!now.contains(line)) spdlog::info("no longer so: {}", line);
    }
    said_ = std::move(now);
}

void Source::update(push::SnapshotServer& server, const kube::ManifestWatch& watch,
                    Clock::time_point changed_at) {
    manifests_.refresh(store_, watch.unsettled());
    std::vector<kube::Problem> problems = store_.problems();
    const std::vector<kube::Problem> unseen = watch.problems();
    problems.insert(problems.end(), unseen.begin(), unseen.end());
    const std::vector<std::string> blocked = store_.blocked();
    if (!blocked.empty() || compiled_version_ == store_.version()) {
        problems.insert(problems.end(), found_.begin(), found_.end());
        return say(problems, blocked);
    }

    const kube::Objects& objects = store_.objects();
    found_.clear();
    const std::vector<policy::Policy> policies = dialect::translate(objects, found_);
    auto output = compiler_.compile({.cluster = &objects.cluster,
                                     .policies = policies,
                                     .names = {},
                                     .service_prefixes = service_prefixes_});
    if (output.ok()) {
        found_.insert(found_.end(), output->warnings.begin(), output->warnings.end());
    }
    problems.insert(problems.end(), found_.begin(), found_.end());
    if (!output.ok()) return say(problems, {output.error().text()});
    if (published_ != output->resources.hash()) {
        const proto::Hash hash = output->resources.hash();
        const base::Status published =
            server.publish(std::move(output->resources), epoch_ + 1, changed_at);
        // Not done with this version: it is tried again, and told of, until it can be published.
        if (!published.ok()) return say(problems, {published.error().text()});
        ++epoch_;
        published_ = hash;
    }
    compiled_version_ = store_.version();
    say(problems, {});
}

void open_log() {
    auto log = spdlog::stderr_logger_mt("tierwall-sync");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
    log->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(log);
}

/// A descriptor that becomes readable when the process is to end.
int take_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

base::Status serve(const Arguments& arguments, const transport::Endpoint& listen,
                   std::vector<base::Prefix> service_prefixes, int ending) {
    for (const std::string& path : arguments.manifests) {
        TW_TRY(listed, kube::list_manifests(path));
    }
    TW_TRY(watch, kube::ManifestWatch::open(arguments.manifests));
    TW_TRY(server, push::SnapshotServer::start(
                       {.listen = listen, .tls = arguments.tls, .pace = {}},
                       [](const push::Event& event) { spdlog::info("{}", event.text()); }));
    spdlog::info("tierwall-sync {} listens on {}", kVersion, listen.text());
    Source source(arguments, std::move(service_prefixes));
    // Mostly nothing or a moment; what is still being written after that blocks, and is told of.
    for (int i = 0; i < kSettlingsAtStart && !watch.unsettled().empty(); ++i) {
        watch.wait(kube::kSettling);
    }
    source.update(*server, watch, Source::Clock::now());
    for (;;) {
        const bool unsettled = !watch.unsettled().empty() || source.due();
        pollfd waited[] = {{.fd = watch.descriptor(), .events = POLLIN, .revents = 0},
                           {.fd = ending, .events = POLLIN, .revents = 0}};
        ::poll(waited, 2, unsettled ? kLookAgainMs : -1);
        if (waited[1].revents != 0) break;
        const auto changed_at = Source::Clock::now();
        const bool is_due = source.due() && *source.due() <= kube::Manifests::Clock::now();
        if (watch.poll() || is_due) source.update(*server, watch, changed_at);
    }
    server->stop();
    return base::Done{};
}

base::Result<std::vector<base::Prefix>> parse_prefixes(const std::vector<std::string>& texts) {
    std::vector<base::Prefix> out;
    for (const std::string& text : texts) {
        const auto prefix = base::parse_prefix(text);
        if (!prefix) {
            return base::Error{base::Errc::Invalid, "--service-cidr", "is no CIDR block: " + text};
        }
        out.push_back(*prefix);
    }
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (const int done = parse_arguments(argc, argv, arguments); done >= 0) return done;
    const auto listen = transport::parse_endpoint("--listen", arguments.listen);
    if (!listen.ok()) return fail(2, listen.error().text());
    auto prefixes = parse_prefixes(arguments.service_cidrs);
    if (!prefixes.ok()) return fail(2, prefixes.error().text());

    open_log();
    const int ending = take_signals();
    const base::Status served = serve(arguments, *listen, std::move(*prefixes), ending);
    ::close(ending);
    if (!served.ok()) return fail(1, served.error().text());
    spdlog::info("stopped");
    return 0;
}
