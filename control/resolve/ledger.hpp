// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ledger and Relation: a map, and a map to sets, whose changes the Journal can take back.
///
/// Threads: one control thread.
/// Memory:  that of the map inside.
/// Cost:    the map's, plus one closure a change while the journal records.

#include "control/resolve/journal.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tierwall::resolve {

template <typename Map>
class Ledger {
public:
    using Key = typename Map::key_type;
    using Value = typename Map::mapped_type;

    explicit Ledger(Journal& journal) : journal_(&journal) {}
    Ledger(const Ledger&) = delete;  // the journal knows it by its place
    Ledger& operator=(const Ledger&) = delete;

    const Value* find(const Key& key) const {
        const auto entry = map_.find(key);
        return entry == map_.end() ? nullptr : &entry->second;
    }
    const Value& at(const Key& key) const { return map_.at(key); }

    void put(const Key& key, Value value) {
        const auto [entry, fresh] = map_.try_emplace(key);
        if (journal_->recording()) {
            if (fresh) {
                journal_->record([this, key] { map_.erase(key); });
            } else {
                journal_->record([this, key, old = entry->second] { map_[key] = old; });
            }
        }
        entry->second = std::move(value);
    }
    void erase(const Key& key) {
        const auto entry = map_.find(key);
        if (entry == map_.end()) return;
        if (journal_->recording()) {
            journal_->record([this, key, old = entry->second] { map_[key] = old; });
        }
        map_.erase(entry);
    }

    const Map& map() const { return map_; }
    std::size_t size() const { return map_.size(); }

private:
    Journal* journal_;
    Map map_;
};

/// Sets are sorted vectors: they are read far more often than changed, and mostly grow at the end.
template <typename A, typename B, typename Hash = std::hash<A>>
class Relation {
public:
    explicit Relation(Journal& journal) : journal_(&journal) {}
    Relation(const Relation&) = delete;
    Relation& operator=(const Relation&) = delete;

    const std::vector<B>& of(const A& a) const {
        static const std::vector<B> kNone;
        const auto entry = map_.find(a);
        return entry == map_.end() ? kNone : entry->second;
    }
    /// False when it was there already.
    bool add(const A& a, const B& b) {
        if (!insert(a, b)) return false;
        if (journal_->recording()) journal_->record([this, a, b] { remove_one(a, b); });
        return true;
    }
    bool remove(const A& a, const B& b) {
        if (!remove_one(a, b)) return false;
        if (journal_->recording()) journal_->record([this, a, b] { insert(a, b); });
        return true;
    }
    const std::unordered_map<A, std::vector<B>, Hash>& map() const { return map_; }

private:
    bool insert(const A& a, const B& b) {
        std::vector<B>& set = map_[a];
        const auto place = std::lower_bound(set.begin(), set.end(), b);
        if (place != set.end() && *place == b) return false;
        set.insert(place, b);
        return true;
    }
    bool remove_one(const A& a, const B& b) {
        const auto entry = map_.find(a);
        if (entry == map_.end()) return false;
        std::vector<B>& set = entry->second;
        const auto place = std::lower_bound(set.begin(), set.end(), b);
        if (place == set.end() || *place != b) return false;
        set.erase(place);
        if (set.empty()) map_.erase(entry);
        return true;
    }

    Journal* journal_;
    std::unordered_map<A, std::vector<B>, Hash> map_;
};

}  // namespace tierwall::resolve
