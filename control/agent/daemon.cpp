// SPDX-License-Identifier: Apache-2.0
#include "control/agent/daemon.hpp"

#include "control/agent/denial_text.hpp"
#include "control/agent/explain.hpp"

#include <array>
#include <span>
#include <thread>
#include <utility>

namespace tierwall::agent {

namespace {

using base::Errc;
using base::Error;

constexpr std::chrono::milliseconds kTick{100};
/// Workers let go within a burst, some microseconds.
constexpr std::chrono::microseconds kSettleStep{50};
/// Denied packets of a worker looked at in one tick: a storm must not keep the thread for itself.
constexpr std::size_t kEventsATick = 1024;

}  // namespace

Daemon::Daemon(const Config& config, std::string version, Loop& loop, Log log)
    : config_(config),
      version_(std::move(version)),
      loop_(loop),
      log_(std::move(log)),
      bindings_(config.bindings),
      denials_(config.log_denied_per_s, log_),
      audits_(config.log_denied_per_s, log_, "audit: packets that would be denied") {}

Daemon::~Daemon() {
    // Whoever waits for the control thread must stop waiting before it is waited for.
    loop_.close();
    client_.reset();
    keeper_.reset();
    dataplane_.reset();
}

base::Result<std::unique_ptr<Daemon>> Daemon::create(const Config& config, std::string version,
                                                     Loop& loop, Log log) {
    std::unique_ptr<Daemon> daemon(new Daemon(config, std::move(version), loop, std::move(log)));
    TW_TRY(opened, daemon->open());
    return daemon;
}

base::Status Daemon::open() {
    TW_TRY(store, Store::open(config_.state_dir));
    store_ = std::make_unique<Store>(std::move(store));
    TW_TRY(enforcer, Enforcer::create({.scope = config_.scope,
                                       .addresses_max = config_.addresses_max,
                                       .workers_max = config_.dataplane.workers,
                                       .own_node_egress = config_.own_node_egress}));
    enforcer_ = std::move(enforcer);
    // Before a new pod can be reached at all its addresses belong to its port: afterwards somebody
    // else might claim them first.
    enforcer_->before_publication([this](const proto::ResourceSet& next) {
        bind_ports([&](const std::string& pod) { return addresses_of(next, pod); });
    });
    TW_TRY(dataplane, worker::Dataplane::create(config_.dataplane, enforcer_->published(),
                                                enforcer_->readers(), enforcer_->addresses()));
    dataplane_ = std::move(dataplane);
    return base::Done{};
}

void Daemon::bind_ports(const PortBindings::AddressesOf& addresses) {
    bindings_.update(addresses, [this](const base::Address& address, std::uint16_t port) {
        enforcer_->bind(address, port);
    });
}

void Daemon::start() {
    bind_ports([](const std::string&) { return std::vector<base::Address>(); });
    start_from_disk();
    if (enforcer_->epoch() == 0) {
        log_(config_.dataplane.boot_open
                 ? "nothing to enforce yet; boot: open lets everything pass until then"
                 : "nothing to enforce yet; boot: closed drops everything until then");
    }
    keeper_ = std::make_unique<Keeper>(*store_, log_);
    for (const std::string& warning : dataplane_->warnings()) log_("warning: " + warning);
    dataplane_->start();
    start_client();
    report_ = std::make_unique<Report>(Report::Parts{.config = config_,
                                                     .enforcer = *enforcer_,
                                                     .addresses = enforcer_->addresses(),
                                                     .dataplane = *dataplane_,
                                                     .client = *client_,
                                                     .keeper = *keeper_,
                                                     .tally = tally_,
                                                     .version = version_,
                                                     .disk_problem = disk_problem_});
    report_->note_applied(from_disk_);
}

void Daemon::start_from_disk() {
    base::Result<Stored> stored = store_->load();
    if (!stored.ok()) {
        if (stored.error().code == Errc::NotFound) return;
        disk_problem_ = stored.error().text();
        log_("error: " + disk_problem_);
        return;
    }
    const auto ready = build(stored->resources);
    const std::vector<Error> problems = ready.ok()
                                            ? apply(stored->resources, stored->epoch, *ready, true)
                                            : std::vector<Error>{ready.error()};
    if (problems.empty()) {
        log_("enforcing epoch " + std::to_string(stored->epoch) + " from " + store_->path());
        return;
    }
    disk_problem_ = store_->path() + " cannot be enforced: " + problems.front().text();
    log_("error: " + disk_problem_);
}

void Daemon::start_client() {
    SyncClient::Options options{.sync = config_.sync,
                                .tls = config_.tls,
                                .dataplane = config_.name,
                                .version = version_,
                                .scope = config_.scope,
                                .limits = {}};
    SyncClient::Hooks hooks{
        .apply = [this](const proto::ResourceSet& resources,
                        std::uint64_t epoch) { return enforce(resources, epoch); },
        .acked = [this](const proto::ResourceSet& resources,
                        std::uint64_t epoch) { keeper_->keep(resources, epoch); },
        .log = log_};
    client_ = std::make_unique<SyncClient>(std::move(options), std::move(hooks),
                                           enforcer_->resources(), enforcer_->epoch());
}

std::vector<Error> Daemon::enforce(const proto::ResourceSet& resources, std::uint64_t epoch) {
    std::vector<Error> problems;
    const auto start = std::chrono::steady_clock::now();
    // Not on the control thread: meanwhile that answers people, and ends everything when it must.
    const auto ready = build(resources);
    if (!ready.ok()) return {ready.error()};
    if (!loop_.call([&] { problems = apply(resources, epoch, *ready, false); })) {
        return {Error{Errc::Internal, "tierwalld", "is stopping, or too busy"}};
    }
    if (!problems.empty()) return problems;
    const bool settled = settle();
    const double took_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    char elapsed[32];
    std::snprintf(elapsed, sizeof(elapsed), "%.1f", took_ms);
    log_("epoch " + std::to_string(epoch) + " is enforced after " + elapsed + " ms" +
         (settled ? "" : ", but a worker still holds the one before"));
    return problems;
}

bool Daemon::settle() {
    const auto until = std::chrono::steady_clock::now() + kSettleMax;
    for (std::size_t waiting = 1; waiting != 0; std::this_thread::sleep_for(kSettleStep)) {
        if (!loop_.call([&] { waiting = enforcer_->reclaim(); })) return false;
        if (waiting == 0) return true;
        if (std::chrono::steady_clock::now() >= until) return false;
    }
    return true;
}

base::Result<BuiltRows> Daemon::build(const proto::ResourceSet& resources) const {
    return build_rows(enforcer_->resources(), resources, [this] { return loop_.is_closed(); });
}

std::vector<Error> Daemon::apply(const proto::ResourceSet& resources, std::uint64_t epoch,
                                 const BuiltRows& ready, bool from_disk) {
    std::vector<Error> problems;
    const RuleTally::Counted counts = [this](std::uint32_t rule) {
        return counted(*dataplane_, rule);
    };
    const bool was_known = enforcer_->scope_is_known();
    const RuleTally::Leaving leaving =
        tally_.leaving(resources.since(enforcer_->resources()), *enforcer_, counts);
    const base::Status applied = enforcer_->apply(resources, epoch, problems, ready);
    if (!applied.ok()) {
        if (problems.empty()) problems.push_back(applied.error());
        return problems;
    }
    tally_.follow(leaving, *enforcer_, counts);
    if (!enforcer_->scope_is_known() && (was_known || enforcer_->generation() == 1)) {
        log_("warning: " + scope_warning(config_.scope));
    }
    from_disk_ = from_disk;
    if (report_) report_->note_applied(from_disk);
    return {};
}

StatusSource Daemon::status_source() {
    return {
        .status = [this](v1::StatusReply& reply) { report_->status(reply); },
        .flows = [this](
                     const v1::FlowsRequest& request, std::uint64_t& at,
                     std::vector<v1::FlowRow>& rows) { return report_->flows(request, at, rows); },
        .rules = [this](std::vector<v1::RuleRow>& rows) { report_->rules(rows); },
        .explain = [this](
                       const v1::ExplainRequest& request,
                       v1::ExplainReply& reply) { reply = agent::explain(*enforcer_, request); }};
}

std::uint64_t Daemon::events_lost() const {
    std::uint64_t lost = 0;
    for (std::uint32_t worker = 0; worker < dataplane_->workers(); ++worker) {
        lost += dataplane_->counters(worker).events_lost.read();
    }
    return lost;
}

void Daemon::log_denied() {
    const auto now = DenialLog::Clock::now();
    std::array<verdict::Event, 64> events;
    for (std::uint32_t worker = 0; worker < dataplane_->workers(); ++worker) {
        for (std::size_t taken = 0; taken < kEventsATick;) {
            const std::size_t count = dataplane_->take_events(worker, events);
            for (const verdict::Event& event : std::span(events).first(count)) {
                (event.audit ? audits_ : denials_).add(now, [&] {
                    return denial_text(event, config_.dataplane.ports[event.port].name, *enforcer_);
                });
            }
            if (count < events.size()) break;
            taken += count;
        }
    }
    const std::uint64_t lost = events_lost();
    denials_.add_unknown(now, lost - std::exchange(events_lost_, lost));
    denials_.tick(now);
    audits_.tick(now);
}

void Daemon::run() {
    while (loop_.run(Loop::Clock::now() + kTick)) {
        report_->note_retired(enforcer_->reclaim());
        log_denied();
    }
}

}  // namespace tierwall::agent
