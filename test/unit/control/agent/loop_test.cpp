// SPDX-License-Identifier: Apache-2.0
#include "control/agent/loop.hpp"

#include "control/agent/warnings.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>
#include <vector>

using namespace tierwall;
using agent::Loop;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(jobs_run_on_the_thread_that_runs_the_loop_and_are_waited_for) {
    Loop loop;
    std::atomic<int> done{0};
    std::atomic<int> failed{0};  // Boost.Test may be told things by one thread only
    std::thread::id where;
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            for (int n = 0; n < 100; ++n) {
                const int before = done.load();
                if (!loop.call([&] {
                        where = std::this_thread::get_id();
                        ++done;
                    }))
                    ++failed;
                if (done.load() <= before) ++failed;
            }
        });
    }
    while (done.load() < 800) BOOST_REQUIRE(loop.run(Loop::Clock::now() + 1ms));
    for (std::thread& caller : callers) caller.join();
    BOOST_TEST(failed.load() == 0);
    BOOST_TEST((where == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_closed_loop_lets_nobody_wait_for_ever) {
    Loop loop;
    std::atomic<int> refused{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            if (!loop.call([] {})) ++refused;
        });
    }
    std::this_thread::sleep_for(20ms);
    BOOST_TEST(!loop.is_closed());
    loop.close();
    BOOST_TEST(loop.is_closed());
    for (std::thread& caller : callers) caller.join();
    BOOST_TEST(refused.load() == 4);
    BOOST_TEST(!loop.call([] {}));
    BOOST_TEST(!loop.run(Loop::Clock::now() + 1s));
}

BOOST_AUTO_TEST_CASE(a_quiet_dataplane_has_no_warnings) {
    agent::Condition condition;
    condition.epoch = 1;
    condition.sync_connected = true;
    condition.flows_max = 100;
    condition.flows = 89;
    BOOST_TEST(agent::warnings_about(condition).empty());
}

BOOST_AUTO_TEST_CASE(each_warning_names_its_fix) {
    agent::Condition condition;
    condition.sync_address = "unix:/s";
    condition.disconnected_s = 7;
    condition.sync_error = "refused";
    condition.counts.of(base::Reason::PartialChecksum).add(3);
    condition.counts.of(base::Reason::OverMtu).add();
    condition.counts.of(base::Reason::FlowTableFull).add();
    condition.counts.service_address_seen.add(2);
    condition.counts.of(base::Reason::SpoofedMac).add(5);
    condition.counts.of(base::Reason::SpoofedSource).add(4);
    condition.counts.macs_without_room.add(6);
    condition.counts.link_locals_without_room.add(7);
    condition.fragments_replaced = 8;
    condition.flows_max = 100;
    condition.flows = 90;
    condition.problems = {"Rule 3: no tier"};
    condition.source_blocked = {"a.yaml cannot be read"};
    condition.source_problems = {"error: NetworkPolicy/shop/web spec: odd"};
    condition.source_problems_more = 9;
    condition.retired_snapshots = 3;
    condition.host = {"tw0 has an address"};
    std::string all;
    for (const std::string& warning : agent::warnings_about(condition)) all += warning + "\n";
    for (const char* words :
         {"boot: closed",
          "no connection to unix:/s for 7 s (refused)",
          "ethtool -K PEER tx off",
          "tso off gso off",
          "raise flows_max",
          "2 packets to service addresses",
          "5 packets came from a MAC address",
          "6 frames came from MAC",
          "7 messages came from link-local",
          "or the uplink, had no room",
          "4 packets came from a port",
          "is of the node in scope",
          "8 first fragments",
          "nearly full (90 of 100)",
          "Rule 3: no tier",
          "publishes nothing new, what was enforced last stays: a.yaml cannot be read",
          "tierwall-sync: error: NetworkPolicy/shop/web spec: odd",
          "9 more: see its log",
          "a worker is stuck",
          "tw0 has an address"}) {
        BOOST_TEST_CONTEXT(words) BOOST_TEST(all.find(words) != std::string::npos);
    }
}
