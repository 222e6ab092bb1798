// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Witnesses: one packet about which two policies of one priority disagree.
///
/// Two rules with different actions may overlap and yet never both decide, because of rules before
/// them. So a packet is made for the overlap, and both policies are asked about it, as are all that
/// come before them. Ends are pods given; where none are, pods that the selectors describe.
///
/// Threads: one.
/// Memory:  the rules once more.
/// Cost:    O(pairs of rules that disagree * ends * ports), each a step of the budget.

#include "control/lint/budget.hpp"
#include "control/lint/rule_view.hpp"
#include "control/lint/scene.hpp"
#include "control/lint/shared_ends.hpp"
#include "control/lint/traffic.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tierwall::lint {

struct Disagreement {
    EndPointer subject;
    EndPointer peer;
    Traffic traffic;
    const policy::Rule* first = nullptr;
    const policy::Rule* second = nullptr;
};
/// "TCP port 80 from app=web of namespace shop to 10.0.0.1".
std::string describe(const Disagreement& found);

class Witnesses {
public:
    Witnesses(const Scene& scene, Budget& budget)
        : scene_(scene), budget_(budget), shared_(scene, budget) {}

    /// `kinds`: pods that both select; none: pods are made up. Nothing when the budget is spent.
    std::optional<Disagreement> find(std::uint32_t first, std::uint32_t second,
                                     const std::vector<KindNumber>& kinds);

private:
    struct Subject;
    struct Question;
    struct Encounter;
    bool is_same(const policy::Rule& a, const policy::Rule& b, const Question& question) const;
    const RuleView& view(const policy::Rule& rule);
    bool matches(const policy::Rule& rule, const End& peer);
    std::vector<const policy::Rule*> matching(std::uint32_t policy, const Question& question,
                                              const End& peer);
    const policy::Rule* first_match(const std::vector<const policy::Rule*>& rules,
                                    const Traffic& traffic);
    void add_subjects(Question& question);
    const PolicyNumbers& before(const Question& question, Subject& subject);
    std::optional<Disagreement> ask(Question& question);
    std::optional<Disagreement> try_rules(const policy::Rule& own, const policy::Rule& other,
                                          Question& question);
    std::optional<Disagreement> try_end(const EndPointer& peer, Question& question);
    void disagree(const Question& question, const Traffic& ends, Encounter& encounter);
    std::optional<Disagreement> try_subject(const Question& question, Encounter& encounter);
    bool is_decided_before(const Question& question, Encounter& encounter, const Traffic& traffic);

    const Scene& scene_;
    Budget& budget_;
    SharedEnds shared_;
    std::unordered_map<const policy::Rule*, RuleView> views_;
};

}  // namespace tierwall::lint
