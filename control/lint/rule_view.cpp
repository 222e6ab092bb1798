// SPDX-License-Identifier: Apache-2.0
#include "control/lint/rule_view.hpp"

#include "control/lint/traffic.hpp"

#include <algorithm>

namespace tierwall::lint {
namespace {

using base::Address;
using base::Prefix;

Address next(Address address) {
    for (std::size_t i = address.bytes.size(); i-- > 0;) {
        if (++address.bytes[i] != 0) break;
    }
    return address;
}

Address last_of(const Prefix& block) {
    Address last = block.address;
    for (std::size_t bit = block.mapped_length(); bit < 128; ++bit) {
        last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | (0x80 >> bit % 8));
    }
    return last;
}

void add_addresses(const policy::NetworkSet& networks, std::vector<Address>& addresses) {
    for (const Prefix& block : networks.cidrs) {
        addresses.push_back(block.address);
        addresses.push_back(next(block.address));
        addresses.push_back(last_of(block));
    }
    for (const Prefix& hole : networks.except) addresses.push_back(next(last_of(hole)));
}

}  // namespace

RuleView::RuleView(const policy::Rule& rule) : ports_(rule.ports) {
    for (const policy::Peer& peer : rule.peers) {
        if (const auto* pods = std::get_if<policy::PodSet>(&peer)) pods_.push_back(pods);
        if (const auto* nodes = std::get_if<policy::NodeSet>(&peer)) nodes_.push_back(nodes);
        if (const auto* names = std::get_if<policy::NameSet>(&peer)) names_.push_back(names);
        const auto* networks = std::get_if<policy::NetworkSet>(&peer);
        if (networks == nullptr) continue;
        blocks_.add(*networks, 0);
        add_addresses(*networks, addresses_);
    }
    blocks_.seal();
}

bool RuleView::has_name_for(const std::string& domain, Budget& budget) const {
    for (const policy::NameSet* set : names_) {
        for (const std::string& name : set->names) {
            if (!budget.spend()) return false;
            if (is_name_for(name, domain)) return true;
        }
    }
    return false;
}

bool RuleView::holds(const Address& address, Budget& budget) const {
    const Prefix own = base::host_prefix(address);
    for (const std::uint8_t length : blocks_.lengths(own.family, own.length)) {
        if (!budget.spend()) return false;
        for (const BlockUse& use : blocks_.of(widened(own, length))) {
            const std::vector<Prefix>& except = use.networks->except;
            if (!budget.spend(1 + except.size())) return false;
            if (std::none_of(except.begin(), except.end(),
                             [&](const Prefix& each) { return each.contains(address); })) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace tierwall::lint
