// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/side_by_side.hpp"

#include "bench/compare/agreement.hpp"
#include "bench/compare/rule_sets.hpp"
#include "bench/path/flow_set.hpp"
#include "bench/path/stand.hpp"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tierwall::bench {
namespace {

using Json = Results::Json;

constexpr std::size_t kFlows = 1u << 16;
constexpr std::uint32_t kNamespaces = 64;
constexpr std::size_t kShapesWanted = 150;
/// In the order of Field::contenders().
constexpr std::array<const char*, 4> kNames{"base", "tierwall_established", "tierwall_new_flows",
                                            "raw_rte_acl"};
/// The raw loop looks at the clock once in so many rounds.
constexpr int kRounds = 64;

/// An IPv4 packet without options, which is all that a five-tuple at a fixed place can be read of.
bool is_plain(const std::uint8_t* frame) noexcept {
    return frame[12] == 0x08 && frame[13] == 0x00 && frame[14] == 0x45;
}

/// A bump in the wire made of rte_acl alone.
class RawFilter {
public:
    RawFilter(Bed& bed, const RawAcl& acl) : bed_(bed), acl_(acl) {}

    Slice run(double seconds) noexcept {
        worker::Fabric& fabric = bed_.fabric();
        const SliceClock clock;
        std::uint64_t packets = 0;
        const std::uint64_t end_us =
            fabric.clock().now_us() + static_cast<std::uint64_t>(seconds * 1e6);
        do {
            for (int round = 0; round < kRounds; ++round) {
                packets += turn(static_cast<std::uint16_t>(round % kPorts));
            }
        } while (fabric.clock().now_us() < end_us);
        const Slice slice = clock.since(packets);
        received_ += packets;
        return slice;
    }
    std::uint64_t received() const { return received_; }
    std::uint64_t sent() const { return sent_; }

private:
    std::uint64_t turn(std::uint16_t port) noexcept {
        std::array<rte_mbuf*, worker::kBurst> mbufs;
        const std::uint16_t count = bed_.fabric().port(port).receive(0, mbufs);
        for (std::uint16_t i = 0; i < count; ++i) {
            rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const void*));
        }
        std::array<const std::uint8_t*, worker::kBurst> headers;
        std::uint16_t plain = 0;
        for (std::uint16_t i = 0; i < count; ++i) {
            const auto* frame = rte_pktmbuf_mtod(mbufs[i], const std::uint8_t*);
            if (!is_plain(frame)) {
                rte_pktmbuf_free(mbufs[i]);
                continue;
            }
            mbufs[plain] = mbufs[i];
            headers[plain++] = frame + kFiveTupleAt;
        }
        send(port ^ 1, {mbufs.data(), plain}, headers.data());
        return count;
    }

    void send(std::uint16_t port, std::span<rte_mbuf*> mbufs,
              const std::uint8_t* const* headers) noexcept {
        std::array<bool, worker::kBurst> allowed;
        acl_.judge({headers, mbufs.size()}, {allowed.data(), mbufs.size()});
        std::uint16_t passing = 0;
        for (std::size_t i = 0; i < mbufs.size(); ++i) {
            if (allowed[i]) {
                mbufs[passing++] = mbufs[i];
            } else {
                rte_pktmbuf_free(mbufs[i]);
            }
        }
        const std::uint16_t sent = bed_.fabric().port(port).send(0, mbufs.first(passing));
        rte_pktmbuf_free_bulk(mbufs.data() + sent, passing - unsigned{sent});
        sent_ += sent;
    }

    Bed& bed_;
    const RawAcl& acl_;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
};

struct RuleSet {
    std::string name;
    Generated generated;
    bool pods_only = false;
};

/// One rule set, enforced and written out, with the same connections for all who are compared.
class Field {
public:
    static base::Result<std::unique_ptr<Field>> open(Bed& bed, RuleSet set) {
        std::unique_ptr<Field> field(new Field(bed, set.name));
        TW_TRY(enforced, Enforced::create(std::move(set.generated)));
        field->enforced_ = std::move(enforced);
        TW_TRY(written, field->write_out(set.pods_only));
        TW_TRY(flows, field->open_flows(set.pods_only));
        return field;
    }

    std::vector<Contender> contenders() {
        const auto shown = [this](auto&& run) {
            return [this, run](double seconds) {
                opened_->show_originators(bed_);
                return run(seconds);
            };
        };
        std::vector<Contender> out;
        out.push_back({"base, " + name_, shown([this](double s) { return bed_.run_base(0, s); })});
        out.push_back({"Tierwall, established, " + name_, shown([this](double seconds) {
                           const Slice slice = established_->run(0, seconds);
                           packets_ += slice.packets;
                           return slice;
                       })});
        out.push_back(fresh_->contender());
        out.back().name = "Tierwall, new flows, " + name_;
        out.push_back({"raw rte_acl, " + name_, shown([this](double s) { return raw_->run(s); })});
        return out;
    }

    base::Status check() const {
        TW_TRY(opened, fresh_->check());
        const Tally done = established_->tally(0) - before_;
        if (done.sent == packets_ && raw_->sent() == raw_->received()) return base::Done{};
        return base::Error{base::Errc::Io, name_, "not every packet was sent on"};
    }

