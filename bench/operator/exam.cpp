// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/exam.hpp"

#include "bench/operator/report.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::tester {
namespace {

/// Each round is half as fast as the one before.
constexpr unsigned kRounds = 5;
/// How often the rate that was found is lowered until a trial confirms it.
constexpr unsigned kStepsMax = 20;

std::size_t count_of(const std::vector<bool>& flags) {
    return static_cast<std::size_t>(std::count(flags.begin(), flags.end(), true));
}

base::Error nothing_comes(std::size_t sent) {
    return {base::Errc::Io, "traffic",
            "none of " + std::to_string(sent) +
                " packets came out at the other side: does the firewall enforce these policies, "
                "and is each port joined to the right one of its ports?"};
}

}  // namespace

base::Status Exam::prepare() {
    return scenario_.pcap.empty() ? open_connections() : survey_capture();
}

base::Status Exam::open_connections() {
    TW_TRY(planned, Flows::plan(policies_, {scenario_.flows, scenario_.workers, std::nullopt}));
    flows_.emplace(std::move(planned));
    say("opening " + std::to_string(flows_->size()) + " connections");
    const std::size_t wanted = flows_->size();
    for (const Stage stage :
         {Stage::Opening, Stage::Answer, Stage::Confirming, Stage::OpenForth, Stage::OpenBack}) {
        const auto arrived = generator_.deliver(
            flows_->size(),
            [&](std::size_t number, std::span<std::uint8_t> head) {
                return flows_->frame(number, stage, kSizeMin, head);
            },
            options_.warmup_pps, kRounds);
        if (count_of(arrived) == 0) return nothing_comes(flows_->size());
        flows_->keep(arrived);
    }
    refused_ = wanted - flows_->size();
    if (refused_ != 0) {
        say(std::to_string(refused_) + " of " + std::to_string(wanted) +
            " connections do not come through and are left out");
    }
    return base::Done{};
}

base::Status Exam::survey_capture() {
    TW_TRY(captured, Captured::read(scenario_.pcap));
    captured_.emplace(std::move(captured));
    unstampable_ = captured_->make_stampable();
    if (captured_->size() == 0) {
        return base::Error{
            base::Errc::Invalid, scenario_.pcap,
            "holds no TCP or UDP packet, so that none can be told when it comes out"};
    }
    const std::size_t wanted = captured_->size();
    const auto arrived = generator_.deliver(
        wanted,
        [&](std::size_t number, std::span<std::uint8_t>) {
            return captured_->frame(number, policies_, scenario_.workers);
        },
        options_.warmup_pps, kRounds);
    if (count_of(arrived) == 0) return nothing_comes(wanted);
    captured_->keep(arrived);
    refused_ = wanted - captured_->size();
    say(std::to_string(captured_->size()) + " captured frames come through; " +
        std::to_string(refused_) + " do not, and " +
        std::to_string(unstampable_ + captured_->left_out()) + " cannot be sent or told apart");
    return base::Done{};
}

Loads Exam::loads_of(std::uint16_t size) const {
    if (captured_) return captured_->loads(policies_, scenario_.workers);
    Loads loads = flows_->open_loads(size);
    loads.set_new_share(scenario_.new_percent / 100);
    return loads;
}

Trial Exam::trial(Loads& loads, double rate_pps, Latency* latency) {
    const Trial done = generator_.run(loads, rate_pps, options_.trial_s, latency);
    std::string words =
        line("  offered %9.4f Mpps, received %9.4f Mpps, lost %llu", done.offered_pps / 1e6,
             done.received_pps() / 1e6, static_cast<unsigned long long>(done.lost()));
    words.pop_back();
    say(words);
    return done;
}

Trial Exam::confirm(Loads& loads, Found& found, Latency& latency) {
    const SearchPlan plan = options_.plan();
    double rate_pps = found.rate_pps;
    for (unsigned step = 0; step < kStepsMax; ++step) {
        for (unsigned i = 0; i < std::max(plan.attempts, 1u); ++i) {
            latency.clear();
            const Trial done = trial(loads, rate_pps, &latency);
            found.trials.push_back(done);
            if (is_loss_free(done, plan)) {
                found.rate_pps = done.offered_pps;
                return done;
            }
        }
        rate_pps *= 1 - plan.resolution;
    }
    found.rate_pps = 0;
    latency.clear();
    return {};
}

