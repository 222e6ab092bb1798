// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/index.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

using tierwall::flow::Index;

namespace {

/// Of the connection number `n` whose home is this bucket.
std::uint64_t hash_at(std::uint64_t bucket, std::uint64_t n) { return (n + 1) << 48 | bucket; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_search_goes_round_once_where_every_bucket_was_passed) {
    auto index = Index::create(14, -1);
    BOOST_REQUIRE(index.ok());
    BOOST_REQUIRE(index->bytes() == 2 * sizeof(Index::Bucket));
    // One flow of the first bucket lives in the second, and the other way about.
    for (std::uint32_t n = 0; n <= Index::kSlots; ++n) index->add(hash_at(0, n), n);
    index->remove(hash_at(0, 0), 0);
    for (std::uint32_t n = 20; n < 20 + Index::kSlots; ++n) index->add(hash_at(1, n), n);
    for (const std::uint64_t bucket : {0u, 1u}) {
        BOOST_REQUIRE(index->home(bucket).passed == 1u);
        int visited = 0;
        index->search(hash_at(bucket, 99), [&visited](std::uint32_t) { return ++visited > 0; });
        BOOST_TEST(visited == 0);
    }
    std::uint32_t found = 0;
    const auto note = [&found](std::uint32_t flow) noexcept {
        found = flow;
        return true;
    };
    index->search(hash_at(0, Index::kSlots), note);
    BOOST_TEST(found == Index::kSlots);
    index->search(hash_at(1, 20 + Index::kSlots - 1), note);
    BOOST_TEST(found == 20 + Index::kSlots - 1);
}
