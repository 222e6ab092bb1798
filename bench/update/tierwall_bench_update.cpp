// SPDX-License-Identifier: Apache-2.0

/// \file
/// tierwall-bench-update: how soon what changes in a cluster is enforced, and at what cost.
///
/// Threads: one, besides the server's; the dataplane is a process of its own.
/// Memory:  a cluster's.
/// Cost:    about ten minutes, two with --quick.

#include "bench/update/dataplane_process.hpp"
#include "bench/update/measures.hpp"
#include "dataplane/base/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace tierwall;

struct Arguments {
    std::vector<std::string> only;
    bool quick = false;
    bool verbose = false;
    bool small = false;
    std::uint64_t seed = 1;
    bench::DataplaneOptions dataplane;
};

const std::set<std::string> kKeys{
    "full_compile_s",       "full_compile_mb",          "pod_add_p99_ms", "policy_change_p50_ms",
    "policy_change_p99_ms", "namespace_relabel_p99_ms", "swap_lost",      "churn_ratio"};

/// What a measure takes on the reference machine, for the estimate of time left.
double seconds_for(const bench::Figures& figures) {
    const double part = figures.quick() ? 0.25 : 1.0;
    double sum = 0;
    if (figures.wants("full_compile_s") || figures.wants("full_compile_mb")) sum += 60;
    if (figures.wants("policy_change_p50_ms") || figures.wants("policy_change_p99_ms")) sum += 60;
    if (figures.wants("pod_add_p99_ms")) sum += 30;
    if (figures.wants("namespace_relabel_p99_ms")) sum += 60;
    if (figures.wants("swap_lost")) sum += 240;
    if (figures.wants("churn_ratio")) sum += 150;
    return sum * part;
}

int measure(const Arguments& arguments) {
    bench::Setting setting{.shape = bench::large_shape(arguments.seed),
                           .verbose = arguments.verbose};
    if (arguments.small) setting.shape = bench::shape_of_rules(1000, arguments.seed);
    bench::Figures figures({arguments.only.begin(), arguments.only.end()}, arguments.quick);
    figures.plan(seconds_for(figures));
    for (const auto part :
         {bench::measure_full_compile, bench::measure_changes, bench::measure_load}) {
        const base::Status measured = part(setting, figures);
        if (!measured.ok()) {
            std::fprintf(stderr, "tierwall-bench-update: %s\n", measured.error().text().c_str());
            return 2;
        }
    }
    std::cout << figures.json().dump(2) << std::endl;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("How soon changes are enforced", "tierwall-bench-update");
    app.set_version_flag("--version", std::string("tierwall-bench-update ") + base::kVersion);
    app.add_option("--only", arguments.only, "Keys to measure, separated by commas")
        ->delimiter(',')
        ->check(CLI::IsMember(kKeys));
    app.add_flag("--quick", arguments.quick, "Fewer and shorter runs");
    app.add_flag("--small", arguments.small, "A cluster of a thousand rules, to try it out");
    app.add_flag("--verbose", arguments.verbose, "What both processes log, on standard error");
    app.add_option("--seed", arguments.seed, "Of the cluster")->capture_default_str();
    CLI::App* dataplane = app.add_subcommand("dataplane", "The dataplane's process")->group("");
    dataplane->add_option("--board", arguments.dataplane.board)->required();
    dataplane->add_option("--folder", arguments.dataplane.folder)->required();
    dataplane->add_option("--sync", arguments.dataplane.sync)->required();
    dataplane->add_option("--flows", arguments.dataplane.flows)->required();
    dataplane->add_flag("--verbose", arguments.dataplane.verbose);
    CLI11_PARSE(app, argc, argv);
    if (*dataplane) return bench::run_dataplane(arguments.dataplane);
    return measure(arguments);
}
