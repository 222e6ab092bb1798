// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// syntax: the API's rules for names, label keys and values, port names and CIDR texts.
///
/// Threads: any; pure.
/// Memory:  none.
/// Cost:    O(length).

#include <cstdint>
#include <string_view>

namespace tierwall::kube {

/// DNS-1123 subdomain: at most 253 of [a-z0-9.-], labels that start and end alphanumeric.
bool is_dns_subdomain(std::string_view text);
/// DNS-1123 label: at most 63 of [a-z0-9-].
bool is_dns_label(std::string_view text);
/// Label key: [subdomain/]name, name of at most 63 of [A-Za-z0-9._-], alphanumeric at its ends.
bool is_label_key(std::string_view text);
/// Label value: empty, or like the name of a key.
bool is_label_value(std::string_view text);
/// IANA service name: 1 to 15 of [a-z0-9-], a letter among them, no hyphen at an end or doubled.
bool is_port_name(std::string_view text);
/// 1 to 65535.
bool is_port_number(std::int64_t number);
/// Strict CIDR: no leading zeros, no IPv4-mapped IPv6; host bits may be set.
bool is_strict_cidr(std::string_view text);
/// Name or "*.name" of at least two labels, by the letter of the domainNames pattern: a label may
/// also start with one of [ \ ] ^ _ `, since the pattern says A-z.
bool is_domain_peer(std::string_view text);

}  // namespace tierwall::kube
