// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/ipv4_set.hpp"

#include "bench/cluster/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace tierwall;
using bench::Ipv4Block;
using bench::Ipv4Set;

Ipv4Set of(const std::vector<std::string>& prefixes) {
    Ipv4Set set;
    for (const std::string& text : prefixes) set.add(base::parse_prefix(text).value());
    return set;
}

BOOST_AUTO_TEST_CASE(blocks_are_the_fewest) {
    BOOST_TEST((of({"10.0.0.0/32", "10.0.0.1/32", "10.0.0.2/31"}).blocks() ==
                std::vector<Ipv4Block>{{0x0a000000, 30}}));
    BOOST_TEST((of({"10.0.0.1/32", "10.0.0.2/32"}).blocks() ==
                std::vector<Ipv4Block>{{0x0a000001, 32}, {0x0a000002, 32}}));
    BOOST_TEST((of({"0.0.0.0/1", "128.0.0.0/1"}).blocks() == std::vector<Ipv4Block>{{0, 0}}));
    BOOST_TEST((of({"0.0.0.0/0"}).blocks() == Ipv4Set::everything().blocks()));
    BOOST_TEST(of({"2001:db8::/32"}).empty());
}

BOOST_AUTO_TEST_CASE(what_is_removed_leaves_the_rest) {
    Ipv4Set set = of({"10.0.0.0/24"});
    set.remove(of({"10.0.0.0/28"}));
    BOOST_TEST((set.blocks() ==
                std::vector<Ipv4Block>{
                    {0x0a000010, 28}, {0x0a000020, 27}, {0x0a000040, 26}, {0x0a000080, 25}}));
    set.remove(Ipv4Set::everything());
    BOOST_TEST(set.empty());
}

BOOST_AUTO_TEST_CASE(random_additions_and_removals_agree_with_a_plain_set) {
    bench::Random random(7);
    for (int round = 0; round < 200; ++round) {
        Ipv4Set set;
        std::set<std::uint32_t> plain;
        for (int i = 0; i < 40; ++i) {
            const std::uint32_t address = 0x0a000000 + random.below(64);
            set.add(address);
            plain.insert(address);
        }
        Ipv4Set gone;
        for (int i = 0; i < 10; ++i) {
            const std::uint32_t address = 0x0a000000 + random.below(64);
            gone.add(address);
            plain.erase(address);
        }
        set.remove(gone);
        std::vector<Ipv4Block> expected;
        for (const std::uint32_t address : plain) expected.push_back({address, 32});
        BOOST_TEST((set.hosts() == expected));
        std::size_t held = 0;
        for (const Ipv4Block& block : set.blocks()) {
            held += std::size_t{1} << (32 - block.length);
            BOOST_TEST(plain.contains(block.first));
        }
        BOOST_TEST(held == plain.size());
        for (std::uint32_t address = 0x0a000000; address < 0x0a000040; ++address) {
            BOOST_TEST(set.contains(address) == plain.contains(address));
        }
    }
}

}  // namespace
