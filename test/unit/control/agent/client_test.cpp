// SPDX-License-Identifier: Apache-2.0
#include "control/agent/client.hpp"

#include "control/push/server.hpp"
#include "proto/stream.grpc.pb.h"
#include "test/unit/control/agent/folder.hpp"

#include <grpcpp/grpcpp.h>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

using namespace tierwall;
using agent::SyncClient;
using push::SnapshotServer;
using namespace std::chrono_literals;

namespace {

proto::ResourceSet numbered(std::uint32_t count) {
    proto::ResourceSet set;
    for (std::uint32_t n = 0; n < count; ++n) {
        set.put({v1::RESOURCE_TYPE_RULE, proto::number_key({n})}, "body");
    }
    return set;
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds most = 5s) {
    const auto until = std::chrono::steady_clock::now() + most;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

/// What the enforcer would be: takes what it is given, unless told to refuse.
struct Enforced {
    std::mutex mutex;
    proto::ResourceSet set;
    std::uint64_t epoch = 0;
    std::size_t times = 0;
    std::atomic<bool> refuses{false};
    std::atomic<int> pause_ms{0};
    std::uint64_t stored = 0;

    SyncClient::Hooks hooks() {
        return {.apply =
                    [this](const proto::ResourceSet& resources, std::uint64_t number) {
                        std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
                        const std::lock_guard lock(mutex);
                        if (refuses) {
                            return std::vector<base::Error>{
                                {base::Errc::Invalid, "Rule 1", "is not right"}};
                        }
                        set = resources;
                        epoch = number;
                        ++times;
                        return std::vector<base::Error>{};
                    },
                .acked =
                    [this](const proto::ResourceSet&, std::uint64_t number) {
                        const std::lock_guard lock(mutex);
                        stored = number;
                    },
                .log = [](const std::string&) {}};
    }
    std::uint64_t enforced_epoch() {
        const std::lock_guard lock(mutex);
        return epoch;
    }
    std::uint64_t stored_epoch() {
        const std::lock_guard lock(mutex);
        return stored;
    }
    bool has(const proto::ResourceSet& wanted) {
        const std::lock_guard lock(mutex);
        return set.hash() == wanted.hash();
    }
};

SyncClient::Options options_for(const std::string& path) {
    SyncClient::Options options;
    options.sync.path = path;
    options.dataplane = "dut";
    options.pause_first = 20ms;
    options.pause_last = 100ms;
    return options;
}

std::unique_ptr<SnapshotServer> serve(const std::string& path) {
    SnapshotServer::Options options;
    options.listen.path = path;
    options.pace.retry_first = 100ms;
    auto server = SnapshotServer::start(options, [](const push::Event&) {});
    BOOST_REQUIRE(server.ok());
    return std::move(*server);
}

/// A source that says what it is told to, and keeps what it hears.
class Script final : public v1::PolicyStream::Service {
public:
    Script(const std::string& path, std::vector<v1::FromSource> lines) : lines_(std::move(lines)) {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
        builder.RegisterService(this);
        server_ = builder.BuildAndStart();
    }
    ~Script() override { server_->Shutdown(std::chrono::system_clock::now()); }
    std::vector<v1::FromDataplane> heard() {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

private:
    grpc::Status Subscribe(
        grpc::ServerContext* /*context*/,
        grpc::ServerReaderWriter<v1::FromSource, v1::FromDataplane>* stream) override {
        v1::FromDataplane message;
        if (!stream->Read(&message)) return grpc::Status::OK;
        for (const v1::FromSource& line : lines_) stream->Write(line);
        while (stream->Read(&message)) {
            const std::lock_guard lock(mutex_);
            heard_.push_back(message);
        }
        return grpc::Status::OK;
    }
    const std::vector<v1::FromSource> lines_;
    std::mutex mutex_;
    std::vector<v1::FromDataplane> heard_;
    std::unique_ptr<grpc::Server> server_;
};

v1::FromSource begin(std::uint64_t epoch) {
    v1::FromSource message;
    message.mutable_begin()->set_epoch(epoch);
    message.mutable_begin()->set_full(true);
    return message;
}

v1::FromSource commit(std::uint64_t epoch, const proto::ResourceSet& set) {
    v1::FromSource message;
    message.mutable_commit()->set_epoch(epoch);
    message.mutable_commit()->set_hash(set.hash().bytes());
    message.mutable_commit()->set_resources(set.size());
    return message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(epochs_are_enforced_then_acknowledged_then_stored) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_REQUIRE(server->publish(numbered(3), 10).ok());
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 10; }));
    BOOST_TEST(enforced.has(numbered(3)));
    BOOST_REQUIRE(server->publish(numbered(5), 11).ok());
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 11; }));
    BOOST_TEST(enforced.has(numbered(5)));
    BOOST_TEST(client.state().acks == 2u);
    BOOST_TEST(client.state().connected);
    BOOST_TEST(client.state().epoch == 11u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_objects_is_known_until_it_is_right) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    Enforced enforced;
    const SyncClient early(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    v1::Notice notice;
    notice.add_blocked("a.yaml cannot be read");
    notice.add_problems("error: odd");
    notice.set_more(2);
    server->notify(notice);
    BOOST_REQUIRE(server->publish(numbered(3), 10).ok());
    const SyncClient late(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    for (const SyncClient* client : {&early, &late}) {
        BOOST_TEST(eventually([&] {
            const agent::SourceNotice heard = client->state().notice;
            return heard.blocked == std::vector<std::string>{"a.yaml cannot be read"} &&
                   heard.problems == std::vector<std::string>{"error: odd"} && heard.more == 2;
        }));
        BOOST_TEST(eventually([&] { return client->state().epoch == 10; }));
    }
    server->notify({});
    for (const SyncClient* client : {&early, &late}) {
        BOOST_TEST(eventually([&] { return client->state().notice.blocked.empty(); }));
        BOOST_TEST(client->state().notice.problems.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_notice_in_the_midst_of_an_epoch_disturbs_nothing_and_is_bounded) {
    const test::Folder folder;
    v1::FromSource notice;
    for (int i = 0; i < 60; ++i) notice.mutable_notice()->add_problems("error: odd");
    notice.mutable_notice()->add_blocked(std::string(2000, 'x'));
    const Script source(folder.at("s"), {begin(7), notice, commit(7, {})});
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_TEST(eventually([&] { return client.state().epoch == 7; }));
    BOOST_TEST(client.state().notice.problems.size() == agent::SourceNotice::kLinesMax);
    BOOST_TEST(client.state().notice.more == 10u);
    BOOST_TEST(client.state().notice.blocked.empty());
}

BOOST_AUTO_TEST_CASE(what_came_from_disk_is_not_sent_again) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    BOOST_REQUIRE(server->publish(numbered(3), 10).ok());
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), numbered(3), 4);
    BOOST_TEST(client.state().epoch == 4u);
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 10; }));
    BOOST_TEST(enforced.has(numbered(3)));
}

