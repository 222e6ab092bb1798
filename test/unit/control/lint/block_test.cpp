// SPDX-License-Identifier: Apache-2.0
// Of rules that name blocks and numbers of ports, exactly those are told of that are of no use.
#include "control/lint/block_uses.hpp"
#include "test/unit/control/lint/scenario.hpp"

#include <bitset>
#include <random>
#include <set>

using namespace tierwall;
using namespace tierwall::lint;

namespace {

constexpr unsigned kAddresses = 16;
constexpr unsigned kPorts = 5;  ///< TCP 1 to 4, and something else
using Packets = std::bitset<kAddresses * kPorts>;

struct Block {
    unsigned first;
    unsigned length;
    unsigned size() const { return 1u << (32 - length); }
    std::string text() const {
        return "10.0.0." + std::to_string(first) + "/" + std::to_string(length);
    }
    bool holds(unsigned address) const { return address - first < size(); }
};

class Author {
public:
    explicit Author(std::uint32_t seed) : random_(seed) {}

    /// Rules in YAML, and what each allows.
    std::string rules(std::vector<Packets>& packets) {
        std::string text;
        for (unsigned count = 2 + below(5); count > 0; --count) {
            packets.emplace_back();
            text += (text.empty() ? "" : ", ") + rule(packets.back());
        }
        return text;
    }

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_()) % end; }
    Block block(unsigned shortest, unsigned first, unsigned size) {
        const unsigned length = shortest + below(33 - shortest);
        const unsigned own = 1u << (32 - length);
        return {first + below(size / own) * own, length};
    }
    std::string rule(Packets& packets) {
        const unsigned first = below(4) == 0 ? 0 : 1 + below(4);
        const unsigned last = first == 0 ? 0 : first + below(5 - first);
        std::string peers;
        for (unsigned count = 1 + below(3); count > 0; --count) {
            const Block around = block(28, 0, kAddresses);
            std::vector<Block> holes;
            std::string text = "{ipBlock: {cidr: " + around.text();
            for (unsigned more = around.length < 32 ? below(3) : 0; more > 0; --more) {
                holes.push_back(block(around.length + 1, around.first, around.size()));
                text += (holes.size() == 1 ? ", except: [" : ", ") + holes.back().text();
            }
            peers += (peers.empty() ? "" : ", ") + text + (holes.empty() ? "}}" : "]}}");
            add(around, holes, {first, last}, packets);
        }
        const std::string ports = first == 0 ? ""
                                             : ", ports: [{port: " + std::to_string(first) +
                                                   ", endPort: " + std::to_string(last) + "}]";
        return "{from: [" + peers + "]" + ports + "}";
    }
    static void add(const Block& around, const std::vector<Block>& holes,
                    std::pair<unsigned, unsigned> ports, Packets& packets) {
        for (unsigned address = 0; address < kAddresses; ++address) {
            const bool out = std::any_of(holes.begin(), holes.end(), [address](const Block& each) {
                return each.holds(address);
            });
            if (out || !around.holds(address)) continue;
            for (unsigned port = 0; port < kPorts; ++port) {
                const bool in = ports.first == 0 || (ports.first <= port && port <= ports.second);
                if (in) packets.set(address * kPorts + port);
            }
        }
    }

    std::mt19937 random_;
};

/// From the last on, so that of two that are equal the second is of no use.
std::set<std::string> useless(const std::vector<Packets>& rules) {
    std::set<std::string> fields;
    std::vector<bool> gone(rules.size());
    for (std::size_t own = rules.size(); own-- > 0;) {
        Packets others;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (i != own && !gone[i]) others |= rules[i];
        }
        if (rules[own].none() || (rules[own] & ~others).any()) continue;
        gone[own] = true;
        fields.insert("spec.ingress[" + std::to_string(own) + "]");
    }
    return fields;
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_blocks_holes_and_ports_exactly_the_useless_rules_are_told_of) {
    std::size_t said = 0;
    for (std::uint32_t seed = 0; seed < 1500; ++seed) {
        std::vector<Packets> packets;
        const std::string rules = Author(seed).rules(packets);
        std::set<std::string> fields;
        for (const Finding& each : warnings(contents(
                 network_policy("shop/web", "podSelector: {}, ingress: [" + rules + "]")))) {
            if (each.rule == "rule-shadowed") fields.insert(each.problem.field);
        }
        // One that allows nothing at all may be told of when others are around it.
        for (std::size_t i = 0; i < packets.size(); ++i) {
            if (packets[i].none()) fields.erase("spec.ingress[" + std::to_string(i) + "]");
        }
        const std::set<std::string> right = useless(packets);
        BOOST_TEST(fields == right, "seed " << seed << " " << rules);
        said += right.size();
    }
    BOOST_TEST_MESSAGE(said << " useless rules");
    BOOST_TEST(said > 500u);
}

