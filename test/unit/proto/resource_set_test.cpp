// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "proto/resource_set.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

namespace tierwall::proto {
namespace {

using Model = std::map<Key, std::string>;

Key key_of(std::uint32_t number) {
    const auto type = number % 3 == 0 ? v1::RESOURCE_TYPE_ADDRESS : v1::RESOURCE_TYPE_RULE;
    return {type, number_key({number})};
}

void check_same(const ResourceSet& set, const Model& model) {
    BOOST_TEST(set.size() == model.size());
    auto expected = model.begin();
    std::size_t wrong = 0;
    set.for_each([&](const Key& key, const std::string& body) {
        if (expected == model.end() || expected->first != key || expected->second != body) ++wrong;
        if (expected != model.end()) ++expected;
    });
    BOOST_TEST(wrong == 0u);
    BOOST_TEST((expected == model.end()));
}

ResourceSet built_of(const Model& model) {
    ResourceSet set;
    for (const auto& [key, body] : model) set.put(key, body);
    return set;
}

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(engine_() % limit);
    }

private:
    std::mt19937 engine_;
};

void change(Random& random, ResourceSet& set, Model& model, std::uint32_t keys) {
    const Key key = key_of(random.below(keys));
    if (random.below(3) == 0) {
        BOOST_TEST(set.erase(key) == (model.erase(key) != 0));
    } else {
        std::string body(random.below(20), static_cast<char>('a' + random.below(26)));
        model[key] = body;
        set.put(key, std::move(body));
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(number_keys_are_big_endian_and_sort_like_numbers) {
    BOOST_TEST(number_key({1, 0x01020304}) == std::string("\0\0\0\1\1\2\3\4", 8));
    BOOST_TEST((number_key({255}) < number_key({256})));
}

BOOST_AUTO_TEST_CASE(address_key_has_a_length_only_for_blocks) {
    const std::string ip(16, 'x');
    BOOST_TEST(address_key(ip) == ip);
    BOOST_TEST(address_key(ip, 0) == ip + std::string(4, '\0'));
    BOOST_TEST(address_key(ip, 104) == ip + std::string("\0\0\0\150", 4));
}

BOOST_AUTO_TEST_CASE(hash_is_written_high_word_first) {
    const Hash hash{0x0123456789abcdef, 0xfedcba9876543210};
    BOOST_TEST(hash.hex() == "fedcba98765432100123456789abcdef");
    BOOST_TEST(hash.bytes().size() == 16u);
    BOOST_TEST(static_cast<unsigned char>(hash.bytes()[0]) == 0xfe);
}

BOOST_AUTO_TEST_CASE(hash_does_not_depend_on_order_or_history) {
    Random random(7);
    Model model;
    ResourceSet set;
    for (int i = 0; i < 5000; ++i) change(random, set, model, 900);
    const ResourceSet straight = built_of(model);
    BOOST_TEST((set.hash() == straight.hash()));
    ResourceSet backwards;
    for (auto entry = model.rbegin(); entry != model.rend(); ++entry) {
        backwards.put(entry->first, entry->second);
    }
    BOOST_TEST((backwards.hash() == straight.hash()));
    check_same(backwards, model);
}

BOOST_AUTO_TEST_CASE(hash_tells_type_key_and_body_apart) {
    const std::pair<Key, std::string> different[] = {
        {{v1::RESOURCE_TYPE_RULE, "ab"}, "c"}, {{v1::RESOURCE_TYPE_RULE, "a"}, "bc"},
        {{v1::RESOURCE_TYPE_RULE, ""}, "abc"}, {{v1::RESOURCE_TYPE_POLICY, "ab"}, "c"},
        {{v1::RESOURCE_TYPE_RULE, "ab"}, ""},
    };
    std::set<std::string> seen;
    for (const auto& [key, body] : different) {
        ResourceSet set;
        set.put(key, body);
        BOOST_TEST(seen.insert(set.hash().hex()).second);
    }
    BOOST_TEST((ResourceSet().hash() == Hash{}));
}

BOOST_AUTO_TEST_CASE(hash_of_a_known_set_never_changes) {
    // Both ends of a stream compute this, perhaps of different releases.
    ResourceSet set;
    set.put({v1::RESOURCE_TYPE_TIER, number_key({0})}, std::string("one"));
    set.put({v1::RESOURCE_TYPE_NODE, number_key({7})}, std::string());
    BOOST_TEST(set.hash().hex() == "009ebadc0b1f92697772ae111b0d3499");
}

BOOST_AUTO_TEST_CASE(erasing_everything_leaves_the_empty_hash) {
    ResourceSet set;
    for (std::uint32_t i = 0; i < 1000; ++i) set.put(key_of(i), std::to_string(i));
    for (std::uint32_t i = 0; i < 1000; ++i) BOOST_TEST(set.erase(key_of(i)));
    BOOST_TEST(!set.erase(key_of(1)));
    BOOST_TEST(set.empty());
    BOOST_TEST((set.hash() == Hash{}));
    set.put(key_of(1), std::string("again"));
    BOOST_TEST(*set.find(key_of(1)) == "again");
}

BOOST_AUTO_TEST_CASE(find_answers_only_for_what_is_there) {
    ResourceSet set;
    BOOST_TEST(set.find(key_of(0)) == nullptr);
    for (std::uint32_t i = 0; i < 2000; i += 2) set.put(key_of(i), std::to_string(i));
    for (std::uint32_t i = 0; i < 2000; ++i) {
        const std::string* body = set.find(key_of(i));
        BOOST_TEST((body != nullptr) == (i % 2 == 0));
        if (body != nullptr) BOOST_TEST(*body == std::to_string(i));
    }
}

BOOST_AUTO_TEST_CASE(for_each_of_a_type_gives_exactly_that_type) {
    Random random(3);
    Model model;
    ResourceSet set;
    for (int i = 0; i < 3000; ++i) change(random, set, model, 1500);
    for (const auto type :
         {v1::RESOURCE_TYPE_TIER, v1::RESOURCE_TYPE_ADDRESS, v1::RESOURCE_TYPE_POLICY,
          v1::RESOURCE_TYPE_RULE, v1::RESOURCE_TYPE_TABLE}) {
        std::vector<Key> expected;
        for (const auto& entry : model) {
            if (entry.first.type == type) expected.push_back(entry.first);
        }
        std::vector<Key> got;
        set.for_each(type, [&](const Key& key, const std::string&) { got.push_back(key); });
        BOOST_TEST((got == expected));
    }
    std::size_t none = 0;
    ResourceSet().for_each(v1::RESOURCE_TYPE_RULE, [&](const Key&, const std::string&) { ++none; });
    BOOST_TEST(none == 0u);
}

BOOST_AUTO_TEST_CASE(copies_never_see_each_others_changes) {
    Random random(11);
    Model model;
    ResourceSet set;
    for (int i = 0; i < 3000; ++i) change(random, set, model, 2000);
    for (int round = 0; round < 30; ++round) {
        const Model model_before = model;
        const ResourceSet before = set;
        ResourceSet other = set;
        Model other_model = model;
        for (int i = 0; i < 40; ++i) change(random, set, model, 2000);
        for (int i = 0; i < 40; ++i) change(random, other, other_model, 2000);
        check_same(before, model_before);
        check_same(set, model);
        check_same(other, other_model);
        if (round % 3 == 0) {
            set = std::move(other);
            model = other_model;
            BOOST_TEST(other.empty());
            other.put(key_of(1), std::string("moved from, and used again"));
        }
    }
    BOOST_TEST((set.hash() == built_of(model).hash()));
}

BOOST_AUTO_TEST_CASE(since_and_apply_lead_from_any_set_to_any_other) {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        Model model;
        ResourceSet set;
        for (int i = 0; i < 800; ++i) change(random, set, model, 600);
        ResourceSet base = set;
        const Model base_model = model;
        const int changes = static_cast<int>(random.below(4)) * 60;
        for (int i = 0; i < changes; ++i) change(random, set, model, 600);
        const Difference difference = set.since(base);
        for (const auto& [key, body] : difference.upserts) {
            const auto old = base_model.find(key);
            BOOST_TEST((old == base_model.end() || old->second != *body));
        }
        BOOST_TEST(difference.empty() == (model == base_model));
        base.apply(difference);
        BOOST_TEST((base.hash() == set.hash()));
        check_same(base, model);
        // Sets that share nothing differ by the same.
        const Difference stranger = built_of(model).since(built_of(base_model));
        BOOST_TEST(stranger.upserts.size() == difference.upserts.size());
        BOOST_TEST(stranger.removals.size() == difference.removals.size());
    }
}

BOOST_AUTO_TEST_CASE(putting_an_equal_body_is_no_difference) {
    ResourceSet set;
    for (std::uint32_t i = 0; i < 500; ++i) set.put(key_of(i), std::to_string(i));
    const ResourceSet base = set;
    for (std::uint32_t i = 0; i < 500; ++i) set.put(key_of(i), std::to_string(i));
    BOOST_TEST(set.since(base).empty());
    BOOST_TEST((set.hash() == base.hash()));
}

}  // namespace tierwall::proto
