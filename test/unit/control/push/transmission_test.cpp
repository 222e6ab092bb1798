// SPDX-License-Identifier: Apache-2.0
#include "control/push/transmission.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace tierwall;
using push::Base;
using push::Edition;
using push::Transmission;

namespace {

proto::Key key(std::uint32_t number) {
    return {v1::RESOURCE_TYPE_RULE, proto::number_key({number})};
}

std::vector<v1::FromSource> all_of(Transmission& transmission) {
    std::vector<v1::FromSource> out;
    v1::FromSource message;
    while (transmission.next(message)) out.push_back(message);
    return out;
}

/// What a dataplane that has `base` makes of the messages.
proto::ResourceSet received(proto::ResourceSet base, const std::vector<v1::FromSource>& messages) {
    if (messages.front().begin().full()) base = {};
    for (const v1::FromSource& message : messages) {
        for (const v1::Resource& r : message.chunk().upserts()) {
            base.put({r.type(), r.key()}, r.body());
        }
        for (const v1::ResourceKey& r : message.chunk().removals()) base.erase({r.type(), r.key()});
    }
    return base;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_edition_counts_everything_as_changed) {
    proto::ResourceSet set;
    set.put(key(1), "a");
    set.put(key(2), "b");
    const auto first = Edition::make(nullptr, set, 7);
    BOOST_TEST(first->epoch() == 7u);
    BOOST_TEST(first->changed() == 2u);
    set.put(key(2), "c");
    set.erase(key(1));
    set.put(key(3), "d");
    BOOST_TEST(Edition::make(first.get(), set, 9)->changed() == 3u);
}

BOOST_AUTO_TEST_CASE(exactly_the_last_eight_sets_can_be_a_base) {
    proto::ResourceSet set;
    std::vector<proto::ResourceSet> sets;
    std::shared_ptr<const Edition> edition;
    for (std::uint32_t n = 0; n < 12; ++n) {
        set.put(key(n), "body");
        sets.push_back(set);
        edition = Edition::make(edition.get(), set, n + 1);
    }
    for (std::size_t n = 0; n < sets.size(); ++n) {
        const auto difference = edition->since(sets[n].hash());
        BOOST_TEST(difference.has_value() == (n + 1 + Edition::kKept >= sets.size()));
        if (!difference) continue;
        proto::ResourceSet again = sets[n];
        again.apply(*difference);
        BOOST_TEST((again.hash() == set.hash()));
    }
}

BOOST_AUTO_TEST_CASE(a_dataplane_without_anything_gets_everything_in_chunks_of_a_megabyte) {
    proto::ResourceSet set;
    for (std::uint32_t n = 0; n < 50; ++n) set.put(key(n), std::string(100'000, 'x'));
    set.put(key(99), std::string(3u << 20, 'y'));  // longer than a chunk: alone in its own
    Transmission transmission(Edition::make(nullptr, set, 3), std::nullopt);
    BOOST_TEST(transmission.is_full());
    const auto messages = all_of(transmission);
    BOOST_TEST(transmission.is_committed());
    BOOST_TEST(messages.size() > 7u);
    BOOST_TEST(messages.front().begin().epoch() == 3u);
    for (const v1::FromSource& message : messages) {
        const bool alone = message.chunk().upserts_size() == 1;
        BOOST_TEST((alone || message.ByteSizeLong() <= push::kChunkBytesMax));
    }
    BOOST_TEST(messages.back().commit().resources() == 51u);
    BOOST_TEST(messages.back().commit().hash() == set.hash().bytes());
    BOOST_TEST((received({}, messages).hash() == set.hash()));
}

BOOST_AUTO_TEST_CASE(a_known_base_gets_the_difference_only) {
    proto::ResourceSet set;
    for (std::uint32_t n = 0; n < 100; ++n) set.put(key(n), "body");
    const proto::ResourceSet old = set;
    const auto first = Edition::make(nullptr, set, 1);
    set.put(key(5), "other");
    set.erase(key(6));
    Transmission transmission(Edition::make(first.get(), set, 2), Base{1, old.hash()});
    const auto messages = all_of(transmission);
    BOOST_TEST(messages.size() == 3u);
    BOOST_TEST(!messages[0].begin().full());
    BOOST_TEST(messages[0].begin().base_hash() == old.hash().bytes());
    BOOST_TEST(messages[1].chunk().upserts_size() == 1);
    BOOST_TEST(messages[1].chunk().removals_size() == 1);
    BOOST_TEST((received(old, messages).hash() == set.hash()));
}

BOOST_AUTO_TEST_CASE(an_equal_base_gets_begin_and_commit_without_chunks) {
    proto::ResourceSet set;
    set.put(key(1), "a");
    Transmission transmission(Edition::make(nullptr, set, 5), Base{2, set.hash()});
    const auto messages = all_of(transmission);
    BOOST_TEST(messages.size() == 2u);
    BOOST_TEST(messages[0].has_begin());
    BOOST_TEST(!messages[0].begin().full());
    BOOST_TEST(messages[1].has_commit());
}

BOOST_AUTO_TEST_CASE(an_unknown_base_gets_everything) {
    proto::ResourceSet set;
    set.put(key(1), "a");
    Transmission transmission(Edition::make(nullptr, set, 5), Base{2, {1, 2}});
    BOOST_TEST(transmission.is_full());
    BOOST_TEST(all_of(transmission).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_hash_survives_its_bytes) {
    const proto::Hash hash{0x0102030405060708u, 0xf1f2f3f4f5f6f7f8u};
    BOOST_TEST((push::parse_hash(hash.bytes()) == hash));
    BOOST_TEST(!push::parse_hash("").has_value());
    BOOST_TEST(!push::parse_hash(std::string(15, 'a')).has_value());
    BOOST_TEST(!push::parse_hash(std::string(17, 'a')).has_value());
}
