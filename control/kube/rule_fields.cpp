// SPDX-License-Identifier: Apache-2.0
#include "control/kube/rule_fields.hpp"

#include <charconv>

namespace tierwall::kube {
namespace {

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// "[12]" off the front.
std::optional<std::size_t> take_index(std::string_view& text) {
    if (!take(text, "[")) return std::nullopt;
    std::size_t index = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (!take(text, "]")) return std::nullopt;
    return index;
}

}  // namespace

std::string item(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

std::optional<RuleField> rule_field(std::string_view field) {
    RuleField place;
    place.ingress = take(field, "spec.ingress");
    if (!place.ingress && !take(field, "spec.egress")) return std::nullopt;
    const auto index = take_index(field);
    if (!index) return std::nullopt;
    place.index = *index;
    if (field == ".action" || field == ".name") return std::nullopt;
    const bool in_list = take(field, ".from") || take(field, ".to") || take(field, ".protocols") ||
                         take(field, ".ports");
    const bool has_index = in_list && take_index(field).has_value();
    place.is_element = field.empty() && (has_index || !in_list);
    return place;
}

}  // namespace tierwall::kube
