// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/population.hpp"

#include "control/resolve/block_table.hpp"
#include "dataplane/identity/cidr_table.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace tierwall::ctl {

namespace {

std::size_t index_of(base::Family family) { return static_cast<std::size_t>(family); }

bool is_wanted(base::Family family, std::span<const base::Family> families) {
    return std::find(families.begin(), families.end(), family) != families.end();
}

/// Who protects whom: the subjects of one snapshot.
class View {
public:
    explicit View(const SnapshotView& given) : model_(*given.model), all_(given.scope == "all") {
        for (const auto& [number, node] : model_.nodes) {
            if (given.scope == "node:" + node.name) node_ = number;
        }
        std::vector<identity::CidrIdentity> blocks;
        for (const auto& [prefix, facts] : model_.prefixes) {
            blocks.push_back({prefix, facts.identity});
        }
        cidrs_ = identity::CidrTable::build(blocks);
    }
    Facet facet(const base::Address& address) const {
        const agent::AddressFacts* facts = find(address);
        if (facts == nullptr) return {EndKind::Outside, false, cidrs_.find(address)};
        const bool in_scope = all_ || (node_ && facts->node == *node_);
        return {facts->is_pod ? EndKind::Pod : EndKind::Node, facts->is_pod && in_scope,
                facts->identity};
    }
    const agent::AddressFacts* find(const base::Address& address) const {
        const auto found = model_.addresses.find(address);
        return found == model_.addresses.end() ? nullptr : &found->second;
    }
    const agent::Model& model() const { return model_; }

private:
    const agent::Model& model_;
    bool all_;
    std::optional<std::uint32_t> node_;
    identity::CidrTable cidrs_;
};

bool increment(base::Address& address) {
    for (std::size_t i = address.bytes.size(); i-- > 0;) {
        if (++address.bytes[i] != 0) return true;
    }
    return false;
}

/// Finds an address of a block that nothing more particular has.
class Outside {
public:
    Outside(std::set<base::Prefix> blocks, std::span<const base::Family> families,
            const std::set<base::Address>& known)
        : known_(known) {
        for (const base::Family family : families) {
            const auto root =
                base::parse_prefix(family == base::Family::IPv4 ? "0.0.0.0/0" : "::/0");
            if (blocks.insert(*root).second) worlds_.insert(*root);
        }
        for (const base::Prefix& prefix : blocks) {
            if (is_wanted(prefix.family, families)) prefixes_.push_back(prefix);
        }
        std::vector<identity::CidrIdentity> numbered;
        for (std::uint32_t i = 0; i < prefixes_.size(); ++i) {
            numbered.push_back({prefixes_[i], i + 1});
        }
        table_ = identity::CidrTable::build(numbered);
    }

    std::vector<Block> blocks() const {
        std::vector<Block> out;
        for (std::uint32_t i = 0; i < prefixes_.size(); ++i) {
            const auto example = free_address(i + 1);
            if (!example) continue;
            out.push_back({prefixes_[i], worlds_.contains(prefixes_[i]), *example});
        }
        return out;
    }

private:
    bool is_free(const base::Address& address, std::uint32_t number) const {
        return table_.find(address) == number && !known_.contains(address);
    }
    std::optional<base::Address> free_address(std::uint32_t number) const {
        const base::Prefix& block = prefixes_[number - 1];
        // Addresses that are kept for examples look better than the first of a block.
        for (const char* text : {"203.0.113.1", "198.51.100.1", "2001:db8::1"}) {
            const auto address = base::parse_address(text);
            if (block.contains(*address) && is_free(*address, number)) return address;
        }
        base::Address next = block.address;
        if (block.contains(next) && increment(next) && block.contains(next) &&
            is_free(next, number)) {
            return next;
        }
        const base::Address last = resolve::last_address(block);
        next = block.address;
        while (next <= last) {
            const std::uint32_t owner = table_.find(next);
            if (block.family == base::Family::IPv6 && next.is_v4()) {
                next = resolve::last_address({next, 96, base::Family::IPv6});
            } else if (owner == number && !known_.contains(next)) {
                return next;
            } else if (owner != number && owner != 0) {
                next = resolve::last_address(prefixes_[owner - 1]);
            }
            if (!increment(next)) break;
        }
        return std::nullopt;
    }

