// SPDX-License-Identifier: Apache-2.0
// The daemon with its report and its socket, over ports that are rings: no packet moves.
#include "control/agent/daemon.hpp"

#include "control/agent/status_client.hpp"
#include "control/push/server.hpp"
#include "test/unit/control/agent/folder.hpp"
#include "test/unit/control/agent/small_snapshot.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace tierwall;
using namespace tierwall::agent::testing;
using namespace std::chrono_literals;
using agent::Daemon;
using agent::StatusClient;
using agent::StatusServer;

namespace {

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds most = 10s) {
    const auto until = std::chrono::steady_clock::now() + most;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

bool any_has(const google::protobuf::RepeatedPtrField<std::string>& lines,
             const std::string& words) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(words) != line.npos; });
}

class Log {
public:
    Daemon::Log sink() {
        return [this](const std::string& line) {
            const std::lock_guard lock(mutex_);
            lines_.push_back(line);
        };
    }
    bool has(const std::string& words) {
        const std::lock_guard lock(mutex_);
        return std::any_of(lines_.begin(), lines_.end(),
                           [&](const std::string& line) { return line.find(words) != line.npos; });
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

agent::Config config_in(const test::Folder& folder) {
    static int devices = 700;  // a device's name is used once in a process
    agent::Config config;
    for (const auto side : {worker::Side::Uplink, worker::Side::Pods}) {
        config.dataplane.ports.push_back({.name = "p" + std::to_string(devices % 2),
                                          .device = "net_ring" + std::to_string(devices),
                                          .side = side,
                                          .pod = "",
                                          .reserved = false});
        ++devices;
    }
    config.dataplane.flows_max = 2048;
    config.name = "dut";
    config.sync.path = folder.at("sync.sock");
    config.state_dir = folder.at("state");
    config.status_socket = folder.at("status.sock");
    config.addresses_max = 64;
    return config;
}

/// A daemon that runs until the end of the test, and somebody who asks it.
class Running {
public:
    explicit Running(const agent::Config& config) {
        auto server = StatusServer::start(config.status_socket, loop);
        BOOST_REQUIRE(server.ok());
        status_server = std::move(*server);
        auto connected = StatusClient::create("unix:" + config.status_socket);
        BOOST_REQUIRE(connected.ok());
        client = std::move(*connected);
        BOOST_TEST(!client->status().ok());  // starting
        auto made = Daemon::create(config, "1.2.3", loop, log.sink());
        const std::string wrong = made.ok() ? "" : made.error().text();
        BOOST_REQUIRE_MESSAGE(made.ok(), wrong);
        daemon = std::move(*made);
        daemon->start();
        status_server->open(daemon->status_source());
        thread = std::thread([this] { daemon->run(); });
    }
    ~Running() {
        loop.close();
        thread.join();
        daemon.reset();
        status_server.reset();
    }
    v1::StatusReply status() {
        auto reply = client->status();
        BOOST_REQUIRE(reply.ok());
        return std::move(*reply);
    }

    agent::Loop loop;
    Log log;
    std::unique_ptr<StatusServer> status_server;
    std::unique_ptr<StatusClient> client;
    std::unique_ptr<Daemon> daemon;
    std::thread thread;
};

std::unique_ptr<push::SnapshotServer> serve(const std::string& path) {
    push::SnapshotServer::Options options;
    options.listen.path = path;
    auto server = push::SnapshotServer::start(options, [](const push::Event&) {});
    BOOST_REQUIRE(server.ok());
    return std::move(*server);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(running_daemon)

BOOST_AUTO_TEST_CASE(without_sync_and_disk_it_runs_and_says_what_is_missing) {
    const test::Folder folder;
    Running running(config_in(folder));
    const v1::StatusReply status = running.status();
    BOOST_TEST(status.version() == "1.2.3");
    BOOST_TEST(status.dataplane() == "dut");
    BOOST_TEST(status.mode() == "wire");
    BOOST_TEST(status.boot() == "closed");
    BOOST_TEST(status.source() == "none");
    BOOST_TEST(status.epoch() == 0u);
    BOOST_TEST(status.hash() == "");
    BOOST_TEST(!status.sync_connected());
    BOOST_TEST(status.addresses_max() == 64u);
    BOOST_TEST(status.ports_size() == 2);
    BOOST_TEST(status.ports(0).side() == "uplink");
    BOOST_TEST(status.ports(1).side() == "pods");
    BOOST_REQUIRE(status.workers_size() == 1);
    BOOST_TEST(status.workers(0).flows() == 0u);
    BOOST_TEST(status.own_node_egress() == "enforce");
    BOOST_TEST(status.established() == "rejudge");
    BOOST_TEST(static_cast<std::size_t>(status.workers(0).reasons_size()) == base::kReasonCount);
    BOOST_TEST(any_has(status.warnings(), "boot: closed drops everything"));
    BOOST_TEST(running.log.has("boot: closed drops everything until then"));
    v1::ExplainRequest request;
    const auto refused = running.client->explain(request);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().text().find("nothing is enforced yet") != std::string::npos);
    const auto rules = running.client->rules();
    BOOST_TEST((rules.ok() && rules->empty()));
    const auto flows = running.client->flows({});
    BOOST_TEST((flows.ok() && flows->empty()));
    struct stat facts {};
    BOOST_REQUIRE_EQUAL(::stat(folder.at("status.sock").c_str(), &facts), 0);
    BOOST_TEST((facts.st_mode & 0007) == 0u);
}

BOOST_AUTO_TEST_CASE(an_epoch_is_enforced_reported_stored_and_there_after_a_restart) {
    const test::Folder folder;
    SmallSnapshot snapshot;
    {
        const auto server = serve(folder.at("sync.sock"));
        BOOST_REQUIRE(server->publish(snapshot.resources, 7).ok());
        Running running(config_in(folder));
        BOOST_REQUIRE(eventually([&] { return running.status().acks() == 1; }));
        const v1::StatusReply status = running.status();
        BOOST_TEST(status.epoch() == 7u);
        BOOST_TEST(status.source() == "stream");
        BOOST_TEST(status.hash() == snapshot.resources.hash().hex());
        BOOST_TEST(status.sync_connected());
        BOOST_TEST(status.addresses() == 6u);
        BOOST_TEST(status.identities() == 4u);
        BOOST_TEST(status.rules() == 4u);
        BOOST_TEST(status.tables() == 3u);
        BOOST_TEST(status.rows() == 3u);
        BOOST_TEST(status.warnings_size() == 0);
        const auto rules = running.client->rules();
        BOOST_REQUIRE(rules.ok());
        BOOST_REQUIRE(rules->size() == 4u);
        for (const v1::RuleRow& rule : *rules) {
            BOOST_TEST(rule.hits() == 0u);
            BOOST_TEST(rule.rows() == (rule.index() == -1 ? 0u : 1u));
        }
        // A snapshot that cannot be enforced is told of, and the one before stays.
        SmallSnapshot broken = snapshot;
        broken.erase(v1::RESOURCE_TYPE_POLICY, {kWebPolicy});
        BOOST_REQUIRE(server->publish(broken.resources, 8).ok());
        BOOST_REQUIRE(eventually([&] { return running.status().nacks() == 1; }));
        BOOST_TEST(running.status().epoch() == 7u);
        BOOST_TEST(any_has(running.status().warnings(), "the last epoch was refused"));
    }
    Running again(config_in(folder));
    const v1::StatusReply status = again.status();
    BOOST_TEST(status.source() == "disk");
    BOOST_TEST(status.epoch() == 7u);
    BOOST_TEST(status.hash() == snapshot.resources.hash().hex());
    BOOST_TEST(again.log.has("enforcing epoch 7 from"));
    BOOST_TEST(any_has(status.warnings(), "no connection to"));
}

BOOST_AUTO_TEST_CASE(a_damaged_snapshot_on_disk_is_told_of_until_another_is_stored) {
    const test::Folder folder;
    const agent::Config config = config_in(folder);
    {
        const auto store = agent::Store::open(config.state_dir);
        BOOST_REQUIRE(store->save(SmallSnapshot().resources, 3).ok());
        std::fstream file(store->path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100);
        file.put('?');
    }
    Running running(config);
    BOOST_TEST(running.log.has("is damaged and not used"));
    BOOST_TEST(running.log.has("boot: closed drops everything until then"));
    BOOST_TEST(running.status().epoch() == 0u);
    BOOST_TEST(running.status().source() == "none");
    BOOST_TEST(any_has(running.status().warnings(), "is damaged and not used"));
    const auto server = serve(folder.at("sync.sock"));
    BOOST_REQUIRE(server->publish(SmallSnapshot().resources, 4).ok());
    BOOST_REQUIRE(eventually([&] { return running.status().epoch() == 4; }));
    BOOST_TEST(eventually(
        [&] { return !any_has(running.status().warnings(), "is damaged and not used"); }));
    BOOST_TEST(agent::Store::open(config.state_dir)->load()->epoch == 4u);
}

BOOST_AUTO_TEST_CASE(a_second_daemon_does_not_take_the_socket_of_the_first) {
    const test::Folder folder;
    agent::Loop loop;
    const auto first = StatusServer::start(folder.at("deeper/status.sock"), loop);
    BOOST_REQUIRE(first.ok());
    const auto second = StatusServer::start(folder.at("deeper/status.sock"), loop);
    BOOST_REQUIRE(!second.ok());
    BOOST_TEST((second.error().code == base::Errc::Duplicate));
    std::ofstream(folder.at("file")) << "x";
    BOOST_TEST(!StatusServer::start(folder.at("file/status.sock"), loop).ok());
}

BOOST_AUTO_TEST_CASE(flows_come_in_pieces_up_to_the_limit) {
    const test::Folder folder;
    agent::Loop loop;
    auto server = StatusServer::start(folder.at("status.sock"), loop);
    BOOST_REQUIRE(server.ok());
    (*server)->open(
        {.status = [](v1::StatusReply&) {},
         .flows =
             [](const v1::FlowsRequest&, std::uint64_t& at, std::vector<v1::FlowRow>& rows) {
                 rows.resize(3);
                 return ++at < 4;
             },
         .rules = [](std::vector<v1::RuleRow>&) {},
         .explain = [](const v1::ExplainRequest&, v1::ExplainReply&) {}});
    std::thread thread([&loop] {
        while (loop.run(agent::Loop::Clock::now() + 100ms)) {
        }
    });
    auto client = StatusClient::create("unix:" + folder.at("status.sock"));
    BOOST_REQUIRE(client.ok());
    v1::FlowsRequest request;
    BOOST_TEST((*client)->flows(request)->size() == 12u);
    request.set_limit(7);
    BOOST_TEST((*client)->flows(request)->size() == 7u);
    loop.close();
    thread.join();
    const auto stopping = (*client)->status();
    BOOST_REQUIRE(!stopping.ok());
    BOOST_TEST(stopping.error().text().find("starting or stopping") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
