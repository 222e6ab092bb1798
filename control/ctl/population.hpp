// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Population: all addresses there are, sorted into groups that no policy can tell apart.
///
/// Of one snapshot, or of two at once: then a group's addresses are alike in both of them. Pods and
/// nodes are members by name; everybody else is in the longest block that some policy mentions, or
/// in none ("the world"). Blocks of which every address belongs to a pod, a node or a longer block
/// are left out.
///
/// Threads: values.
/// Memory:  about 150 bytes an address.
/// Cost:    O(addresses * log).

#include "control/agent/decode_model.hpp"
#include "dataplane/base/address.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tierwall::ctl {

inline constexpr std::size_t kSidesMax = 2;
inline constexpr std::size_t kFamilies = 2;

struct SnapshotView {
    const agent::Model* model = nullptr;
    std::string scope = "all";
};

enum class EndKind : std::uint8_t { Pod, Node, Outside };

/// What a snapshot says about an address, as far as it matters for verdicts.
struct Facet {
    EndKind kind = EndKind::Outside;
    bool subject = false;
    std::uint32_t identity = 0;
    friend auto operator<=>(const Facet&, const Facet&) = default;
    friend bool operator==(const Facet&, const Facet&) = default;
};
using Facets = std::array<Facet, kSidesMax>;  ///< by snapshot; the second is empty without one

/// By snapshot, numbers: the node that a pod runs on, or the nodes whose address it is. A pod that
/// claims a node's address is here as a pod only.
using Whereabouts = std::array<std::vector<std::uint32_t>, kSidesMax>;

struct Member {
    base::Address address;
    std::array<std::string, kSidesMax> owners;  ///< pod or node; empty where it is neither
    Whereabouts nodes;
};

/// Have they a node in common?
bool meet(const Whereabouts& a, const Whereabouts& b, std::size_t side);

/// A part of the outside.
struct Block {
    base::Prefix prefix;
    bool is_world = false;  ///< no policy mentions the block: it is all there is
    base::Address example;
};

struct AddressGroup {
    Facets facets;
    std::vector<Member> members;  ///< by name
    std::vector<Block> blocks;
    std::array<std::size_t, kFamilies> counts{};  ///< addresses of a family; a block has many

    /// Of members of a family, each once.
    std::array<std::vector<Whereabouts>, kFamilies> nodes;
};

/// Of all groups, whatever kind of group they are.
template <typename Groups>
std::vector<Block> blocks_of(const Groups& groups) {
    std::vector<Block> out;
    for (const auto& group : groups) {
        out.insert(out.end(), group.blocks.begin(), group.blocks.end());
    }
    return out;
}

/// Blocks of which no address is in a group of `shown`, though one that is there reads as if they
/// were part of it. By prefix.
std::vector<base::Prefix> left_out(std::span<const Block> all, std::span<const Block> shown);

/// Groups with pods come first, then nodes, then blocks; by name.
std::vector<AddressGroup> populate(std::span<const SnapshotView> views,
                                   std::span<const base::Family> families);

/// Which combinations of "one is the other's own node" there are between addresses of two groups:
/// bit 0 for neither snapshot, 1 for the first only, 2 the second only, 3 both. Empty:
/// the groups have no family in common.
class Meetings {
public:
    explicit Meetings(std::span<const AddressGroup> groups) : groups_(groups) { compare_nodes(); }
    std::uint8_t between(std::size_t source, std::size_t destination) const;
    /// The group is one address in each family, or one pod: it meets itself only as a whole.
    bool is_alone(std::size_t group) const;

private:
    void compare_nodes();
    bool can_be_own(std::size_t source, std::size_t destination, std::size_t side) const;

    std::span<const AddressGroup> groups_;
    bool nodes_agree_ = true;  ///< two nodes that are one in the first snapshot are in the second
};

}  // namespace tierwall::ctl
