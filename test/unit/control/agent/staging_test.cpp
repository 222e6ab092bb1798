// SPDX-License-Identifier: Apache-2.0
#include "control/agent/staging.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace tierwall;
using agent::Staging;
using Heard = Staging::Heard;

namespace {

v1::FromSource begin(std::uint64_t epoch, const proto::ResourceSet* base = nullptr) {
    v1::FromSource message;
    message.mutable_begin()->set_epoch(epoch);
    message.mutable_begin()->set_full(base == nullptr);
    if (base != nullptr) message.mutable_begin()->set_base_hash(base->hash().bytes());
    return message;
}

v1::FromSource upsert(int type, const std::string& key, const std::string& body) {
    v1::FromSource message;
    v1::Resource& resource = *message.mutable_chunk()->add_upserts();
    resource.set_type(static_cast<v1::ResourceType>(type));
    resource.set_key(key);
    resource.set_body(body);
    return message;
}

v1::FromSource removal(const std::string& key) {
    v1::FromSource message;
    v1::ResourceKey& resource = *message.mutable_chunk()->add_removals();
    resource.set_type(v1::RESOURCE_TYPE_RULE);
    resource.set_key(key);
    return message;
}

v1::FromSource commit(std::uint64_t epoch, const proto::ResourceSet& whole) {
    v1::FromSource message;
    message.mutable_commit()->set_epoch(epoch);
    message.mutable_commit()->set_hash(whole.hash().bytes());
    message.mutable_commit()->set_resources(whole.size());
    return message;
}

proto::ResourceSet set_of(std::initializer_list<std::pair<const char*, const char*>> items) {
    proto::ResourceSet set;
    for (const auto& [key, body] : items) set.put({v1::RESOURCE_TYPE_RULE, key}, body);
    return set;
}

struct Stage {
    Staging staging{Staging::Limits{}};
    proto::ResourceSet current;
    Heard hear(const v1::FromSource& message) {
        const auto heard = staging.take(message, current);
        BOOST_REQUIRE(heard.ok());
        return *heard;
    }
    bool trusts(const v1::FromSource& message) { return staging.take(message, current).ok(); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_full_snapshot_and_a_difference_come_out_as_sent) {
    Stage stage;
    const auto whole = set_of({{"a", "1"}, {"b", "2"}});
    BOOST_TEST((stage.hear(begin(1)) == Heard::More));
    BOOST_TEST((stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1")) == Heard::More));
    BOOST_TEST((stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "b", "2")) == Heard::More));
    BOOST_TEST((stage.hear(commit(1, whole)) == Heard::Whole));
    BOOST_TEST((stage.staging.snapshot().hash() == whole.hash()));
    stage.current = stage.staging.snapshot();

    const auto next = set_of({{"b", "3"}});
    stage.hear(begin(2, &whole));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "b", "3"));
    stage.hear(removal("a"));
    BOOST_TEST((stage.hear(commit(2, next)) == Heard::Whole));
    BOOST_TEST((stage.staging.snapshot().hash() == next.hash()));
    BOOST_TEST((stage.current.hash() == whole.hash()));
}

BOOST_AUTO_TEST_CASE(a_full_snapshot_replaces_what_was_there) {
    Stage stage;
    stage.current = set_of({{"old", "1"}});
    const auto whole = set_of({{"new", "1"}});
    stage.hear(begin(1));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "new", "1"));
    BOOST_TEST((stage.hear(commit(1, whole)) == Heard::Whole));
    BOOST_TEST(stage.staging.snapshot().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_difference_to_another_base_asks_for_everything) {
    Stage stage;
    const auto other = set_of({{"x", "1"}});
    stage.hear(begin(3, &other));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    BOOST_TEST((stage.hear(commit(3, other)) == Heard::Refused));
    BOOST_TEST(stage.staging.refusal().need_full);
}