    const std::set<base::Address>& known_;
    std::set<base::Prefix> worlds_;
    std::vector<base::Prefix> prefixes_;
    identity::CidrTable table_;
};

std::vector<std::uint32_t> nodes_of(const agent::AddressFacts& facts) {
    const bool has_more = !facts.is_pod && facts.sharing != nullptr;
    if (has_more && !facts.sharing->nodes.empty()) return facts.sharing->nodes;
    if (facts.node == 0) return {};
    return {facts.node};
}

using Groups = std::map<Facets, AddressGroup>;

void add_member(const std::vector<View>& views, const base::Address& address, Groups& groups) {
    Facets facets{};
    Member member{address, {}, {}};
    for (std::size_t i = 0; i < views.size(); ++i) {
        facets[i] = views[i].facet(address);
        if (const agent::AddressFacts* facts = views[i].find(address)) {
            member.owners[i] = facts->name;
            member.nodes[i] = nodes_of(*facts);
        }
    }
    AddressGroup& group = groups[facets];
    group.facets = facets;
    const std::size_t family = index_of(address.family());
    ++group.counts[family];
    group.nodes[family].push_back(member.nodes);
    group.members.push_back(std::move(member));
}

void add_block(const std::vector<View>& views, const Block& block, Groups& groups) {
    Facets facets{};
    for (std::size_t i = 0; i < views.size(); ++i) facets[i] = views[i].facet(block.example);
    AddressGroup& group = groups[facets];
    group.facets = facets;
    group.counts[index_of(block.prefix.family)] += 2;
    group.nodes[index_of(block.prefix.family)].push_back({});
    group.blocks.push_back(block);
}

bool by_name(const Member& a, const Member& b) {
    return std::tie(a.owners, a.address) < std::tie(b.owners, b.address);
}

/// Pods, nodes, blocks, the world; of each kind by name.
auto place_of(const AddressGroup& group) {
    const EndKind kind = std::min(group.facets[0].kind, group.facets[1].kind);
    const bool is_world = group.members.empty() && group.blocks.front().is_world;
    const base::Prefix prefix =
        group.members.empty() ? group.blocks.front().prefix : base::Prefix{};
    const std::string name =
        group.members.empty() ? ""
                              : group.members.front().owners[0] + group.members.front().owners[1];
    return std::tuple(kind, is_world, name, prefix, group.facets);
}

}  // namespace

std::vector<AddressGroup> populate(std::span<const SnapshotView> given,
                                   std::span<const base::Family> families) {
    std::vector<View> views;
    views.reserve(given.size());
    std::set<base::Address> known;
    std::set<base::Prefix> mentioned;
    for (const SnapshotView& each : given) {
        const View& view = views.emplace_back(each);
        for (const auto& [address, facts] : view.model().addresses) known.insert(address);
        for (const auto& [prefix, facts] : view.model().prefixes) mentioned.insert(prefix);
    }
    Groups groups;
    for (const base::Address& address : known) {
        if (is_wanted(address.family(), families)) add_member(views, address, groups);
    }
    for (const Block& block : Outside(std::move(mentioned), families, known).blocks()) {
        add_block(views, block, groups);
    }
    std::vector<AddressGroup> out;
    for (auto& [facets, group] : groups) {
        std::sort(group.members.begin(), group.members.end(), by_name);
        for (auto& pairs : group.nodes) {
            std::sort(pairs.begin(), pairs.end());
            pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
        }
        out.push_back(std::move(group));
    }
    std::sort(out.begin(), out.end(), [](const AddressGroup& a, const AddressGroup& b) {
        return place_of(a) < place_of(b);
    });
    return out;
}

