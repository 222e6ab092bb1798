// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/top.hpp"

#include "control/ctl/decider.hpp"
#include "control/ctl/table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace tierwall::ctl {

namespace {

using Counts = std::map<std::string, std::uint64_t>;

/// Over all workers.
Counts counters_of(const v1::StatusReply& reply) {
    Counts sums;
    for (const v1::WorkerStatus& worker : reply.workers()) {
        for (const v1::Count& count : worker.counters()) sums[count.name()] += count.value();
    }
    return sums;
}

Counts reasons_of(const v1::StatusReply& reply) {
    Counts sums;
    for (const v1::WorkerStatus& worker : reply.workers()) {
        for (const v1::Count& count : worker.reasons()) sums[count.name()] += count.value();
    }
    return sums;
}

std::uint64_t value_of(const Counts& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
}

/// The difference of two looks, a second.
class Rate {
public:
    explicit Rate(double seconds) : seconds_(seconds) {}
    double operator()(std::uint64_t before, std::uint64_t now) const {
        return now < before ? 0 : static_cast<double>(now - before) / seconds_;
    }
    double operator()(const Counts& before, const Counts& now, const std::string& name) const {
        return (*this)(value_of(before, name), value_of(now, name));
    }

private:
    double seconds_;
};

void add_ports(const Sample& before, const Sample& now, const Rate& rate, Top& top) {
    std::map<std::string, const v1::PortStatus*> earlier;
    for (const v1::PortStatus& port : before.status.ports()) earlier[port.name()] = &port;
    for (const v1::PortStatus& port : now.status.ports()) {
        const auto found = earlier.find(port.name());
        const v1::PortStatus& then = found != earlier.end() ? *found->second : port;
        top.ports.push_back({port.name(), rate(then.rx_packets(), port.rx_packets()),
                             rate(then.tx_packets(), port.tx_packets()),
                             rate(then.rx_missed(), port.rx_missed())});
    }
}

void add_reasons(const Sample& before, const Sample& now, const Rate& rate, Top& top) {
    const Counts then = reasons_of(before.status);
    for (const auto& [name, value] : reasons_of(now.status)) {
        const double packets = rate(value_of(then, name), value);
        if (packets > 0) top.reasons.push_back({name, packets});
    }
    std::stable_sort(top.reasons.begin(), top.reasons.end(),
                     [](const auto& a, const auto& b) { return a.packets > b.packets; });
}

void add_rules(const Sample& before, const Sample& now, const Rate& rate, Top& top) {
    const auto key = [](const v1::RuleRow& row) {
        return std::make_tuple(row.tier(), row.policy(), row.direction(), row.index());
    };
    std::map<decltype(key(v1::RuleRow{})), std::uint64_t> earlier;
    for (const v1::RuleRow& row : before.rules) earlier[key(row)] = row.hits();
    for (const v1::RuleRow& row : now.rules) {
        const auto found = earlier.find(key(row));
        const double hits = rate(found != earlier.end() ? found->second : 0, row.hits());
        if (hits <= 0) continue;
        top.rules.push_back(
            {row.tier(), row.direction(), row.policy(), row.index(), row.action(), hits});
    }
    std::stable_sort(top.rules.begin(), top.rules.end(),
                     [](const auto& a, const auto& b) { return a.hits > b.hits; });
    if (top.rules.size() > Top::kRulesMax) top.rules.resize(Top::kRulesMax);
}

std::string whole(double rate) { return std::to_string(std::llround(rate)); }

}  // namespace

Top top_between(const Sample& before, const Sample& now) {
    Top top;
    top.seconds = std::max(now.at_s - before.at_s, 0.001);
    const Rate rate(top.seconds);
    top.epoch = now.status.epoch();
    for (const v1::WorkerStatus& worker : now.status.workers()) {
        top.flows += worker.flows();
        top.flows_max += worker.flows_max();
    }
    const Counts then = counters_of(before.status);
    const Counts counts = counters_of(now.status);
    top.received = rate(then, counts, "rx_packets");
    top.sent = rate(then, counts, "tx_packets");
    top.created = rate(then, counts, "flows_created");
    top.revoked = rate(then, counts, "flows_revoked");
    add_ports(before, now, rate, top);
    add_reasons(before, now, rate, top);
    add_rules(before, now, rate, top);
    return top;
}

std::string for_people(const Top& top) {
    std::string out = "epoch " + std::to_string(top.epoch) + "   flows " +
                      std::to_string(top.flows) + " of " + std::to_string(top.flows_max) +
                      "   a second: received " + whole(top.received) + ", sent " + whole(top.sent) +
                      ", new flows " + whole(top.created) + ", revoked " + whole(top.revoked) +
                      "\n\n";
    Table ports({"PORT", "RECEIVED/S", "SENT/S", "MISSED/S"});
    for (const Top::PortRate& port : top.ports) {
        ports.add({port.name, whole(port.received), whole(port.sent), whole(port.missed)});
    }
    Table reasons({"REASON", "PACKETS/S"});
    for (const Top::ReasonRate& reason : top.reasons) {
        reasons.add({reason.name, whole(reason.packets)});
    }
    Table rules({"RULE", "DIRECTION", "ACTION", "HITS/S"});
    for (const Top::RuleRate& rule : top.rules) {
        rules.add({decider({rule.tier, rule.policy, rule.rule}), rule.direction, rule.action,
                   whole(rule.hits)});
    }
    return out + ports.text() + "\n" + reasons.text() + "\n" + rules.text();
}

nlohmann::ordered_json top_json(const Top& top) {
    using Out = nlohmann::ordered_json;
    Out ports = Out::array();
    for (const Top::PortRate& port : top.ports) {
        ports.push_back({{"name", port.name},
                         {"received", port.received},
                         {"sent", port.sent},
                         {"missed", port.missed}});
    }
    Out reasons = Out::object();
    for (const Top::ReasonRate& reason : top.reasons) reasons[reason.name] = reason.packets;
    Out rules = Out::array();
    for (const Top::RuleRate& rule : top.rules) {
        rules.push_back({{"tier", rule.tier},
                         {"policy", rule.policy},
                         {"direction", rule.direction},
                         {"rule", rule.rule},
                         {"action", rule.action},
                         {"hits", rule.hits}});
    }
    return {{"seconds", top.seconds},
            {"epoch", top.epoch},
            {"flows", top.flows},
            {"flows_max", top.flows_max},
            {"received", top.received},
            {"sent", top.sent},
            {"created", top.created},
            {"revoked", top.revoked},
            {"ports", ports},
            {"reasons", reasons},
            {"rules", rules}};
}

}  // namespace tierwall::ctl
