// SPDX-License-Identifier: Apache-2.0
#include "control/lint/traffic.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

bool matches(const policy::Port& port, const Traffic& traffic) {
    if (port.protocol != traffic.protocol) return false;
    if (port.name.empty()) return port.first <= traffic.port && traffic.port <= port.last;
    const auto& own = traffic.destination().ports;
    return std::any_of(own.begin(), own.end(), [&](const kube::ContainerPort& each) {
        return each.name == port.name && each.protocol == port.protocol &&
               each.number == traffic.port;
    });
}

}  // namespace

bool is_name_for(std::string_view name, std::string_view domain) {
    if (!name.starts_with("*.")) return name == domain;
    const std::string_view rest = name.substr(1);
    return domain.size() > rest.size() && domain.ends_with(rest);
}

bool matches_ports(const policy::Rule& rule, const Traffic& traffic) {
    return rule.ports.empty() ||
           std::any_of(rule.ports.begin(), rule.ports.end(),
                       [&traffic](const policy::Port& port) { return matches(port, traffic); });
}

}  // namespace tierwall::lint
