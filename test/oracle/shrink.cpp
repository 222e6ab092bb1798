// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/shrink.hpp"

#include <set>

namespace tierwall::oracle {

namespace {

/// Lists that mean something else, or are refused, when empty.
bool needs_one(const std::string& key) {
    static const std::set<std::string> kKeys{"from",     "to",          "ports",  "protocols",
                                             "networks", "domainNames", "values", "policyTypes"};
    return kKeys.contains(key);
}

/// Objects whose members are free.
bool is_bag(const std::string& key) { return key == "labels" || key == "matchLabels"; }

class Shrinker {
public:
    Shrinker(Scenario scenario, const std::function<bool(const Scenario&)>& still_fails)
        : scenario_(std::move(scenario)), still_fails_(still_fails) {}

    Scenario run() {
        bool changed = true;
        while (changed && tries_ < kTriesMax) {
            changed = visit(scenario_.policies, "policies");
            changed |= visit(scenario_.cluster["pods"], "pods");
            changed |= visit(scenario_.cluster["nodes"], "nodes");
            changed |= visit(scenario_.cluster["dns"], "dns");
            changed |= visit(scenario_.cluster["namespaces"], "");
        }
        return scenario_;
    }

private:
    bool still_fails() { return ++tries_ < kTriesMax && still_fails_(scenario_); }

    /// `here` is a part of scenario_; what is left out and found to matter is put back.
    bool visit(Json& here, const std::string& key) {
        bool changed = false;
        if (here.is_array()) changed |= thin_list(here, key);
        if (here.is_object()) changed |= thin_object(here, key);
        if (here.is_structured()) {
            for (auto item = here.begin(); item != here.end(); ++item) {
                changed |= visit(item.value(), here.is_object() ? item.key() : key);
            }
        }
        return changed;
    }

    bool thin_list(Json& list, const std::string& key) {
        bool changed = false;
        if (key.empty()) return false;  // namespaces stay: pods name them
        for (std::size_t i = list.size(); i-- > 0;) {
            if (list.size() == 1 && needs_one(key)) break;
            const Json before = list;
            list.erase(i);
            if (still_fails()) {
                changed = true;
            } else {
                list = before;
            }
        }
        return changed;
    }

    bool thin_object(Json& object, const std::string& key) {
        bool changed = false;
        const Json whole = object;
        for (const auto& [name, value] : whole.items()) {
            if (!is_bag(key) && name != "matchLabels" && name != "matchExpressions" &&
                name != "except" && name != "protocols") {
                continue;
            }
            const Json before = object;
            object.erase(name);
            if (still_fails()) {
                changed = true;
            } else {
                object = before;
            }
        }
        return changed;
    }

    Scenario scenario_;
    const std::function<bool(const Scenario&)>& still_fails_;
    int tries_ = 0;
};

}  // namespace

Scenario shrink(Scenario scenario, const std::function<bool(const Scenario&)>& still_fails) {
    return Shrinker(std::move(scenario), still_fails).run();
}

}  // namespace tierwall::oracle
