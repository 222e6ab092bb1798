// SPDX-License-Identifier: Apache-2.0
#include "control/kube/syntax.hpp"

#include "dataplane/base/address.hpp"

#include <algorithm>
#include <string>

namespace tierwall::kube {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

/// Not empty, made of `inner` characters, with `outer` ones at both ends.
template <typename Outer, typename Inner>
bool is_enclosed(std::string_view text, Outer outer, Inner inner) {
    return !text.empty() && outer(text.front()) && outer(text.back()) &&
           std::all_of(text.begin(), text.end(), inner);
}

/// Calls `good` on every piece between dots; false as soon as one is not.
template <typename Good>
bool every_label(std::string_view text, Good good) {
    while (true) {
        const std::size_t dot = text.find('.');
        if (!good(text.substr(0, dot))) return false;
        if (dot == text.npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_dns_label_unlimited(std::string_view text) {
    const auto outer = [](char c) { return is_lower(c) || is_digit(c); };
    return is_enclosed(text, outer, [&](char c) { return outer(c) || c == '-'; });
}

bool is_label_name(std::string_view text) {
    const auto inner = [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
    };
    return text.size() <= 63 && is_enclosed(text, is_alphanumeric, inner);
}

bool has_leading_zero(std::string_view number) { return number.size() > 1 && number[0] == '0'; }

}  // namespace

bool is_dns_subdomain(std::string_view text) {
    return text.size() <= 253 && every_label(text, is_dns_label_unlimited);
}

bool is_dns_label(std::string_view text) {
    return text.size() <= 63 && is_dns_label_unlimited(text);
}

bool is_label_key(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == text.npos) return is_label_name(text);
    return is_dns_subdomain(text.substr(0, slash)) && is_label_name(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) { return text.empty() || is_label_name(text); }

bool is_port_number(std::int64_t number) { return number >= 1 && number <= 65535; }

bool is_port_name(std::string_view text) {
    if (text.size() > 15 || text.find("--") != text.npos) return false;
    return is_dns_label_unlimited(text) && std::any_of(text.begin(), text.end(), is_lower);
}

bool is_strict_cidr(std::string_view text) {
    const auto prefix = base::parse_prefix(text);
    if (!prefix) return false;
    const std::size_t slash = text.find('/');
    if (has_leading_zero(text.substr(slash + 1))) return false;
    if (prefix->family == base::Family::IPv6) return true;
    return every_label(text.substr(0, slash),
                       [](std::string_view octet) { return !has_leading_zero(octet); });
}

bool is_domain_peer(std::string_view text) {
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (text.ends_with('.')) text.remove_suffix(1);
    const auto is_first = [](char c) {
        return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'z');
    };
    const auto good = [&](std::string_view label) {
        const auto inner = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
        if (label.empty()) return false;
        if (!std::all_of(label.begin() + 1, label.end(), inner)) return false;
        return is_first(label.front()) && (label.size() == 1 || is_alphanumeric(label.back()));
    };
    return text.find('.') != text.npos && every_label(text, good);
}

}  // namespace tierwall::kube
