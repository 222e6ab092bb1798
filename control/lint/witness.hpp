// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Witnesses: one packet about which two policies of one priority disagree.
///
/// Two rules with different actions may overlap and yet never both decide, because of rules before
/// them. So a packet is made for the overlap, and both policies are asked about it, as are all that
/// come before them. Ends are pods given; where none are, pods that the selectors describe.
///
/// Threads: one; pure.
/// Memory:  a few ends and ports.
/// Cost:    O(pairs of rules that disagree * ports * rules), within limits named in the source.

#include "control/lint/scene.hpp"
#include "control/lint/traffic.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tierwall::lint {

struct Disagreement {
    std::shared_ptr<const End> subject;
    std::shared_ptr<const End> peer;
    Traffic traffic;
    const policy::Rule* first = nullptr;
    const policy::Rule* second = nullptr;
};
/// "TCP port 80 from app=web of namespace shop to 10.0.0.1".
std::string describe(const Disagreement& found);

class Witnesses {
public:
    explicit Witnesses(const Scene& scene) : scene_(scene) {}

    /// `kinds`: pods that both select; none: pods are made up.
    std::optional<Disagreement> find(std::uint32_t first, std::uint32_t second,
                                     const std::vector<KindNumber>& kinds) const;

private:
    struct Question;
    std::optional<Disagreement> ask(Question& question) const;
    std::optional<Disagreement> try_ports(Question& question) const;
    std::vector<std::shared_ptr<const End>> ends_in(const policy::Rule& a,
                                                    const policy::Rule& b) const;
    void add_ends(const policy::Peer& a, const policy::Peer& b,
                  std::vector<std::shared_ptr<const End>>& ends) const;
    void add_pods(const policy::PodSet& pods, const policy::Peer& other,
                  std::vector<std::shared_ptr<const End>>& ends) const;
    void add_addresses(const kube::Pod& pod, const policy::Peer& other,
                       std::vector<std::shared_ptr<const End>>& ends) const;
    void add_nodes(const policy::NodeSet& nodes, const policy::Peer& other,
                   std::vector<std::shared_ptr<const End>>& ends) const;
    bool is_decided_before(const Question& question, const Traffic& traffic) const;

    const Scene& scene_;
};

}  // namespace tierwall::lint
