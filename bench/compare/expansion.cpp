// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/expansion.hpp"

#include "bench/compare/pod_addresses.hpp"
#include "control/dialect/translate.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace tierwall::bench {
namespace {

constexpr std::array<base::Direction, 2> kDirections{base::Direction::Egress,
                                                     base::Direction::Ingress};

/// One condition on ports, and which destinations it is about.
struct PortCase {
    FiveTuples match;
    Ipv4Set destinations;
};

/// Writes the rows of one step.
class StepWriter {
public:
    StepWriter(const PodAddresses& pods, const ExpansionOptions& options, Expansion& out)
        : pods_(pods), options_(options), out_(out) {}

    void begin(const Step& step) {
        step_ = step;
        seen_.clear();
        out_.steps.push_back(step);
    }

    base::Status write(const policy::Policy& policy) {
        const bool egress = step_.direction == base::Direction::Egress;
        const Ipv4Set subjects = pods_.of(policy.subject);
        for (const policy::Rule& rule : egress ? policy.egress : policy.ingress) {
            const Ipv4Set peers = peers_of(rule);
            for (const PortCase& ports : cases(rule, egress ? peers : subjects)) {
                TW_TRY(written, egress ? put(ports.match, subjects, ports.destinations, rule.action)
                                       : put(ports.match, peers, ports.destinations, rule.action));
            }
        }
        return base::Done{};
    }

    /// A row for each pair of blocks.
    base::Status put(FiveTuples match, const Ipv4Set& sources, const Ipv4Set& destinations,
                     base::Action action) {
        const std::vector<Ipv4Block> to = blocks(destinations);
        for (const Ipv4Block& source : blocks(sources)) {
            for (const Ipv4Block& destination : to) {
                match.source = source;
                match.destination = destination;
                // What an earlier row matches as well never comes to a later one.
                if (!seen_.insert(match).second) continue;
                if (out_.rows.size() == options_.rows_max) {
                    return base::Error{base::Errc::Limit, "expansion",
                                       "more than " + std::to_string(options_.rows_max) + " rows"};
                }
                out_.rows.push_back(
                    {match, static_cast<std::uint16_t>(out_.steps.size() - 1), action});
            }
        }
        return base::Done{};
    }

private:
    std::vector<Ipv4Block> blocks(const Ipv4Set& set) const {
        return options_.pods_only ? set.hosts() : set.blocks();
    }

    Ipv4Set peers_of(const policy::Rule& rule) const {
        if (rule.any_peer) return Ipv4Set::everything();
        Ipv4Set out;
        for (const policy::Peer& peer : rule.peers) out.add(pods_.of(peer));
        return out;
    }

    std::vector<PortCase> cases(const policy::Rule& rule, const Ipv4Set& destinations) const {
        std::vector<PortCase> out;
        if (rule.ports.empty()) out.push_back({{}, destinations});
        for (const policy::Port& port : rule.ports) {
            FiveTuples match{.source = {},
                             .destination = {},
                             .any_protocol = false,
                             .protocol = port.protocol,
                             .port_first = port.first,
                             .port_last = port.last};
            if (port.name.empty()) {
                out.push_back({match, destinations});
                continue;
            }
            for (const auto& [number, own] : pods_.with_port(port, destinations)) {
                match.port_first = match.port_last = number;
                out.push_back({match, own});
            }
        }
        return out;
    }

    const PodAddresses& pods_;
    const ExpansionOptions& options_;
    Expansion& out_;
    Step step_;
    std::set<FiveTuples> seen_;
};

class Expander {
public:
    Expander(const kube::Objects& objects, const ExpansionOptions& options)
        : pods_(objects.cluster), options_(options), writer_(pods_, options_, out_) {
        std::vector<kube::Problem> problems;
        policies_ = dialect::translate(objects, problems);
    }

    base::Result<Expansion> run() {
        for (const base::Direction direction : kDirections) {
            for (const std::uint16_t tier :
                 {base::kTierAdmin, base::kTierNetworkPolicy, base::kTierBaseline}) {
                TW_TRY(written, tier == base::kTierNetworkPolicy ? isolating(direction)
                                                                 : ordered(tier, direction));
            }
        }
        return std::move(out_);
    }

private:
    base::Status ordered(std::uint16_t tier, base::Direction direction) {
        const bool egress = direction == base::Direction::Egress;
        for (const policy::Policy& policy : policies_) {
            if (policy.audit) return audited(policy);
            const auto& rules = egress ? policy.egress : policy.ingress;
            if (policy.tier != tier || rules.empty()) continue;
            if (!began(tier, direction)) writer_.begin({tier, direction});
            TW_TRY(written, writer_.write(policy));
        }
        return base::Done{};
    }

    base::Status isolating(base::Direction direction) {
        const bool egress = direction == base::Direction::Egress;
        std::vector<const policy::Policy*> isolate;
        Ipv4Set isolated;
        for (const policy::Policy& policy : policies_) {
            if (policy.audit) return audited(policy);
            const bool does = egress ? policy.isolates_egress : policy.isolates_ingress;
            if (policy.tier != base::kTierNetworkPolicy || !does) continue;
            isolate.push_back(&policy);
            isolated.add(pods_.of(policy.subject));
        }
        if (isolate.empty()) return base::Done{};
        if (options_.pods_only && isolated.hosts() != pods_.all().hosts()) {
            return base::Error{base::Errc::Invalid, "expansion", "some pods are not isolated"};
        }
        writer_.begin({base::kTierNetworkPolicy, direction, options_.pods_only});
        if (!egress && !options_.pods_only) {
            TW_TRY(written, admit_own_nodes(isolated));
        }
        for (const policy::Policy* policy : isolate) {
            TW_TRY(written, writer_.write(*policy));
        }
        if (options_.pods_only) return base::Done{};
        const Ipv4Set all = Ipv4Set::everything();
        return egress ? writer_.put({}, isolated, all, base::Action::Deny)
                      : writer_.put({}, all, isolated, base::Action::Deny);
    }

    /// Isolation admits what comes from the pod's own node.
    base::Status admit_own_nodes(const Ipv4Set& isolated) {
        for (const auto& [addresses, pods] : pods_.by_node()) {
            Ipv4Set there = pods;
            Ipv4Set others = pods;
            others.remove(isolated);
            there.remove(others);
            TW_TRY(written, writer_.put({}, addresses, there, base::Action::Allow));
        }
        return base::Done{};
    }

    bool began(std::uint16_t tier, base::Direction direction) const {
        return !out_.steps.empty() && out_.steps.back().tier == tier &&
               out_.steps.back().direction == direction;
    }

    static base::Error audited(const policy::Policy& policy) {
        return {base::Errc::Invalid, policy.path(), "an audited policy cannot be written out"};
    }

    const PodAddresses pods_;
    const ExpansionOptions options_;
    Expansion out_;
    StepWriter writer_;
    std::vector<policy::Policy> policies_;
};

/// 0: one port, 1: a range, 2: all.
int ports_kind(const FiveTuples& match) {
    if (match.port_first == match.port_last) return 0;
    return match.port_first == 0 && match.port_last == 65535 ? 2 : 1;
}

}  // namespace

std::size_t Expansion::shapes() const {
    std::set<std::tuple<int, int, int, bool>> shapes;
    for (const TupleRow& row : rows) {
        shapes.emplace(row.match.source.length, row.match.destination.length, ports_kind(row.match),
                       row.match.any_protocol);
    }
    return shapes.size();
}

base::Result<Expansion> expand(const kube::Objects& objects, const ExpansionOptions& options) {
    return Expander(objects, options).run();
}

}  // namespace tierwall::bench
