// SPDX-License-Identifier: Apache-2.0
#include "control/compile/budget.hpp"

#include <algorithm>

namespace tierwall::compile {
namespace {

using Places = std::vector<std::size_t>;

/// Takes the largest of `from` out until the others need no more than `most`.
Places largest(std::span<const Part> parts, Places from, std::size_t most) {
    std::size_t sum = 0;
    for (const std::size_t i : from) sum += parts[i].rows;
    if (sum <= most) return {};
    std::erase_if(from, [&parts](std::size_t i) { return parts[i].fixed || parts[i].rows == 0; });
    std::stable_sort(from.begin(), from.end(), [&parts](std::size_t a, std::size_t b) {
        return parts[a].rows > parts[b].rows;
    });
    std::size_t count = 0;
    for (; count < from.size() && sum > most; ++count) sum -= parts[from[count]].rows;
    from.resize(count);
    return from;
}

}  // namespace

std::vector<Overrun> overruns(std::span<const Part> parts, const Budget& budget) {
    std::vector<Overrun> out;
    const auto take = [&](const Places& gone, const std::string& words, std::size_t most) {
        for (const std::size_t i : gone) {
            const std::string limit = std::to_string(most) + " " + budget.unit;
            out.push_back({parts[i].policy, parts[i].rule, words + limit});
        }
    };
    Places left;
    for (std::size_t first = 0; first < parts.size();) {
        Places own;
        std::size_t next = first;
        for (; next < parts.size() && parts[next].policy == parts[first].policy; ++next) {
            own.push_back(next);
        }
        first = next;
        const Places gone = largest(parts, own, budget.policy);
        take(gone, "needs more than ", budget.policy);
        for (const std::size_t i : own) {
            if (std::find(gone.begin(), gone.end(), i) == gone.end()) left.push_back(i);
        }
    }
    take(largest(parts, left, budget.group),
         "is the largest of policies of one pod that together need more than ", budget.group);
    return out;
}

}  // namespace tierwall::compile