BOOST_AUTO_TEST_CASE(a_refused_epoch_leaves_the_one_before_and_the_next_works) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_REQUIRE(server->publish(numbered(3), 10).ok());
    BOOST_REQUIRE(eventually([&] { return enforced.stored_epoch() == 10; }));
    enforced.refuses = true;
    BOOST_REQUIRE(server->publish(numbered(4), 11).ok());
    BOOST_TEST(eventually([&] { return client.state().nacks >= 1; }));
    BOOST_TEST(enforced.has(numbered(3)));
    BOOST_TEST(client.state().epoch == 10u);
    BOOST_TEST(client.state().last_problems.at(0).what == "is not right");
    enforced.refuses = false;
    BOOST_REQUIRE(server->publish(numbered(5), 12).ok());
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 12; }));
    BOOST_TEST(enforced.has(numbered(5)));
    BOOST_TEST(client.state().last_problems.empty());
}

BOOST_AUTO_TEST_CASE(a_slow_dataplane_gets_the_latest_and_not_a_backlog) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    Enforced enforced;
    enforced.pause_ms = 100;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_REQUIRE(eventually([&] { return client.state().connected; }));
    for (std::uint32_t n = 1; n <= 50; ++n) BOOST_REQUIRE(server->publish(numbered(n), n).ok());
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 50; }));
    BOOST_TEST(enforced.has(numbered(50)));
    BOOST_TEST(enforced.times <= 4u);
}

BOOST_AUTO_TEST_CASE(a_source_that_went_and_came_back_is_found_again) {
    const test::Folder folder;
    auto server = serve(folder.at("s"));
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_REQUIRE(server->publish(numbered(3), 10).ok());
    BOOST_REQUIRE(eventually([&] { return enforced.stored_epoch() == 10; }));
    server.reset();
    BOOST_REQUIRE(eventually([&] { return !client.state().connected; }));
    BOOST_TEST(!client.state().last_error.empty());
    BOOST_TEST(enforced.has(numbered(3)));
    BOOST_TEST(client.state().epoch == 10u);
    server = serve(folder.at("s"));
    BOOST_REQUIRE(server->publish(numbered(4), 20).ok());
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 20; }));
    BOOST_TEST(enforced.has(numbered(4)));
}

