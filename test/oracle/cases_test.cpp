// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/judge.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

namespace {

using tierwall::oracle::Json;
namespace oracle = tierwall::oracle;
namespace fs = std::filesystem;

constexpr const char* kGroups[] = {"e2e_", "cnp_", "knp_", "edge_", "anp_", "pa_"};

std::vector<fs::path> case_files() {
    std::vector<fs::path> files;
    for (const fs::path& folder : {fs::path(TIERWALL_SOURCE_DIR) / "../shared/cases",
                                   fs::path(TIERWALL_SOURCE_DIR) / "test/conformance/cases"}) {
        if (!fs::is_directory(folder)) continue;
        for (const auto& entry : fs::directory_iterator(folder)) {
            const std::string name = entry.path().filename();
            const auto in_group = [&](const char* group) { return name.starts_with(group); };
            if (std::any_of(std::begin(kGroups), std::end(kGroups), in_group)) {
                files.push_back(entry.path());
            }
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

struct Expectation {
    std::string from;
    std::string to;
    std::string protocol;
    std::string family;
    int port = 0;
    bool allow = false;
    bool ambiguous = false;
};

std::vector<Expectation> expectations(const Json& file) {
    std::vector<Expectation> all;
    for (const Json& probe : file.value("probes", Json::array())) {
        all.push_back({probe["from"], probe["to"], probe["protocol"], probe["family"],
                       probe["port"], probe["expect"] == "allow", probe.value("ambiguous", false)});
    }
    for (const Json& table : file.value("tables", Json::array())) {
        for (std::size_t i = 0; i < table["order"].size(); ++i) {
            const std::string row = table["rows"][i];
            for (std::size_t j = 0; j < row.size(); ++j) {
                if (row[j] == '-') continue;
                all.push_back({table["order"][i], table["order"][j], table["protocol"],
                               table["family"], table["port"], row[j] == '1', false});
            }
        }
    }
    return all;
}

struct Tally {
    std::size_t files = 0;
    std::size_t expectations = 0;
    std::size_t agreed = 0;
    std::size_t ambiguous = 0;  ///< of these, where the API allows another answer too
};

std::string group_of(const fs::path& file) {
    const std::string name = file.filename();
    return name.substr(0, name.find('_'));
}

oracle::Judgement ask(const oracle::World& world, const Expectation& e) {
    const auto from = oracle::address_of(world, e.from, e.family == "IPv6");
    const auto to = oracle::address_of(world, e.to, e.family == "IPv6");
    BOOST_REQUIRE_MESSAGE(from && to, e.from << " " << e.to);
    return oracle::judge(world, {*from, *to, oracle::protocol_number(e.protocol), e.port});
}

Json read(const fs::path& path) {
    std::ifstream in(path);
    return Json::parse(in);
}

void check_file(const fs::path& path, Tally& tally) {
    const Json file = read(path);
    if (file["kind"] != "reachability") return;
    ++tally.files;
    const oracle::World world = oracle::read_world(file["cluster"], file["policies"]);
    for (const Expectation& e : expectations(file)) {
        const oracle::Judgement judgement = ask(world, e);
        ++tally.expectations;
        tally.ambiguous += e.ambiguous ? 1 : 0;
        if (judgement.allow == e.allow) {
            ++tally.agreed;
            continue;
        }
        BOOST_ERROR(path.filename().string()
                    << ": " << e.from << " -> " << e.to << " " << e.protocol << "/" << e.port << " "
                    << e.family << " expected " << (e.allow ? "allow" : "deny")
                    << "; oracle: " << judgement.egress.tier << ", " << judgement.ingress.tier);
    }
}

/// How many expectations that the API leaves open come out otherwise under these options.
std::size_t turned(const std::string& number, const oracle::Options& options) {
    std::size_t count = 0;
    const fs::path folder = fs::path(TIERWALL_SOURCE_DIR) / "test/conformance/cases";
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with("edge_" + number)) continue;
        const Json file = read(entry.path());
        oracle::World world = oracle::read_world(file["cluster"], file["policies"]);
        world.options = options;
        for (const Expectation& e : expectations(file)) {
            const bool differs = ask(world, e).allow != e.allow;
            BOOST_TEST((!differs || e.ambiguous), name << ": " << e.from << " -> " << e.to);
            count += differs ? 1 : 0;
        }
    }
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(
    oracle_agrees_with_every_case_and_where_the_api_leaves_it_open_as_recommended) {
    std::map<std::string, Tally> groups;
    for (const fs::path& file : case_files()) check_file(file, groups[group_of(file)]);
    Tally all;
    std::string files;
    for (const auto& [group, tally] : groups) {
        BOOST_TEST(tally.expectations > 0u, group);
        all.expectations += tally.expectations;
        all.agreed += tally.agreed;
        all.ambiguous += tally.ambiguous;
        files += (files.empty() ? "" : ", ") + group + " " + std::to_string(tally.files);
    }
    std::cout << "figure: oracle agrees with " << all.agreed << " of " << all.expectations
              << " expectations (" << all.ambiguous
              << " of them left open by the API), files: " << files << "\n";
    BOOST_TEST(all.expectations > 0u);
}

BOOST_AUTO_TEST_CASE(an_option_turns_what_it_is_for_and_nothing_else) {
    BOOST_TEST(turned("038", {}) == 0u);
    BOOST_TEST(turned("038", {.own_node_may_be_reached = true}) == 1u);
    BOOST_TEST(turned("055", {}) == 0u);
    BOOST_TEST(turned("055", {.final_in_both_directions = true}) == 2u);
}
