// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/judge.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

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
    std::size_t expectations = 0;
    std::size_t agreed = 0;
    std::size_t ambiguous = 0;
};

void check_file(const fs::path& path, Tally& tally) {
    std::ifstream in(path);
    const Json file = Json::parse(in);
    if (file["kind"] != "reachability") return;
    const oracle::World world = oracle::read_world(file["cluster"], file["policies"]);
    for (const Expectation& e : expectations(file)) {
        if (e.ambiguous) {
            ++tally.ambiguous;
            continue;
        }
        const auto from = oracle::address_of(world, e.from, e.family == "IPv6");
        const auto to = oracle::address_of(world, e.to, e.family == "IPv6");
        BOOST_REQUIRE_MESSAGE(from && to, path.filename().string()
                                              << ": " << e.from << " " << e.to);
        const oracle::Judgement judgement =
            oracle::judge(world, {*from, *to, oracle::protocol_number(e.protocol), e.port});
        ++tally.expectations;
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

}  // namespace

BOOST_AUTO_TEST_CASE(oracle_agrees_with_every_case_that_is_not_ambiguous) {
    const std::vector<fs::path> files = case_files();
    BOOST_REQUIRE(!files.empty());
    Tally tally;
    for (const fs::path& file : files) check_file(file, tally);
    std::cout << "oracle agrees with " << tally.agreed << " of " << tally.expectations
              << " expectations in " << files.size() << " files (" << tally.ambiguous
              << " ambiguous)\n";
    BOOST_TEST(tally.expectations > 0u);
}
