// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// PortBindings: keeps the addresses of configured pods bound to their ports, whichever addresses
/// those pods have.
///
/// Threads: the control thread.
/// Memory:  the addresses that are bound.
/// Cost:    one pass over a snapshot's addresses for each configured pod, when it is applied.

#include "control/agent/config.hpp"
#include "dataplane/base/address.hpp"
#include "dataplane/identity/address_map.hpp"
#include "proto/resource_set.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tierwall::agent {

class PortBindings {
public:
    using AddressesOf = std::function<std::vector<base::Address>(const std::string& pod)>;
    using Bind = std::function<void(const base::Address& address, std::uint16_t port)>;

    explicit PortBindings(std::vector<PortBinding> wanted) : wanted_(std::move(wanted)) {}

    /// Binds what is new and releases (identity::kUnbound) what is gone.
    void update(const AddressesOf& addresses_of, const Bind& bind);

private:
    const std::vector<PortBinding> wanted_;
    std::map<base::Address, std::uint16_t> bound_;
};

/// The addresses that a snapshot gives to a pod, before it is enforced. Bodies that cannot be read
/// are left out: such a snapshot is refused anyway.
std::vector<base::Address> addresses_of(const proto::ResourceSet& resources,
                                        const std::string& pod);

}  // namespace tierwall::agent