BOOST_AUTO_TEST_CASE(a_large_snapshot_arrives_whole) {
    const test::Folder folder;
    const auto server = serve(folder.at("s"));
    proto::ResourceSet large = numbered(100'000);
    large.put({v1::RESOURCE_TYPE_TABLE, "k"}, std::string(8u << 20, 'x'));
    BOOST_REQUIRE(server->publish(large, 10).ok());
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_TEST(eventually([&] { return enforced.stored_epoch() == 10; }, 20s));
    BOOST_TEST(enforced.has(large));
}

BOOST_AUTO_TEST_CASE(a_wrong_hash_is_refused_and_everything_asked_for) {
    const test::Folder folder;
    Script script(folder.at("s"), {begin(5), commit(5, numbered(1))});
    Enforced enforced;
    const SyncClient client(options_for(folder.at("s")), enforced.hooks(), {}, 0);
    BOOST_REQUIRE(eventually([&] { return !script.heard().empty(); }));
    BOOST_REQUIRE(script.heard()[0].has_nack());
    BOOST_TEST(script.heard()[0].nack().need_full());
    BOOST_TEST(enforced.enforced_epoch() == 0u);
}

BOOST_AUTO_TEST_CASE(a_source_without_manners_is_left_and_nothing_is_enforced) {
    v1::FromSource chunk;
    chunk.mutable_chunk();
    const std::vector<std::vector<v1::FromSource>> scripts = {
        {commit(5, {})}, {chunk}, {begin(5), begin(6)}, {begin(5), commit(6, {})}, {{}}};
    for (const auto& lines : scripts) {
        const test::Folder folder;
        Script script(folder.at("s"), lines);
        Enforced enforced;
        const SyncClient client(options_for(folder.at("s")), enforced.hooks(), numbered(1), 4);
        BOOST_TEST(eventually(
            [&] { return client.state().last_error.find("protocol") != std::string::npos; }));
        BOOST_TEST(enforced.times == 0u);
        BOOST_TEST(client.state().epoch == 4u);
    }
}

BOOST_AUTO_TEST_CASE(an_epoch_over_the_limit_is_refused_before_it_is_whole) {
    const test::Folder folder;
    v1::FromSource chunk;
    v1::Resource& resource = *chunk.mutable_chunk()->add_upserts();
    resource.set_type(v1::RESOURCE_TYPE_RULE);
    resource.set_key("k");
    resource.set_body(std::string(2000, 'x'));
    Script script(folder.at("s"), {begin(5), chunk, chunk, chunk});
    Enforced enforced;
    SyncClient::Options options = options_for(folder.at("s"));
    options.limits.bytes_max = 1000;
    const SyncClient client(options, enforced.hooks(), {}, 0);
    BOOST_REQUIRE(eventually([&] { return !script.heard().empty(); }));
    BOOST_TEST(script.heard()[0].has_nack());
    BOOST_TEST(enforced.times == 0u);
}

namespace {

/// Two authorities, and certificates of the first and the second.
struct Certificates {
    Certificates() {
        const std::string script =
            "cd " + folder.path() +
            " && for n in 1 2; do openssl req -x509 -newkey ec -pkeyopt "
            "ec_paramgen_curve:prime256v1"
            " -nodes -keyout ca$n.key -out ca$n.pem -subj /CN=ca$n -days 2"
            " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            " -keyout node$n.key -out node$n.csr -subj /CN=node$n"
            " && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext"
            " && openssl x509 -req -in node$n.csr -CA ca$n.pem -CAkey ca$n.key -CAcreateserial"
            " -out node$n.pem -days 2 -extfile ext; done";
        made = std::system(("(" + script + ") >/dev/null 2>&1").c_str()) == 0;
    }
    transport::TlsFiles files(int authority, int node) const {
        const auto file = [this](const char* name, int number, const char* end) {
            return folder.at(name + std::to_string(number) + end);
        };
        return {file("ca", authority, ".pem"), file("node", node, ".pem"),
                file("node", node, ".key")};
    }
    test::Folder folder;
    bool made = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(over_tcp_both_ends_must_be_known_to_the_other) {
    const Certificates certificates;
    BOOST_REQUIRE(certificates.made);
    SnapshotServer::Options options;
    options.listen = {.path = {}, .host = "127.0.0.1", .port = 47444};
    options.tls = certificates.files(1, 1);
    auto server = SnapshotServer::start(options, [](const push::Event&) {});
    BOOST_REQUIRE(server.ok());
    BOOST_REQUIRE((*server)->publish(numbered(3), 10).ok());
    const auto connects = [&](int authority, int node) {
        Enforced enforced;
        SyncClient::Options mine = options_for("");
        mine.sync = options.listen;
        mine.tls = certificates.files(authority, node);
        const SyncClient client(mine, enforced.hooks(), {}, 0);
        return eventually([&] { return enforced.stored_epoch() == 10; }, 2s);
    };
    BOOST_TEST(connects(1, 1));
    BOOST_TEST(!connects(2, 1));  // the server's authority is not the one trusted here
    BOOST_TEST(!connects(1, 2));  // our certificate is of an authority the server does not trust
    BOOST_TEST(connects(1, 1));
}
