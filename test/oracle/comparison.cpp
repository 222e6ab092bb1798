// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/comparison.hpp"

#include "test/oracle/shrink.hpp"

#include <filesystem>
#include <fstream>

namespace tierwall::oracle {

namespace {

/// Addresses that no packet may carry, or that are not a matter of policy alone.
bool is_special(const Ip& ip) {
    if (ip.v6) {
        return contains(read_block("::/96"), ip) || is_mapped(ip) || ip.bytes[0] == 0xff ||
               (ip.bytes[0] == 0xfe && ip.bytes[1] >= 0x80);
    }
    return ip.bytes[0] == 0 || ip.bytes[0] == 127 || ip.bytes[0] >= 224 ||
           (ip.bytes[0] == 169 && ip.bytes[1] == 254);
}

/// DHCP has rules of its own, before policy.
bool is_special(const Probe& probe) {
    const auto dhcp = [](int port) {
        return port == 67 || port == 68 || port == 546 || port == 547;
    };
    if (probe.protocol == 17 && (dhcp(probe.port) || dhcp(probe.source_port))) return true;
    return is_special(probe.source) || is_special(probe.destination);
}

World world_of(const Scenario& scenario, const Manner& manner) {
    World world = read_world(scenario.cluster, scenario.policies);
    world.scope_node = manner.real.scope_node;
    world.options.own_node_may_be_reached = manner.real.own_node_egress;
    world.fault = manner.fault;
    return world;
}

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
    worlds += other.worlds;
    tiers += other.tiers;
    packets += other.packets;
    allowed += other.allowed;
    audited += other.audited;
    disagreements += other.disagreements;
    return *this;
}

std::string Tally::text() const {
    return std::to_string(decisions()) + " decisions (tiers " + std::to_string(tiers) +
           ", packets " + std::to_string(packets) + "), " + std::to_string(disagreements) +
           " disagreements, " + std::to_string(audited) + " with an audited denial";
}

Comparison::Comparison(const Manner& manner) : manner_(manner), real_(manner.real) {}

std::optional<std::string> Comparison::tell(const Scenario& scenario) {
    world_ = world_of(scenario, manner_);
    memory_.settle(world_);
    return real_.enforce(scenario);
}

std::optional<std::string> Comparison::ask(const Probe& probe, Tally& tally) {
    const Judgement expected = judge(world_, probe);
    ++tally.tiers;
    tally.allowed += expected.allow ? 1 : 0;
    tally.audited += expected.audit ? 1 : 0;
    if (auto wrong = difference(expected, real_.ask_tiers(probe))) return "tiers: " + *wrong;
    if (is_special(probe)) return std::nullopt;
    ++tally.packets;
    tally.allowed += expected.allow ? 1 : 0;
    tally.audited += expected.audit ? 1 : 0;
    if (auto wrong = difference(expected, real_.ask_packets(probe))) return "packets: " + *wrong;
    return std::nullopt;
}

std::optional<std::string> retell(const Story& story, const Manner& manner, const Probe& probe) {
    Comparison comparison(manner);
    for (const Scenario& step : story) {
        if (comparison.tell(step)) return std::nullopt;  // refused: another matter
    }
    Tally ignored;
    return comparison.ask(probe, ignored);
}

Finding make_small(const Story& story, const Manner& manner, const Probe& probe) {
    Finding finding;
    const auto still_fails = [&](const Story& smaller) {
        return retell(smaller, manner, probe).has_value();
    };
    finding.story = shrink(story, still_fails);
    finding.difference = retell(finding.story, manner, probe).value_or("nothing");
    return finding;
}

std::string text(const Finding& finding, const Manner& manner, const Probe& probe) {
    std::string out;
    for (std::size_t i = 0; i < finding.story.size(); ++i) {
        if (finding.story.size() > 1) out += "# step " + std::to_string(i) + "\n";
        out += manifests_text(finding.story[i]);
    }
    const std::string names = names_text(finding.story.back());
    if (!names.empty()) out += "# --dns\n" + names;
    if (!manner.real.scope_node.empty()) out += "# --scope node:" + manner.real.scope_node + "\n";
    if (manner.real.own_node_egress) out += "# --own-node-egress exempt\n";
    return out + "# --probes\n" + probe_text(probe) + "\n# " + finding.difference + "\n";
}

std::string keep(const Finding& finding, const Manner& manner, const Probe& probe,
                 std::uint64_t seed) {
    const std::filesystem::path folder = "oracle-failures/seed-" + std::to_string(seed);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    Json steps = Json::array();
    for (std::size_t i = 0; i < finding.story.size(); ++i) {
        const Scenario& step = finding.story[i];
        write(folder / ("step-" + std::to_string(i) + ".yaml"), manifests_text(step));
        steps.push_back({{"cluster", step.cluster}, {"policies", step.policies}});
    }
    write(folder / "dns.jsonl", names_text(finding.story.back()));
    write(folder / "probes.jsonl", probe_text(probe) + "\n");
    write(folder / "case.json", steps.dump(1) + "\n");
    const std::string last = "step-" + std::to_string(finding.story.size() - 1) + ".yaml";
    const bool by_packets = finding.difference.starts_with("packets");
    std::string command = "tierwallctl eval --manifests " + last + " --dns dns.jsonl";
    command += " --probes probes.jsonl --engine " + std::string(by_packets ? "packets" : "tiers");
    if (!manner.real.scope_node.empty()) command += " --scope node:" + manner.real.scope_node;
    if (manner.real.own_node_egress) command += " --own-node-egress exempt";
    write(folder / "command", command + "\n");
    write(folder / "difference", finding.difference + "\n");
    return folder.string();
}

}  // namespace tierwall::oracle