std::vector<base::Prefix> left_out(std::span<const Block> all, std::span<const Block> shown) {
    std::map<std::tuple<base::Family, base::Address, std::uint8_t>, bool> is_shown;
    const auto place = [](const base::Prefix& prefix) {
        return std::tuple(prefix.family, prefix.address, prefix.length);
    };
    for (const Block& block : all) is_shown[place(block.prefix)] = false;
    for (const Block& block : shown) is_shown[place(block.prefix)] = true;
    // What contains a block comes before it.
    std::vector<base::Prefix> around;
    std::vector<base::Prefix> out;
    for (const auto& [key, listed] : is_shown) {
        const auto& [family, address, length] = key;
        const base::Prefix prefix{address, length, family};
        while (!around.empty() && !around.back().contains(prefix)) around.pop_back();
        if (listed) {
            around.push_back(prefix);
        } else if (!around.empty()) {
            out.push_back(prefix);
        }
    }
    return out;
}

bool meet(const Whereabouts& a, const Whereabouts& b, std::size_t side) {
    return std::any_of(a[side].begin(), a[side].end(), [&](std::uint32_t node) {
        return std::find(b[side].begin(), b[side].end(), node) != b[side].end();
    });
}

void Meetings::compare_nodes() {
    std::map<std::uint32_t, std::uint32_t> forth;
    std::map<std::uint32_t, std::uint32_t> back;
    for (const AddressGroup& group : groups_) {
        for (const auto& pairs : group.nodes) {
            for (const auto& [first, second] : pairs) {
                if (first.empty() && second.empty()) continue;
                const bool same =
                    first.size() == 1 && second.size() == 1 &&
                    forth.try_emplace(first[0], second[0]).first->second == second[0] &&
                    back.try_emplace(second[0], first[0]).first->second == first[0];
                nodes_agree_ = nodes_agree_ && same;
            }
        }
    }
}

bool Meetings::can_be_own(std::size_t source, std::size_t destination, std::size_t side) const {
    const Facet& from = groups_[source].facets[side];
    const Facet& to = groups_[destination].facets[side];
    return (from.kind == EndKind::Node && to.subject) || (to.kind == EndKind::Node && from.subject);
}

std::uint8_t Meetings::between(std::size_t source, std::size_t destination) const {
    const AddressGroup& from = groups_[source];
    const AddressGroup& to = groups_[destination];
    const bool first = can_be_own(source, destination, 0);
    const bool second = can_be_own(source, destination, 1);
    std::uint8_t possible = 1;
    if (first && second) {
        possible = nodes_agree_ ? 0b1001 : 0b1111;
    } else if (first || second) {
        possible = first ? 0b0011 : 0b0101;
    }
    std::uint8_t found = 0;
    for (std::size_t family = 0; family < kFamilies; ++family) {
        if (from.counts[family] == 0 || to.counts[family] == 0) continue;
        if (possible == 1) return 1;
        for (const auto& a : from.nodes[family]) {
            for (const auto& b : to.nodes[family]) {
                const unsigned own =
                    (first && meet(a, b, 0) ? 1u : 0u) | (second && meet(a, b, 1) ? 2u : 0u);
                found = static_cast<std::uint8_t>(found | 1u << own);
                if (found == possible) return found;
            }
        }
    }
    return found;
}

bool Meetings::is_alone(std::size_t group) const {
    const AddressGroup& it = groups_[group];
    if (it.counts[0] <= 1 && it.counts[1] <= 1) return true;
    // A pod reaches itself by any of its addresses.
    return it.blocks.empty() && it.facets[0].kind == EndKind::Pod &&
           std::all_of(it.members.begin(), it.members.end(), [&](const Member& each) {
               return each.owners == it.members.front().owners;
           });
}

}  // namespace tierwall::ctl