Json Exam::measure_rate(Loads& loads, double size, std::string& text) {
    Latency latency;
    const Trial done = trial(loads, options_.rate_pps, &latency);
    Json json{{"size", size}, {"at_rate", json_of(done)}, {"latency_us", json_of(latency)}};
    json["at_rate"].update(speed(done.received_pps(), size));
    const Json& us = json["latency_us"];
    text += line("%5.0f  %10.4f %10.4f %9llu  %9.1f %9.1f %9.1f %9.1f %9.1f", size,
                 done.offered_pps / 1e6, done.received_pps() / 1e6,
                 static_cast<unsigned long long>(done.lost()), us["p50"].get<double>(),
                 us["p90"].get<double>(), us["p99"].get<double>(), us["p99_9"].get<double>(),
                 us["max"].get<double>());
    return json;
}

Json Exam::measure_size(std::uint16_t size_wanted, std::string& text) {
    const double size = captured_ ? captured_->frame_size() : size_wanted;
    Loads loads = loads_of(size_wanted);
    say("frames of " + std::to_string(static_cast<int>(size)) + " bytes");
    if (options_.rate_pps > 0) return measure_rate(loads, size, text);
    Found found =
        search(options_.plan(), [&](double rate_pps) { return trial(loads, rate_pps, nullptr); });
    Latency full;
    Latency most;
    Trial confirmed;
    Trial below;
    if (found.rate_pps > 0) confirmed = confirm(loads, found, full);
    if (found.rate_pps > 0) below = trial(loads, found.rate_pps * 0.9, &most);
    Json json{{"size", size}, {"loss_free", speed(found.rate_pps, size)}};
    json["loss_free"]["packets"] = confirmed.offered;
    json["loss_free"]["lost"] = confirmed.lost();
    json["loss_free"]["limited_by"] = found.tester_limit ? "tester" : "firewall";
    json["loss_free"]["new_connections_per_s"] = found.rate_pps * scenario_.new_percent / 100;
    json["overload"] = found.overload_pps > 0 ? speed(found.overload_pps, size) : Json();
    json["latency_us"] = {{"at_loss_free", json_of(full)}, {"at_90_percent", json_of(most)}};
    json["at_90_percent"] = json_of(below);
    for (const Trial& each : found.trials) json["trials"].push_back(json_of(each));
    const Json& us = json["latency_us"];
    const auto cell = [&](const char* at, const char* key) { return us[at][key].get<double>(); };
    std::string overload = line("%.4f", found.overload_pps / 1e6);
    overload.pop_back();
    if (found.overload_pps == 0) overload = "-";
    text += line("%5.0f  %10.4f %10.4f %10s  %9.1f %9.1f %9.1f  %9.1f %9.1f %9.1f  %s", size,
                 found.rate_pps / 1e6, json["loss_free"]["line_gbit_s"].get<double>(),
                 overload.c_str(), cell("at_90_percent", "p50"), cell("at_90_percent", "p99"),
                 cell("at_90_percent", "p99_9"), cell("at_loss_free", "p50"),
                 cell("at_loss_free", "p99"), cell("at_loss_free", "p99_9"),
                 json["loss_free"]["limited_by"].get<std::string>().c_str());
    return json;
}

void Exam::measure(Report& report) {
    const std::size_t used = captured_ ? captured_->size() : flows_->size();
    report.json["traffic"] = {{captured_ ? "frames" : "connections", used},
                              {"refused", refused_},
                              {"left_out", captured_ ? unstampable_ + captured_->left_out() : 0}};
    report.json["trial_s"] = options_.trial_s;
    report.json["resolution_percent"] = options_.resolution_percent;
    report.json["attempts"] = options_.attempts;
    report.json["sizes"] = Json::array();
    if (options_.rate_pps > 0) {
        report.text +=
            "bytes     offered   received      lost   microseconds\n"
            "             Mpps       Mpps   packets        p50       p90       p99"
            "     p99.9       max\n";
    } else {
        report.text +=
            "bytes   loss-free    on line   overload  us at 90 % of it              "
            "us at that rate                limit\n"
            "             Mpps     Gbit/s       Mpps        p50       p99     p99.9"
            "        p50       p99     p99.9\n";
    }
    std::vector<std::uint16_t> sizes = options_.sizes;
    if (captured_) sizes.resize(1);
    for (const std::uint16_t size : sizes) {
        report.json["sizes"].push_back(measure_size(size, report.text));
    }
}

}  // namespace tierwall::tester
