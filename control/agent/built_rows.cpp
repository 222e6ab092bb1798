// SPDX-License-Identifier: Apache-2.0
#include "control/agent/built_rows.hpp"

#include "control/agent/decode_model.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::agent {

base::Result<std::shared_ptr<const tier::AclTable>> build_rows(const TableFacts& table) {
    auto built = tier::AclTable::build(table.rows);
    if (!built.ok()) built.error().where = "Table " + text(table.key);
    return built;
}

base::Result<BuiltRows> build_rows(const proto::ResourceSet& before, const proto::ResourceSet& now,
                                   const std::function<bool()>& stopped) {
    BuiltRows out;
    const proto::Difference changed = now.since(before);
    const auto tables =
        std::count_if(changed.upserts.begin(), changed.upserts.end(),
                      [](const auto& each) { return each.first.type == v1::RESOURCE_TYPE_TABLE; });
    if (static_cast<std::size_t>(tables) > kTablesMax) return out;  // refused without them
    for (const auto& change : changed.upserts) {
        const proto::Key& key = change.first;
        if (key.type != v1::RESOURCE_TYPE_TABLE) continue;
        if (stopped()) return base::Error{base::Errc::Internal, "tierwalld", "is stopping"};
        const auto table = decode_table(key, *now.find(key));
        if (!table.ok() || table->rows.empty()) continue;
        const std::string* old_body = before.find(key);
        if (old_body != nullptr) {
            const auto old = decode_table(key, *old_body);
            if (old.ok() && old->rows == table->rows) continue;
        }
        TW_TRY(built, build_rows(*table));
        out.emplace(table->key, std::move(built));
    }
    return out;
}

}  // namespace tierwall::agent
