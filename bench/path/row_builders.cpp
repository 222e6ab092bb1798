// SPDX-License-Identifier: Apache-2.0
#include "bench/path/row_builders.hpp"

#include "bench/path/core.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tierwall::bench {

agent::BuiltRows build_on_all_cores(const proto::ResourceSet& resources) {
    std::vector<agent::TableFacts> tables;
    resources.for_each(v1::RESOURCE_TYPE_TABLE,
                       [&](const proto::Key& key, const std::string& body) {
                           auto table = agent::decode_table(key, body);
                           if (table.ok() && !table->rows.empty()) {
                               tables.push_back(std::move(*table));
                           }
                       });
    // The largest first: they take longest, and nobody should wait for one at the end.
    std::sort(tables.begin(), tables.end(),
              [](const auto& a, const auto& b) { return a.rows.size() > b.rows.size(); });
    std::vector<std::shared_ptr<const tier::AclTable>> built(tables.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> builders;
    for (std::uint32_t core = 0; core < cores(); ++core) {
        builders.emplace_back([&, core] {
            sit_on_core(core);
            for (std::size_t i = next++; i < tables.size(); i = next++) {
                if (auto table = agent::build_rows(tables[i])) built[i] = std::move(*table);
            }
        });
    }
    builders.clear();
    agent::BuiltRows out;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        if (built[i]) out.emplace(tables[i].key, std::move(built[i]));
    }
    return out;
}

}  // namespace tierwall::bench
