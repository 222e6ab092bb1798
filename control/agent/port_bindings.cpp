// SPDX-License-Identifier: Apache-2.0
#include "control/agent/port_bindings.hpp"

#include <utility>

namespace tierwall::agent {

void PortBindings::update(const AddressesOf& addresses_of, const Bind& bind) {
    std::map<base::Address, std::uint16_t> next;
    for (const PortBinding& binding : wanted_) {
        for (const base::Address& address : binding.addresses) next[address] = binding.port;
        if (binding.pod.empty()) continue;
        for (const base::Address& address : addresses_of(binding.pod)) {
            next.try_emplace(address, binding.port);
        }
    }
    for (const auto& [address, port] : bound_) {
        if (!next.contains(address)) bind(address, identity::kUnbound);
    }
    for (const auto& [address, port] : next) {
        const auto before = bound_.find(address);
        if (before == bound_.end() || before->second != port) bind(address, port);
    }
    bound_ = std::move(next);
}

}  // namespace tierwall::agent
