// SPDX-License-Identifier: Apache-2.0

/// \file
/// tierwall-sync: a folder of manifests -> compiled snapshots for every connected dataplane.
///
/// Threads: this one reads, compiles and publishes; the server has its own.
/// Memory:  the objects, the policies made of them, the snapshot.
/// Cost:    a change costs a look at its file, and what follows from it.

#include "control/document/printable.hpp"
#include "control/grpc_log.hpp"
#include "control/kube/manifest_watch.hpp"
#include "control/kube/manifests.hpp"
#include "control/push/server.hpp"
#include "control/sync/snapshots.hpp"
#include "control/transport/endpoint.hpp"
#include "dataplane/base/version.hpp"

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
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

/// Files that are being written or removed are looked at again this often.
constexpr int kLookAgainMs = 50;
constexpr int kSettlingsAtStart = 5;
/// What could not be read, watched or published is tried again after the first, then ever later.
constexpr std::chrono::milliseconds kRetryFirst{1'000};
constexpr std::chrono::milliseconds kRetryLast{30'000};
/// What dataplanes are told of the objects.
constexpr int kNoticeLines = 50;
constexpr std::size_t kNoticeLineBytes = 900;

struct Arguments {
    std::vector<std::string> manifests;
    std::string listen;
    transport::TlsFiles tls;
    std::vector<std::string> service_cidrs;
    std::string profile = "upstream";
    bool allow_empty = false;
};

/// One line on standard error, and the exit status.
int fail(int status, const std::string& text) {
    std::fprintf(stderr, "tierwall-sync: %s\n", document::printable(text).c_str());
    return status;
}

/// A line of the log; what others wrote in it commands no terminal.
void tell(const std::string& line) { spdlog::info("{}", document::printable(line)); }

/// Answers with an exit status when there is nothing more to do, with -1 otherwise.
int parse_arguments(int argc, char** argv, Arguments& arguments) {
    CLI::App app("Kubernetes objects -> policy snapshots for tierwalld", "tierwall-sync");
    app.set_version_flag("--version", std::string("tierwall-sync ") + base::kVersion);
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
    app.add_flag("--allow-empty", arguments.allow_empty,
                 "A path without any object is meant so, and lifts every policy");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        const int status = app.exit(success);
        std::cout.flush();
        return std::cout ? status : fail(2, "standard output cannot be written");
    } catch (const CLI::Error& error) {
        return fail(2, error.what());
    }
    return -1;
}

/// Turns what is in force into snapshots, and says what is wrong once.
class Source {
public:
    Source(const Arguments& arguments, std::vector<base::Prefix> service_prefixes)
        : manifests_(arguments.manifests, {.may_be_empty = arguments.allow_empty, .pipes = false}),
          snapshots_(std::move(service_prefixes)) {}

    using Clock = push::SnapshotServer::Clock;
    /// Reads what changed and publishes what that comes to, if it is anything new.
    void update(push::SnapshotServer& server, const kube::ManifestWatch& watch,
                Clock::time_point changed_at);
    /// When to update though nothing happens.
    auto due() const { return manifests_.due(); }
    /// Something could not be read or published that may work at another time.
    bool unfinished() const { return unfinished_; }

private:
    base::Status publish(push::SnapshotServer& server, Clock::time_point changed_at);
    /// Everything that is wrong, each thing once: to the log what is new, to dataplanes all.
    void say(const std::vector<kube::Problem>& problems, const std::vector<std::string>& blocked,
             push::SnapshotServer& server);

    kube::Manifests manifests_;
    sync::Snapshots snapshots_;
    std::optional<proto::ResourceSet> unpublished_;  ///< compiled, and not handed on yet
    std::set<std::string> said_;
    bool unfinished_ = false;
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

/// A place that could not be read; of objects it would not be the place that is missing.
bool may_pass(const kube::Problem& problem) {
    const bool is_place = problem.object.empty() && problem.severity == kube::Severity::Error;
    return is_place && (problem.error == base::Errc::Io || problem.error == base::Errc::NotFound);
}

/// One line of UTF-8, and not a long one.
std::string notice_line(const std::string& text) {
    std::string out = document::printable(text);
    if (out.size() <= kNoticeLineBytes) return out;
    std::size_t end = kNoticeLineBytes;
    while ((static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
    return out.substr(0, end) + "...";
}

/// `lines`: errors sort before warnings.
v1::Notice notice_of(const std::set<std::string>& lines, const std::vector<std::string>& blocked) {
    v1::Notice notice;
    for (const std::string& reason : blocked) {
        if (notice.blocked_size() < kNoticeLines) notice.add_blocked(notice_line(reason));
    }
    for (const std::string& line : lines) {
        if (notice.problems_size() < kNoticeLines) {
            notice.add_problems(notice_line(line));
        } else {
            notice.set_more(notice.more() + 1);
        }
    }
    return notice;
}

void Source::say(const std::vector<kube::Problem>& problems,
                 const std::vector<std::string>& blocked, push::SnapshotServer& server) {
    std::set<std::string> now;
    for (const kube::Problem& problem : problems) now.insert(text(problem));
    server.notify(notice_of(now, blocked));
    for (const std::string& reason : blocked) {
        now.insert("error: nothing new is enforced, because " + reason);
    }
    for (const std::string& line : now) {
        if (!said_.contains(line)) tell(line);
    }
    for (const std::string& line : said_) {
        if (!now.contains(line)) tell("no longer so: " + line);
    }
    said_ = std::move(now);
}

void Source::update(push::SnapshotServer& server, const kube::ManifestWatch& watch,
                    Clock::time_point changed_at) {
    kube::Store& store = snapshots_.store();
    manifests_.refresh(store, watch.unsettled());
    std::vector<kube::Problem> problems = store.problems();
    const std::vector<kube::Problem> unseen = watch.problems();
    problems.insert(problems.end(), unseen.begin(), unseen.end());
    unfinished_ = std::any_of(problems.begin(), problems.end(), may_pass);
    std::vector<std::string> blocked = store.blocked();
    if (blocked.empty() && snapshots_.is_stale()) {
        auto output = snapshots_.compile();
        if (output.ok()) {
            unpublished_ = std::move(output->resources);
        } else {
            blocked.push_back(output.error().text());
        }
    }
    problems.insert(problems.end(), snapshots_.found().begin(), snapshots_.found().end());
    if (blocked.empty() && unpublished_) {
        const base::Status published = publish(server, changed_at);
        // Not done with it: it is tried again, and told of, until it can be published.
        if (!published.ok()) blocked.push_back(published.error().text());
        unfinished_ = unfinished_ || !published.ok();
    }
    say(problems, blocked, server);
}

base::Status Source::publish(push::SnapshotServer& server, Clock::time_point changed_at) {
    const proto::Hash hash = unpublished_->hash();
    if (published_ != hash) {
        TW_TRY(published, server.publish(*unpublished_, epoch_ + 1, changed_at));
        ++epoch_;
        published_ = hash;
    }
    unpublished_.reset();
    return base::Done{};
}

void tell_of_grpc(gpr_log_severity severity, const char* line) {
    const auto level =
        severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::info;
    spdlog::log(level, "gRPC: {}", document::printable(line));
}

void open_log() {
    auto log = spdlog::stderr_logger_mt("tierwall-sync");
    log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
    log->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(log);
    take_grpc_log<tell_of_grpc>();
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

/// When to try again what could not be done, though nothing is seen to happen.
class Retry {
public:
    using Clock = Source::Clock;

    void plan(bool needed, bool is_retry) {
        delay_ = is_retry ? std::min(delay_ * 2, kRetryLast) : kRetryFirst;
        at_ = needed ? std::optional(Clock::now() + delay_) : std::nullopt;
    }
    bool is_due() const { return at_ && *at_ <= Clock::now(); }
    /// For poll(): -1 is for ever.
    int wait_ms() const {
        if (!at_) return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at_ - Clock::now());
        return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }

private:
    std::chrono::milliseconds delay_ = kRetryFirst;
    std::optional<Clock::time_point> at_;
};

/// Until the process is to end.
void follow(Source& source, push::SnapshotServer& server, kube::ManifestWatch& watch, int ending) {
    Retry retry;
    retry.plan(source.unfinished() || !watch.health().ok(), false);
    for (;;) {
        const bool unsettled = !watch.unsettled().empty() || source.due();
        pollfd waited[] = {{.fd = watch.descriptor(), .events = POLLIN, .revents = 0},
                           {.fd = ending, .events = POLLIN, .revents = 0}};
        ::poll(waited, 2, unsettled ? kLookAgainMs : retry.wait_ms());
        if (waited[1].revents != 0) return;
        const auto changed_at = Source::Clock::now();
        const bool is_due = source.due() && *source.due() <= kube::Manifests::Clock::now();
        const bool is_retry = retry.is_due();
        if (is_retry) watch.look_again();
        const bool changed = watch.poll();
        if (!changed && !is_due && !is_retry) continue;
        source.update(server, watch, changed_at);
        retry.plan(source.unfinished() || !watch.health().ok(), !changed && !is_due);
    }
}

base::Status serve(const Arguments& arguments, const transport::Endpoint& listen,
                   std::vector<base::Prefix> service_prefixes, int ending) {
    for (const std::string& path : arguments.manifests) {
        TW_TRY(listed, kube::list_manifests(path));
    }
    TW_TRY(watch, kube::ManifestWatch::open(arguments.manifests));
    TW_TRY(server,
           push::SnapshotServer::start({.listen = listen, .tls = arguments.tls, .pace = {}},
                                       [](const push::Event& event) { tell(event.text()); }));
    tell(std::string("tierwall-sync ") + base::kVersion + " listens on " + listen.text());
    Source source(arguments, std::move(service_prefixes));
    // Mostly nothing or a moment; what is still being written after that blocks, and is told of.
    for (int i = 0; i < kSettlingsAtStart && !watch.unsettled().empty(); ++i) {
        watch.wait(kube::kSettling);
    }
    source.update(*server, watch, Source::Clock::now());
    follow(source, *server, watch, ending);
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
    if (!served.ok()) return fail(2, served.error().text());
    spdlog::info("stopped");
    return 0;
}
