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

std::vector<base::Address> addresses_of(const proto::ResourceSet& resources,
                                        const std::string& pod) {
    std::vector<base::Address> found;
    v1::Address address;
    resources.for_each(v1::RESOURCE_TYPE_ADDRESS, [&](const proto::Key&, const std::string& body) {
        // Most bodies are told apart by their bytes, without parsing.
        if (body.find(pod) == body.npos || !address.ParseFromString(body)) return;
        const bool named = address.kind() == v1::ADDRESS_KIND_POD && address.name() == pod;
        if (!named || address.ip().size() != sizeof(base::Address::bytes)) return;
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(address.ip().data());
        found.push_back(base::Address::v6(bytes));
    });
    return found;
}

}  // namespace tierwall::agent
