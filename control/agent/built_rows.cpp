// SPDX-License-Identifier: Apache-2.0
#include "control/agent/built_rows.hpp"

#include "control/agent/decode_model.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tierwall::agent {

base::Result<std::shared_ptr<const tier::AclTable>> build_rows(const TableFacts& table) {
    auto built = tier::AclTable::build(table.rows);
    if (!built.ok()) built.error().where = "Table " + text(table.key);
    return built;
}

namespace {

constexpr std::size_t kThreadsMax = 4;
/// Fewer tables than this for each thread are not worth it.
constexpr std::size_t kTablesAThread = 4;

/// Tables that are built by several threads at once.
class Yard {
public:
    Yard(const proto::ResourceSet& before, const proto::ResourceSet& now,
         const std::function<bool()>& stopped)
        : before_(before), now_(now), stopped_(stopped) {}

    void add(const proto::Key& key) { keys_.push_back(&key); }
    base::Result<BuiltRows> build();

private:
    void work();
    /// Null: there is no more to do.
    const proto::Key* next();
    base::Status build_one(const proto::Key& key);

    const proto::ResourceSet& before_;
    const proto::ResourceSet& now_;
    const std::function<bool()>& stopped_;
    std::vector<const proto::Key*> keys_;
    std::mutex mutex_;
    std::size_t taken_ = 0;
    BuiltRows built_;
    base::Status status_ = base::Done{};
};

base::Result<BuiltRows> Yard::build() {
    const std::size_t cores = std::max(std::thread::hardware_concurrency(), 1u);
    const std::size_t threads = std::min({cores, kThreadsMax, keys_.size() / kTablesAThread});
    {
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
        work();
    }
    if (!status_) return status_.error();
    return std::move(built_);
}

void Yard::work() {
    while (const proto::Key* key = next()) {
        base::Status status = build_one(*key);
        if (status) continue;
        const std::lock_guard lock(mutex_);
        if (status_) status_ = std::move(status);
    }
}

const proto::Key* Yard::next() {
    const std::lock_guard lock(mutex_);
    if (taken_ == keys_.size() || !status_) return nullptr;
    if (stopped_()) {
        status_ = base::Error{base::Errc::Internal, "tierwalld", "is stopping"};
        return nullptr;
    }
    return keys_[taken_++];
}

base::Status Yard::build_one(const proto::Key& key) {
    const auto table = decode_table(key, *now_.find(key));
    if (!table.ok() || table->rows.empty()) return base::Done{};
    if (const std::string* old_body = before_.find(key)) {
        const auto old = decode_table(key, *old_body);
        if (old.ok() && old->rows == table->rows) return base::Done{};
    }
    TW_TRY(built, build_rows(*table));
    const std::lock_guard lock(mutex_);
    built_.emplace(table->key, std::move(built));
    return base::Done{};
}

}  // namespace

base::Result<BuiltRows> build_rows(const proto::ResourceSet& before, const proto::ResourceSet& now,
                                   const std::function<bool()>& stopped) {
    const proto::Difference changed = now.since(before);
    const auto tables =
        std::count_if(changed.upserts.begin(), changed.upserts.end(),
                      [](const auto& each) { return each.first.type == v1::RESOURCE_TYPE_TABLE; });
    if (static_cast<std::size_t>(tables) > kTablesMax) return BuiltRows();  // refused without them
    Yard yard(before, now, stopped);
    for (const auto& [key, _] : changed.upserts) {
        if (key.type == v1::RESOURCE_TYPE_TABLE) yard.add(key);
    }
    return yard.build();
}

}  // namespace tierwall::agent
