// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/agreement.hpp"

#include "bench/path/bed.hpp"
#include "bench/path/frames.hpp"
#include "dataplane/base/protocol.hpp"
#include "dataplane/worker/pipeline.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tierwall::bench {
namespace {

constexpr std::size_t kTogether = worker::kBurst;
/// Probes between two that may have the same source port.
constexpr std::size_t kRound = 1u << 15;
static_assert(kRound % kTogether == 0);

/// First and last ports of the rules, and their neighbours.
std::vector<std::uint16_t> edges_of(const Expansion& expansion) {
    std::vector<std::uint16_t> edges;
    for (const TupleRow& row : expansion.rows) {
        for (const int port : {row.match.port_first - 1, int{row.match.port_first},
                               int{row.match.port_last}, row.match.port_last + 1}) {
            if (port > 0 && port <= 65535) edges.push_back(static_cast<std::uint16_t>(port));
        }
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    return edges;
}

base::Result<std::unique_ptr<worker::Pipeline>> pipeline_for(Enforced& enforced) {
    worker::Pipeline::Config config;
    config.ports.resize(kPorts, {.wire = true});
    config.ports[kPodsPort].side = worker::Side::Pods;
    config.flows_max = 2 * kRound;
    config.pickup_s = 0;
    return worker::Pipeline::create(config, enforced.enforcer().addresses());
}

/// Draws probes and asks both sides about a burst of them.
class Prober {
public:
    Prober(Enforced& enforced, const Probing& probing, std::vector<std::uint16_t> edges)
        : enforced_(enforced),
          probing_(probing),
          edges_(std::move(edges)),
          random_(probing.seed),
          traffic_(enforced.generated(), probing.seed + 1) {
        for (const auto& [_, node] : enforced.generated().objects.cluster.nodes) {
            nodes_.push_back(node.addresses.front());
        }
    }

    void draw() {
        for (std::size_t i = 0; i < kTogether; ++i) {
            const Connection probe = next();
            const parse::Tuple tuple{probe.source, probe.destination, source_port_,
                                     probe.destination_port, probe.protocol};
            // Each is a connection of its own.
            source_port_ = source_port_ == 65535 ? std::uint16_t{1024}
                                                 : static_cast<std::uint16_t>(source_port_ + 1);
            write_frame(tuple, parse::tcp_flag::kSyn, bytes_[i]);
            frames_[i] = {.bytes = bytes_[i].bytes.data(),
                          .length = kSmallest,
                          .packet_length = kSmallest,
                          .port = enforced_.port_of(probe.source)};
        }
    }

    base::Status ask(worker::Pipeline& pipeline, const RawAcl& acl, Agreement& sum) {
        std::array<parse::Headers, kTogether> headers;
        std::array<worker::Outcome, kTogether> outcomes;
        const worker::Moment moment{enforced_.enforcer().published().load(), 1000};
        pipeline.judge(frames_, moment, headers, outcomes);
        std::array<const std::uint8_t*, kTogether> starts;
        for (std::size_t i = 0; i < kTogether; ++i) starts[i] = &bytes_[i].bytes[kFiveTupleAt];
        std::array<bool, kTogether> allowed;
        acl.judge(starts, allowed);
        for (std::size_t i = 0; i < kTogether; ++i) {
            const base::Verdict& verdict = outcomes[i].verdict;
            if (verdict.reason != base::Reason::Policy &&
                verdict.reason != base::Reason::PolicyDeny &&
                verdict.reason != base::Reason::Isolated) {
                return base::Error{base::Errc::Invalid, "agreement",
                                   std::string("a probe met ") + base::name(verdict.reason)};
            }
            const bool passes = verdict.action == base::Action::Allow;
            ++sum.probes;
            sum.allowed += passes;
            sum.different += passes != allowed[i];
        }
        return base::Done{};
    }

private:
    Connection next() {
        for (;;) {
            Connection probe = traffic_.propose();
            if (!probe.source.is_v4() || probe.source == probe.destination) continue;
            if (probe.protocol != base::kIpTcp && probe.protocol != base::kIpUdp) continue;
            if (probing_.pods_only && !enforced_.is_pod(probe.destination)) continue;
            if (random_.chance(30)) probe.destination_port = random_.pick(edges_);
            if (random_.chance(5)) probe.protocol = base::kIpUdp;
            if (!probing_.pods_only && random_.chance(5)) probe.source = random_.pick(nodes_);
            return probe;
        }
    }

    Enforced& enforced_;
    const Probing probing_;
    const std::vector<std::uint16_t> edges_;
    std::vector<base::Address> nodes_;
    Random random_;
    Traffic traffic_;
    std::uint16_t source_port_ = 1024;
    std::array<FrameBytes, kTogether> bytes_;
    std::array<worker::Frame, kTogether> frames_;
};

}  // namespace

base::Result<Agreement> compare_verdicts(Enforced& enforced, const Expansion& expansion,
                                         const RawAcl& acl, const Probing& probing) {
    TW_TRY(pipeline, pipeline_for(enforced));
    Prober prober(enforced, probing, edges_of(expansion));
    Agreement sum;
    while (sum.probes < probing.probes) {
        if (sum.probes % kRound == 0) pipeline->forget_flows();
        prober.draw();
        TW_TRY(asked, prober.ask(*pipeline, acl, sum));
    }
    return sum;
}

}  // namespace tierwall::bench