    /// `all`: contenders() of this field, measured.
    Json figures(std::span<const Contender> all) const {
        Json out = conditions(*enforced_, kFlows);
        out["expanded_rows"] = expansion_.rows.size();
        out["shapes"] = expansion_.shapes();
        out["acl_categories"] = expansion_.steps.size();
        out["connections"] = connections_;
        out["agreement"] = {{"probes", agreement_.probes},
                            {"allowed", agreement_.allowed},
                            {"different", agreement_.different}};
        const Contender& base = all[0];
        const Contender& raw = all[3];
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            out[kNames[i]] = json_of(all[i]);
            out[kNames[i]]["over_base"] = json_of(speed_ratio(all[i], base));
            out[kNames[i]]["over_raw_rte_acl"] = json_of(speed_ratio(all[i], raw));
        }
        return out;
    }

    std::size_t shapes() const { return expansion_.shapes(); }
    std::size_t rows() const { return expansion_.rows.size(); }
    std::size_t rules() const { return enforced_->rules(); }

private:
    Field(Bed& bed, std::string name) : bed_(bed), name_(std::move(name)) {}

    base::Status write_out(bool pods_only) {
        TW_TRY(expansion, expand(enforced_->generated().objects, {.pods_only = pods_only}));
        expansion_ = std::move(expansion);
        TW_TRY(acl, RawAcl::build(expansion_));
        acl_ = std::move(acl);
        TW_TRY(found, compare_verdicts(*enforced_, expansion_, *acl_,
                                       {.probes = 100'000, .seed = 5, .pods_only = pods_only}));
        agreement_ = found;
        if (found.different == 0) return base::Done{};
        return base::Error{base::Errc::Io, name_,
                           "raw rte_acl and Tierwall disagree on " +
                               std::to_string(found.different) + " of " +
                               std::to_string(found.probes) + " packets"};
    }

    base::Status open_flows(bool pods_only) {
        std::vector<Connection> connections = enforced_->allowed(kFlows, 19);
        if (pods_only) {
            std::erase_if(connections, [this](const Connection& connection) {
                return !enforced_->is_pod(connection.destination);
            });
        }
        connections_ = connections.size();
        const auto flows_max = static_cast<std::uint32_t>(kFlows * 3 / 2);
        TW_TRY(firewall, Firewall::create(bed_, enforced_->enforcer(), flows_max));
        established_ = std::move(firewall);
        TW_TRY(set, FlowSet::create(*enforced_, connections, kFlows, 1));
        opened_ = std::move(set);
        TW_TRY(opened, opened_->establish(bed_, *established_, FlowSet::Order::ByEnd));
        before_ = established_->tally(0);
        TW_TRY(fresh, NewFlowsStand::open({bed_, *enforced_, connections}, name_, kFlows));
        fresh_ = std::move(fresh);
        raw_ = std::make_unique<RawFilter>(bed_, *acl_);
        return base::Done{};
    }

    Bed& bed_;
    const std::string name_;
    std::unique_ptr<Enforced> enforced_;
    Expansion expansion_;
    std::unique_ptr<RawAcl> acl_;
    Agreement agreement_;
    std::size_t connections_ = 0;
    std::unique_ptr<Firewall> established_;
    std::unique_ptr<FlowSet> opened_;
    Tally before_;
    std::uint64_t packets_ = 0;
    std::unique_ptr<NewFlowsStand> fresh_;
    std::unique_ptr<RawFilter> raw_;
};

}  // namespace

base::Status measure_side_by_side(Results& results) {
    if (!results.wants("side_by_side")) return base::Done{};
    TW_TRY(bed, Bed::create(1));
    std::array<RuleSet, 2> sets{RuleSet{"one shape", one_shape(kNamespaces, 1), true},
                                RuleSet{"many shapes", many_shapes(kNamespaces, 1), false}};
    const std::array<const char*, 2> names{"one_shape", "many_shapes"};
    std::vector<std::unique_ptr<Field>> fields;
    std::vector<Contender> contenders;
    for (RuleSet& set : sets) {
        const std::string name = set.name;
        TW_TRY(field, Field::open(*bed, std::move(set)));
        results.say("side by side, " + name + ": " + std::to_string(field->rules()) +
                    " rules are " + std::to_string(field->rows()) + " rows of " +
                    std::to_string(field->shapes()) + " shapes");
        for (Contender& each : field->contenders()) contenders.push_back(std::move(each));
        fields.push_back(std::move(field));
    }
    if (fields[0]->shapes() != 1 || fields[1]->shapes() < kShapesWanted) {
        return base::Error{base::Errc::Invalid, "side_by_side", "rules have other shapes"};
    }
    results.compare("side by side", contenders);
    Json figures;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        TW_TRY(right, fields[i]->check());
        figures[names[i]] =
            fields[i]->figures(std::span(contenders).subspan(kNames.size() * i, kNames.size()));
    }
    Json ratios;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        ratios[kNames[i]] = json_of(speed_ratio(contenders[kNames.size() + i], contenders[i]));
    }
    results.note("side_by_side", std::move(figures));
    results.note("many_shapes_over_one", std::move(ratios));
    return base::Done{};
}

}  // namespace tierwall::bench
