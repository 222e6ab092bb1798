// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/published.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

using namespace tierwall;
using worker::Published;
using worker::Readers;

namespace {

/// Says when it dies, and while it lives its two halves are equal.
struct Witness {
    explicit Witness(std::atomic<int>& living, int number)
        : alive(living), first(number), second(number) {
        ++alive;
    }
    ~Witness() {
        first = -1;
        second = -2;
        --alive;
    }
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

    std::atomic<int>& alive;
    int first;
    int second;
};

std::unique_ptr<Readers> readers_of(std::uint32_t workers) {
    auto readers = Readers::create(workers);
    BOOST_REQUIRE(readers.ok());
    return std::move(*readers);
}

}  // namespace

BOOST_AUTO_TEST_CASE(old_object_lives_until_every_online_worker_is_quiescent) {
    std::atomic<int> alive{0};
    const auto readers = readers_of(3);
    {
        Published<Witness> published(*readers);
        BOOST_CHECK(published.load() == nullptr);
        BOOST_CHECK(published.oldest() == nullptr);
        readers->online(0);
        readers->online(1);
        published.replace(std::make_unique<const Witness>(alive, 1));
        const Witness* held = published.load();
        published.replace(std::make_unique<const Witness>(alive, 2));
        BOOST_CHECK_EQUAL(published.load()->first, 2);
        BOOST_CHECK(published.oldest() == held);
        BOOST_CHECK_EQUAL(published.reclaim(), 1u);
        readers->quiescent(0);
        BOOST_CHECK_EQUAL(published.reclaim(), 1u);
        BOOST_CHECK_EQUAL(held->first, 1);
        BOOST_CHECK_EQUAL(alive.load(), 2);
        readers->quiescent(1);
        BOOST_CHECK_EQUAL(published.reclaim(), 0u);
        BOOST_CHECK_EQUAL(alive.load(), 1);
        BOOST_CHECK(published.oldest() == published.load());
        readers->offline(0);
        readers->offline(1);
    }
    BOOST_CHECK_EQUAL(alive.load(), 0);
}

BOOST_AUTO_TEST_CASE(a_sleeping_worker_does_not_keep_old_objects) {
    std::atomic<int> alive{0};
    const auto readers = readers_of(2);
    Published<Witness> published(*readers);
    readers->online(0);
    for (int i = 1; i <= 5; ++i) published.replace(std::make_unique<const Witness>(alive, i));
    BOOST_CHECK_EQUAL(published.reclaim(), 4u);
    readers->offline(0);
    BOOST_CHECK_EQUAL(published.reclaim(), 0u);
    BOOST_CHECK_EQUAL(alive.load(), 1);
}

BOOST_AUTO_TEST_CASE(busy_workers_never_see_a_dead_object) {
    std::atomic<int> alive{0};
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    const auto readers = readers_of(2);
    Published<Witness> published(*readers);
    published.replace(std::make_unique<const Witness>(alive, 0));
    const auto work = [&](std::uint32_t number) {
        readers->online(number);
        int newest = 0;
        for (std::uint64_t burst = 0; !stop.load(std::memory_order_acquire); ++burst) {
            const Witness* seen = published.load();
            if (seen->first != seen->second || seen->first < newest) ++wrong;
            newest = seen->first;
            readers->quiescent(number);
            if (burst % 1000 != 0) continue;
            readers->offline(number);
            std::this_thread::yield();
            readers->online(number);
        }
        readers->offline(number);
    };
    std::thread first(work, 0);
    std::thread second(work, 1);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    int number = 0;
    while (std::chrono::steady_clock::now() < end) {
        published.replace(std::make_unique<const Witness>(alive, ++number));
        published.reclaim();
    }
    stop = true;
    first.join();
    second.join();
    BOOST_CHECK_EQUAL(wrong.load(), 0);
    BOOST_CHECK_EQUAL(published.reclaim(), 0u);
    BOOST_CHECK_EQUAL(alive.load(), 1);
    BOOST_CHECK_GT(number, 100);
}