BOOST_AUTO_TEST_CASE(a_wrong_hash_or_count_asks_for_everything) {
    Stage stage;
    stage.hear(begin(1));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    BOOST_TEST((stage.hear(commit(1, set_of({{"a", "2"}}))) == Heard::Refused));
    BOOST_TEST(stage.staging.refusal().need_full);

    stage.hear(begin(2));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    auto message = commit(2, set_of({{"a", "1"}}));
    message.mutable_commit()->set_resources(2);
    BOOST_TEST((stage.hear(message) == Heard::Refused));
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_twice_in_an_epoch_is_refused) {
    Stage stage;
    const auto whole = set_of({{"a", "1"}});
    stage.hear(begin(1));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    BOOST_TEST((stage.hear(commit(1, whole)) == Heard::Refused));
    BOOST_TEST((stage.staging.refusal().problems.front().code == base::Errc::Duplicate));
    BOOST_TEST(stage.staging.refusal().problems.front().where == "RULE 61");

    stage.hear(begin(2));
    stage.hear(upsert(v1::RESOURCE_TYPE_RULE, "a", "1"));
    stage.hear(removal("a"));
    BOOST_TEST((stage.hear(commit(2, {})) == Heard::Refused));
}

BOOST_AUTO_TEST_CASE(unknown_types_and_bad_keys_are_refused) {
    const v1::FromSource cases[] = {
        upsert(0, "a", ""),
        upsert(77, "a", ""),
        upsert(-1, "a", ""),
        upsert(v1::RESOURCE_TYPE_RULE, "", ""),
        upsert(v1::RESOURCE_TYPE_RULE, std::string(65, 'k'), ""),
    };
    for (const v1::FromSource& message : cases) {
        Stage stage;
        stage.hear(begin(1));
        BOOST_TEST((stage.hear(message) == Heard::More));
        BOOST_TEST((stage.hear(commit(1, {})) == Heard::Refused));
        BOOST_TEST(!stage.staging.refusal().need_full);
        BOOST_TEST(stage.staging.snapshot().empty());
    }
    Stage longest;
    proto::ResourceSet whole;
    whole.put({v1::RESOURCE_TYPE_RULE, std::string(64, 'k')}, "");
    longest.hear(begin(1));
    longest.hear(upsert(v1::RESOURCE_TYPE_RULE, std::string(64, 'k'), ""));
    BOOST_TEST((longest.hear(commit(1, whole)) == Heard::Whole));
}

BOOST_AUTO_TEST_CASE(messages_out_of_order_are_not_trusted) {
    const auto whole = set_of({{"a", "1"}});
    BOOST_TEST(!Stage().trusts(commit(1, whole)));
    BOOST_TEST(!Stage().trusts(upsert(v1::RESOURCE_TYPE_RULE, "a", "1")));
    BOOST_TEST(!Stage().trusts(begin(0)));
    BOOST_TEST(!Stage().trusts({}));
    Stage twice;
    twice.hear(begin(1));
    BOOST_TEST(!twice.trusts(begin(2)));
    Stage other;
    other.hear(begin(1));
    BOOST_TEST(!other.trusts(commit(2, {})));
    Stage after;
    after.hear(begin(1));
    after.hear(commit(1, {}));
    BOOST_TEST(!after.trusts(commit(1, {})));
}

BOOST_AUTO_TEST_CASE(the_limit_of_bytes_is_exact_and_ends_the_epoch_at_once) {
    Stage stage;
    Staging small(Staging::Limits{.bytes_max = 10, .resources_max = 100, .key_bytes_max = 64});
    const auto take = [&](const v1::FromSource& message) {
        return *small.take(message, stage.current);
    };
    take(begin(1));
    BOOST_TEST((take(upsert(v1::RESOURCE_TYPE_RULE, "a", "123456789")) == Heard::More));
    BOOST_TEST((take(upsert(v1::RESOURCE_TYPE_RULE, "b", "")) == Heard::Refused));
    BOOST_TEST(small.overrun());
    BOOST_TEST(small.snapshot().empty());
    take(begin(2));
    BOOST_TEST(!small.overrun());
}

BOOST_AUTO_TEST_CASE(the_limit_of_resources_is_exact) {
    proto::ResourceSet none;
    Staging small(Staging::Limits{.bytes_max = 1000, .resources_max = 2, .key_bytes_max = 64});
    BOOST_TEST((*small.take(begin(1), none) == Heard::More));
    BOOST_TEST((*small.take(upsert(v1::RESOURCE_TYPE_RULE, "a", ""), none) == Heard::More));
    BOOST_TEST((*small.take(upsert(v1::RESOURCE_TYPE_RULE, "b", ""), none) == Heard::More));
    BOOST_TEST((*small.take(upsert(v1::RESOURCE_TYPE_RULE, "c", ""), none) == Heard::Refused));
    BOOST_TEST(small.overrun());
}
