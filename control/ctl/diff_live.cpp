// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/diff_live.hpp"

#include "control/ctl/message_json.hpp"
#include "control/ctl/probe.hpp"
#include "control/ctl/ruling_words.hpp"
#include "control/ctl/table.hpp"

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

/// What a row says about one of its ends.
struct LiveEnd {
    base::Address address;
    const std::string& name;
    std::uint64_t incarnation = 0;
};

const agent::AddressFacts* owner_in(const agent::Model& model, const base::Address& address) {
    const auto found = model.addresses.find(address);
    return found == model.addresses.end() ? nullptr : &found->second;
}

/// Would the address stay with whom it is? As the dataplane sees it when the policies arrive.
bool stays(const LiveEnd& end, const agent::Model& after) {
    const agent::AddressFacts* now = owner_in(after, end.address);
    if (now == nullptr || now->name != end.name) return now == nullptr && end.name.empty();
    return end.incarnation == 0 || now->incarnation == 0 || end.incarnation == now->incarnation;
}

std::string end_words(const std::string& name, const std::string& address, std::uint32_t port) {
    const std::string host = name.empty() ? address : name;
    return port == 0 ? host : host + " " + std::to_string(port);
}

std::string counted(std::size_t count, std::size_t all) {
    return std::to_string(count) + " of " + std::to_string(all) + " flows ";
}

std::string flow_table(const std::vector<JudgedFlow>& flows, const char* verdict,
                       const agent::Model& after) {
    if (flows.empty()) return "";
    Table table({"SOURCE", "DESTINATION", "PROTOCOL", "STATE", verdict});
    for (const auto& [row, ruling] : flows) {
        table.add({end_words(row.source_name(), row.source(), row.source_port()),
                   end_words(row.destination_name(), row.destination(), row.destination_port()),
                   row.protocol(), row.state(), ruling_words(after, ruling)});
    }
    return table.text();
}

Json flow_list(const std::vector<JudgedFlow>& flows, const agent::Model& after) {
    Json out = Json::array();
    for (const auto& [row, ruling] : flows) {
        Json each{{"flow", message_json(row)}};
        each["after"] = ruling_json(after, ruling);
        out.push_back(std::move(each));
    }
    return out;
}

}  // namespace

LiveSettings live_settings(const v1::StatusReply& status) {
    return {status.established() == "keep", status.own_node_egress() == "exempt", status.scope()};
}

base::Result<LiveFlows> judge_flows(std::span<const v1::FlowRow> rows,
                                    const LiveQuestion& question) {
    LiveFlows out;
    for (const v1::FlowRow& row : rows) {
        const auto source = base::parse_address(row.source());
        const auto destination = base::parse_address(row.destination());
        const auto protocol = parse_protocol(row.protocol());
        if (!source || !destination || !protocol) {
            return base::Error{base::Errc::Invalid, "tierwalld", "tells of a flow without ends"};
        }
        if (row.revoked()) continue;
        ++out.live;
        const agent::Model& after = question.after;
        const bool known =
            (row.source_name().empty() || owner_in(after, *source) != nullptr) &&
            (row.destination_name().empty() || owner_in(after, *destination) != nullptr);
        out.strangers += known ? 0 : 1;
        const auto port = static_cast<std::uint16_t>(row.destination_port());
        const auto answer = question.ask(*source, *destination, *protocol, port);
        if (answer.allowed) continue;
        const bool goes_on =
            question.settings.keep_established &&
            stays({*source, row.source_name(), row.source_incarnation()}, after) &&
            stays({*destination, row.destination_name(), row.destination_incarnation()}, after);
        (goes_on ? out.kept : out.cut).push_back({row, {answer.egress, answer.ingress}});
    }
    return out;
}

std::string live_text(const LiveFlows& flows, const LiveQuestion& question) {
    std::string out = counted(flows.cut.size(), flows.live) + "would be cut\n" +
                      flow_table(flows.cut, "CUT BY", question.after);
    if (!question.settings.keep_established) return out;
    return out + counted(flows.kept.size(), flows.live) +
           "would go on (established: keep), and could not begin any more\n" +
           flow_table(flows.kept, "DENIED BY", question.after);
}

std::string live_json_text(const LiveFlows& flows, const LiveQuestion& question) {
    const LiveSettings& settings = question.settings;
    const Json out{{"flows", flows.live},
                   {"established", settings.keep_established ? "keep" : "rejudge"},
                   {"own_node_egress", settings.own_node_egress ? "exempt" : "enforce"},
                   {"cut", flow_list(flows.cut, question.after)},
                   {"kept", flow_list(flows.kept, question.after)}};
    return json_text(out, 1) + "\n";
}

}  // namespace tierwall::ctl
