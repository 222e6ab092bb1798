// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/shrink.hpp"

#include "test/oracle/json.hpp"

#include <algorithm>
#include <set>

namespace tierwall::oracle {

namespace {

constexpr const char* kLists[] = {"policies", "pods", "nodes", "dns", "namespaces"};

Json& list_of(Scenario& scenario, const std::string& list) {
    return list == "policies" ? scenario.policies : scenario.cluster[list];
}

/// What an object keeps from step to step.
std::string identity(const Json& object) {
    const Json& metadata = at(object, "metadata");
    return string_at(object, "kind") + "/" + string_at(object, "namespace") +
           string_at(metadata, "namespace") + "/" + string_at(object, "name") +
           string_at(metadata, "name");
}

/// Lists that mean something else, or are refused, when empty.
bool needs_one(const std::string& key) {
    static const std::set<std::string> kKeys{"from",     "to",          "ports",  "protocols",
                                             "networks", "domainNames", "values", "policyTypes"};
    return kKeys.contains(key);
}

/// Members that may be left out, and what is left is still an object that the API takes.
bool may_go(const std::string& key, const Json& parent, const std::string& parent_key) {
    static const std::set<std::string> kFree{
        "matchLabels", "matchExpressions", "except",     "protocols", "ingress",
        "egress",      "policyTypes",      "phase",      "node",      "endPort",
        "container",   "protocol",         "annotations"};
    if (parent_key == "labels" || parent_key == "matchLabels") return true;
    if (key == "ports") return parent.contains("from") || parent.contains("to");
    if (key == "name") return parent.contains("action");
    return kFree.contains(key);
}

using Pointer = Json::json_pointer;

/// Everything in `json` that might be left out, outer things first.
void removable(const Json& json, const std::string& key, const Pointer& here,
               std::vector<Pointer>& out) {
    if (json.is_object()) {
        for (const auto& [name, value] : json.items()) {
            if (may_go(name, json, key)) out.push_back(here / name);
            removable(value, name, here / name, out);
        }
    } else if (json.is_array()) {
        for (std::size_t i = 0; i < json.size(); ++i) {
            if (json.size() > 1 || !needs_one(key)) out.push_back(here / i);
            removable(json[i], key, here / i, out);
        }
    }
}

Json without(Json json, const Pointer& place) {
    Json& parent = json[place.parent_pointer()];
    if (parent.is_array()) {
        parent.erase(static_cast<std::size_t>(std::stoul(place.back())));
    } else {
        parent.erase(place.back());
    }
    return json;
}

class Shrinker {
public:
    Shrinker(Story story, const StillFails& still_fails)
        : story_(std::move(story)), still_fails_(still_fails) {}

    Story run() {
        bool changed = true;
        while (changed && tries_ < kTriesMax) {
            changed = drop_steps();
            for (const char* list : kLists) changed |= drop_objects(list);
            for (const char* list : kLists) changed |= thin_objects(list);
        }
        return story_;
    }

private:
    bool try_instead(Story candidate) {
        if (tries_ >= kTriesMax) return false;
        ++tries_;
        if (!still_fails_(candidate)) return false;
        story_ = std::move(candidate);
        return true;
    }

    /// The last step is the one that is asked.
    bool drop_steps() {
        bool changed = false;
        if (story_.size() > 1) changed = try_instead({story_.back()});
        for (std::size_t i = story_.size() - 1; i-- > 0;) {
            Story candidate = story_;
            candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(i));
            changed |= try_instead(std::move(candidate));
        }
        return changed;
    }

    std::vector<std::string> identities(const std::string& list) {
        std::set<std::string> all;
        for (Scenario& step : story_) {
            for (const Json& object : list_of(step, list)) all.insert(identity(object));
        }
        return {all.begin(), all.end()};
    }

    Story without_objects(const std::string& list, const std::set<std::string>& gone) {
        Story candidate = story_;
        for (Scenario& step : candidate) {
            Json kept = Json::array();
            for (const Json& object : list_of(step, list)) {
                if (!gone.contains(identity(object))) kept.push_back(object);
            }
            list_of(step, list) = kept;
        }
        return candidate;
    }

    /// Many at once while that works, then one by one; from all steps.
    bool drop_objects(const std::string& list) {
        bool changed = false;
        const std::vector<std::string> all = identities(list);
        for (std::size_t many = std::max<std::size_t>(all.size(), 1); many > 0; many /= 2) {
            std::vector<std::string> left = identities(list);
            for (std::size_t i = 0; i < left.size(); i += many) {
                const auto first = left.begin() + static_cast<std::ptrdiff_t>(i);
                const auto last =
                    left.begin() + static_cast<std::ptrdiff_t>(std::min(i + many, left.size()));
                changed |= try_instead(without_objects(list, {first, last}));
            }
        }
        return changed;
    }

    Story with_changed(const std::string& list, const Json& before, const Json& now) {
        Story candidate = story_;
        for (Scenario& step : candidate) {
            for (Json& object : list_of(step, list)) {
                if (object == before) object = now;
            }
        }
        return candidate;
    }

    /// The same object in several steps stays the same.
    bool thin_objects(const std::string& list) {
        bool changed = false;
        std::set<Json> all;
        for (Scenario& step : story_) {
            for (const Json& object : list_of(step, list)) all.insert(object);
        }
        for (const Json& object : all) changed |= thin(list, object);
        return changed;
    }

    bool thin(const std::string& list, Json now) {
        bool changed = false;
        changed |= widen_subject(list, now);
        std::vector<Pointer> places;
        removable(now, list, Pointer(), places);
        // From the end, so that what is left keeps its place.
        for (std::size_t i = places.size(); i-- > 0;) {
            if (!now.contains(places[i])) continue;
            const Json& parent = now[places[i].parent_pointer()];
            const std::string key =
                places[i].parent_pointer().empty() ? "" : places[i].parent_pointer().back();
            if (parent.is_array() && parent.size() == 1 && needs_one(key)) continue;
            const Json smaller = without(now, places[i]);
            if (!try_instead(with_changed(list, now, smaller))) continue;
            now = smaller;
            changed = true;
        }
        return changed;
    }

    bool widen_subject(const std::string& list, Json& now) {
        const Json everybody = {{"namespaces", Json::object()}};
        if (list != "policies" || !now["spec"].contains("subject")) return false;
        if (now["spec"]["subject"] == everybody) return false;
        Json wider = now;
        wider["spec"]["subject"] = everybody;
        if (!try_instead(with_changed(list, now, wider))) return false;
        now = wider;
        return true;
    }

    Story story_;
    const StillFails& still_fails_;
    int tries_ = 0;
};

void count_rules(const Json& rules, Size& size) {
    for (const Json& rule : rules) {
        ++size.rules;
        size.peers += at(rule, "from").size() + at(rule, "to").size();
        size.ports += at(rule, "ports").size() + at(rule, "protocols").size();
    }
}

}  // namespace

Story shrink(Story story, const StillFails& still_fails) {
    return Shrinker(std::move(story), still_fails).run();
}

Size size_of(const Story& story) {
    Size size;
    size.steps = story.size();
    const Scenario& last = story.back();
    size.policies = last.policies.size();
    size.pods = last.cluster["pods"].size();
    size.nodes = last.cluster["nodes"].size();
    for (const Json& policy : last.policies) {
        count_rules(at(policy["spec"], "ingress"), size);
        count_rules(at(policy["spec"], "egress"), size);
    }
    return size;
}

}  // namespace tierwall::oracle