BOOST_AUTO_TEST_CASE(blocks_are_widened_halved_and_joined) {
    const auto prefix = [](const char* text) { return *base::parse_prefix(text); };
    BOOST_CHECK(widened(prefix("10.1.2.3/32"), 9) == prefix("10.0.0.0/9"));
    BOOST_CHECK(widened(prefix("10.1.2.3/32"), 0) == prefix("0.0.0.0/0"));
    BOOST_CHECK(widened(prefix("2001:db8::1/128"), 31) == prefix("2001:db8::/31"));
    BOOST_CHECK(widened(prefix("2001:db8::1/128"), 0) == prefix("::/0"));
    BOOST_CHECK(
        (halves(prefix("0.0.0.0/0")) == std::pair{prefix("0.0.0.0/1"), prefix("128.0.0.0/1")}));
    BOOST_CHECK(
        (halves(prefix("10.0.0.6/31")) == std::pair{prefix("10.0.0.6/32"), prefix("10.0.0.7/32")}));
    BOOST_CHECK((halves(prefix("::/0")) == std::pair{prefix("::/1"), prefix("8000::/1")}));
    BOOST_CHECK(common(prefix("10.0.0.1/32"), prefix("10.0.0.2/32")) == prefix("10.0.0.0/30"));
    BOOST_CHECK(common(prefix("10.0.0.0/8"), prefix("10.0.0.2/32")) == prefix("10.0.0.0/8"));
    BOOST_CHECK(common(prefix("fd00::1/128"), prefix("2001::/16")) == prefix("::/0"));
}

BOOST_AUTO_TEST_CASE(blocks_are_found_by_themselves_and_by_what_is_in_them) {
    const auto prefix = [](const char* text) { return *base::parse_prefix(text); };
    const policy::NetworkSet one{{prefix("10.0.0.0/8"), prefix("10.1.0.0/16")}, {}};
    const policy::NetworkSet two{{prefix("10.1.0.0/16"), prefix("fd00::/8")}, {}};
    BlockUses uses;
    uses.add(one, 3);
    uses.add(two, 5);
    uses.seal();
    BOOST_TEST(uses.all().size() == 4u);
    BOOST_REQUIRE(uses.of(prefix("10.1.0.0/16")).size() == 2u);
    BOOST_TEST(uses.of(prefix("10.1.0.0/16"))[0].rule == 3u);
    BOOST_TEST(uses.of(prefix("10.1.0.0/16"))[1].rule == 5u);
    BOOST_TEST(uses.of(prefix("10.1.0.0/17")).empty());
    BOOST_TEST(uses.lengths(base::Family::IPv4, 15).size() == 1u);
    BOOST_TEST(uses.lengths(base::Family::IPv4, 16).size() == 2u);
    BOOST_TEST(uses.lengths(base::Family::IPv6, 7).empty());
    BOOST_TEST(uses.any_inside(prefix("10.0.0.0/8")));
    BOOST_TEST(!uses.any_inside(prefix("10.1.0.0/16")));
    BOOST_TEST(uses.any_inside(prefix("0.0.0.0/0")));
    BOOST_TEST(!uses.any_inside(prefix("11.0.0.0/8")));
    // The other family's blocks lie between, written as addresses of 16 bytes.
    BOOST_TEST(uses.any_inside(prefix("::/0")));
    BOOST_TEST(!uses.any_inside(prefix("::/1")));
}
