// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/flow_case.hpp"

#include "control/ctl/case_cluster.hpp"
#include "control/ctl/case_step.hpp"
#include "control/document/parse.hpp"
#include "control/document/reader.hpp"

#include <algorithm>
#include <utility>

namespace tierwall::ctl {

namespace {

using base::Errc;
using document::Reader;

constexpr std::int64_t kCaseFormat = 1;
constexpr std::int64_t kCasePickupMax = 86'400;
constexpr const char* kEitherWay = "allowed either way";

/// One word of several; "" and a fault otherwise.
std::string one_of(const Reader& reader, std::initializer_list<const char*> words) {
    std::string word = reader.required().text().value_or("");
    if (!reader.present() || std::find(words.begin(), words.end(), word) != words.end()) {
        return word;
    }
    std::string list;
    for (const char* known : words) list += std::string(list.empty() ? "" : ", ") + known;
    reader.fault(Errc::NotSupported, "must be one of: " + list);
    return "";
}

void read_head(const Reader& root, FlowCase& flow_case) {
    root.allow_only({"format", "kind", "name", "title", "source", "basis", "note", "family",
                     "cluster", "policies", "steps", "features", "expect_origin", "sequence",
                     "pickup_s"});
    root.at("format").required().integer(kCaseFormat, kCaseFormat);
    one_of(root.at("kind"), {"flow"});
    flow_case.name = root.at("name").required().text().value_or("");
    root.at("title").text();
    root.at("note").text();
    flow_case.basis = one_of(root.at("basis"), {"spec", "recommended", kEitherWay});
    const bool v6 = one_of(root.at("family"), {"IPv4", "IPv6"}) == "IPv6";
    flow_case.family = v6 ? base::Family::IPv6 : base::Family::IPv4;
    const auto pickup = root.at("pickup_s").integer(0, kCasePickupMax);
    flow_case.pickup_s = static_cast<std::uint32_t>(pickup.value_or(0));
}

base::Error first_fault(const std::vector<document::Fault>& faults, const std::string& file) {
    base::Error error = document::to_error(faults.front(), file);
    if (faults.size() > 1) error.what += " (and " + std::to_string(faults.size() - 1) + " more)";
    return error;
}

}  // namespace

const CaseStep* FlowCase::needs_dns() const {
    const auto found = std::find_if(steps.begin(), steps.end(), [](const CaseStep& step) {
        return step.kind == CaseStep::Kind::Dns;
    });
    return found == steps.end() ? nullptr : &*found;
}

base::Result<FlowCase> parse_flow_case(const std::string& text, const std::string& file) {
    TW_TRY(documents, document::parse(text, file));
    if (documents.roots().size() != 1) {
        return base::Error{Errc::Invalid, file, "must be exactly one case"};
    }
    std::vector<document::Fault> faults;
    const Reader root(documents.roots().front(), faults);
    FlowCase flow_case;
    flow_case.file = file;
    read_head(root, flow_case);
    flow_case.cluster = read_case_cluster(root.at("cluster").required());
    flow_case.policies = read_case_policies(root.at("policies").required(), file);
    const std::vector<Reader> steps = root.at("steps").required().items();
    if (root.at("steps").present() && steps.empty()) {
        root.at("steps").fault(Errc::Required, "at least one step is needed");
    }
    for (const Reader& step : steps) flow_case.steps.push_back(read_case_step(step, file));
    if (!faults.empty()) return first_fault(faults, file);
    for (CaseStep& step : flow_case.steps) step.either |= flow_case.basis == kEitherWay;
    return flow_case;
}

}  // namespace tierwall::ctl
