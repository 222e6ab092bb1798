// SPDX-License-Identifier: Apache-2.0
#include "control/push/server.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

using namespace tierwall;
using push::Event;
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

/// A server on a local socket of its own, and the events it told.
struct Source {
    Source() : Source(push::Pace{}) {}
    explicit Source(const push::Pace& pace, std::size_t subscribers_max = 8) {
        std::string name = "/tmp/twpush-XXXXXX";
        folder = ::mkdtemp(name.data());
        SnapshotServer::Options options;
        options.listen.path = folder + "/sync.sock";
        options.pace = pace;
        options.subscribers_max = subscribers_max;
        auto started = SnapshotServer::start(options, [this](const Event& event) {
            const std::lock_guard lock(mutex);
            events.push_back(event);
        });
        BOOST_REQUIRE(started.ok());
        server = std::move(*started);
    }
    ~Source() {
        server.reset();
        std::filesystem::remove_all(folder);
    }
    std::optional<Event> wait_for(Event::Kind kind) {
        for (int i = 0; i < 500; ++i) {
            {
                const std::lock_guard lock(mutex);
                for (const Event& event : events) {
                    if (event.kind == kind) return event;
                }
            }
            std::this_thread::sleep_for(10ms);
        }
        return std::nullopt;
    }

    std::string folder;
    std::mutex mutex;
    std::vector<Event> events;
    std::unique_ptr<SnapshotServer> server;
};

/// A dataplane played by hand.
class Dataplane {
public:
    explicit Dataplane(const Source& source)
        : channel_(grpc::CreateChannel("unix:" + source.folder + "/sync.sock",
                                       grpc::InsecureChannelCredentials())),
          stub_(v1::PolicyStream::NewStub(channel_)) {
        context_.set_deadline(std::chrono::system_clock::now() + 10s);
        stream_ = stub_->Subscribe(&context_);
    }
    ~Dataplane() {
        if (!ended_) end();
    }
    void hello(const std::string& name, const std::string& hash = {}) {
        v1::FromDataplane message;
        message.mutable_hello()->set_dataplane(name);
        message.mutable_hello()->set_protocol(1);
        message.mutable_hello()->set_have_hash(hash);
        message.mutable_hello()->set_have_epoch(hash.empty() ? 0 : 1);
        stream_->Write(message);
    }
    /// All messages up to and including the next Commit.
    std::vector<v1::FromSource> epoch() {
        std::vector<v1::FromSource> out;
        v1::FromSource message;
        while (stream_->Read(&message)) {
            out.push_back(message);
            if (message.has_commit()) return out;
        }
        return {};
    }
    void ack(const v1::Commit& commit) {
        v1::FromDataplane message;
        message.mutable_ack()->set_epoch(commit.epoch());
        message.mutable_ack()->set_hash(commit.hash());
        stream_->Write(message);
    }
    void nack(std::uint64_t epoch, bool need_full) {
        v1::FromDataplane message;
        message.mutable_nack()->set_epoch(epoch);
        message.mutable_nack()->set_need_full(need_full);
        v1::Problem& problem = *message.mutable_nack()->add_problems();
        problem.set_where("Rule 1");
        problem.set_what("two\nlines");
        stream_->Write(message);
    }
    void write(const v1::FromDataplane& message) { stream_->Write(message); }
    grpc::Status end() {
        ended_ = true;
        v1::FromSource message;
        stream_->WritesDone();
        context_.TryCancel();
        while (stream_->Read(&message)) {
        }
        return stream_->Finish();
    }
    /// Waits for the server to end the stream.
    grpc::Status ending() {
        ended_ = true;
        v1::FromSource message;
        while (stream_->Read(&message)) {
        }
        return stream_->Finish();
    }

private:
    grpc::ClientContext context_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::PolicyStream::Stub> stub_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::FromDataplane, v1::FromSource>> stream_;
    bool ended_ = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_dataplane_gets_everything_and_a_known_one_the_difference) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(3), 10).ok());
    Dataplane dataplane(source);
    dataplane.hello("a");
    auto messages = dataplane.epoch();
    BOOST_REQUIRE_EQUAL(messages.size(), 3u);
    BOOST_TEST(messages[0].begin().full());
    dataplane.ack(messages.back().commit());
    BOOST_REQUIRE(source.server->publish(numbered(4), 11).ok());
    messages = dataplane.epoch();
    BOOST_REQUIRE_EQUAL(messages.size(), 3u);
    BOOST_TEST(!messages[0].begin().full());
    BOOST_TEST(messages[0].begin().base_epoch() == 10u);
    BOOST_TEST(messages[1].chunk().upserts_size() == 1);
    dataplane.ack(messages.back().commit());
}

BOOST_AUTO_TEST_CASE(a_dataplane_that_has_it_gets_no_chunks) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(3), 10).ok());
    Dataplane dataplane(source);
    dataplane.hello("a", numbered(3).hash().bytes());
    const auto messages = dataplane.epoch();
    BOOST_REQUIRE_EQUAL(messages.size(), 2u);
    BOOST_TEST(!messages[0].begin().full());
    BOOST_TEST(messages[1].commit().epoch() == 10u);
}

BOOST_AUTO_TEST_CASE(while_an_epoch_is_unanswered_only_the_latest_of_the_next_is_sent) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane dataplane(source);
    dataplane.hello("slow");
    const auto first = dataplane.epoch();
    for (std::uint32_t n = 2; n <= 20; ++n) {
        BOOST_REQUIRE(source.server->publish(numbered(n), n).ok());
    }
    dataplane.ack(first.back().commit());
    const auto second = dataplane.epoch();
    BOOST_REQUIRE(!second.empty());
    BOOST_TEST(second.back().commit().epoch() == 20u);
    BOOST_TEST(second.back().commit().resources() == 20u);
}

BOOST_AUTO_TEST_CASE(a_silent_dataplane_does_not_hold_back_another) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane silent(source);
    silent.hello("silent");
    silent.epoch();
    Dataplane quick(source);
    quick.hello("quick");
    for (std::uint32_t n = 2; n <= 6; ++n) {
        const auto messages = quick.epoch();
        BOOST_REQUIRE(!messages.empty());
        BOOST_TEST(messages.back().commit().epoch() == n - 1);
        quick.ack(messages.back().commit());
        BOOST_REQUIRE(source.server->publish(numbered(n), n).ok());
    }
}

BOOST_AUTO_TEST_CASE(a_refused_epoch_comes_again_after_a_pause_that_doubles) {
    push::Pace pace;
    pace.retry_first = 300ms;
    Source source(pace);
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane dataplane(source);
    dataplane.hello("a");
    dataplane.nack(dataplane.epoch().back().commit().epoch(), false);
    const auto start = std::chrono::steady_clock::now();
    dataplane.nack(dataplane.epoch().back().commit().epoch(), false);
    const auto once = std::chrono::steady_clock::now();
    BOOST_TEST(dataplane.epoch().back().commit().epoch() == 1u);
    const auto twice = std::chrono::steady_clock::now();
    BOOST_TEST(((once - start) >= 250ms));
    BOOST_TEST(((twice - once) >= 550ms));
    const auto refused = source.wait_for(Event::Kind::Refused);
    BOOST_REQUIRE(refused.has_value());
    BOOST_TEST(refused->text() == "a refused epoch 1: Rule 1: two?lines (again in 300 ms)");
}

BOOST_AUTO_TEST_CASE(the_next_epoch_does_not_wait_for_the_pause_of_a_refused_one) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane dataplane(source);
    dataplane.hello("a");
    dataplane.nack(dataplane.epoch().back().commit().epoch(), false);
    BOOST_REQUIRE(source.wait_for(Event::Kind::Refused).has_value());
    const auto start = std::chrono::steady_clock::now();
    BOOST_REQUIRE(source.server->publish(numbered(2), 2).ok());
    BOOST_TEST(dataplane.epoch().back().commit().epoch() == 2u);
    BOOST_TEST(((std::chrono::steady_clock::now() - start) < 500ms));
}

BOOST_AUTO_TEST_CASE(need_full_is_answered_with_everything_at_once) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(3), 1).ok());
    Dataplane dataplane(source);
    dataplane.hello("a", numbered(3).hash().bytes());
    const auto start = std::chrono::steady_clock::now();
    dataplane.nack(dataplane.epoch().back().commit().epoch(), true);
    const auto messages = dataplane.epoch();
    BOOST_REQUIRE_EQUAL(messages.size(), 3u);
    BOOST_TEST(messages[0].begin().full());
    BOOST_TEST(((std::chrono::steady_clock::now() - start) < 500ms));
}

BOOST_AUTO_TEST_CASE(a_dataplane_that_breaks_the_protocol_is_sent_away_with_a_reason) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(3), 1).ok());
    {
        Dataplane twice(source);
        twice.hello("a");
        twice.hello("a");
        BOOST_TEST(twice.ending().error_message() == "a second Hello");
    }
    {
        Dataplane early(source);
        v1::Commit commit;
        commit.set_epoch(1);
        early.ack(commit);
        BOOST_TEST(early.ending().error_message() == "the first message must be Hello");
    }
    {
        Dataplane nameless(source);
        nameless.hello("");
        BOOST_TEST((nameless.ending().error_code() == grpc::StatusCode::INVALID_ARGUMENT));
    }
    {
        Dataplane shorthash(source);
        shorthash.hello("a", "short");
        BOOST_TEST(shorthash.ending().error_message() == "have_hash must be 16 bytes");
    }
    {
        Dataplane liar(source);
        liar.hello("a");
        v1::Commit commit = liar.epoch().back().commit();
        commit.set_hash(std::string(16, 'x'));
        liar.ack(commit);
        BOOST_TEST(liar.ending().error_message() == "an Ack with another hash");
    }
    {
        Dataplane future(source);
        v1::FromDataplane message;
        message.mutable_hello()->set_dataplane("a");
        message.mutable_hello()->set_protocol(2);
        future.write(message);
        BOOST_TEST((future.ending().error_code() == grpc::StatusCode::FAILED_PRECONDITION));
    }
    Dataplane good(source);
    good.hello("good");
    BOOST_TEST(!good.epoch().empty());
}

BOOST_AUTO_TEST_CASE(one_that_says_nothing_is_sent_away_in_time) {
    push::Pace pace;
    pace.hello_max = 300ms;
    pace.answer_max = 300ms;
    Source source(pace);
    BOOST_REQUIRE(source.server->publish(numbered(3), 1).ok());
    Dataplane mute(source);
    BOOST_TEST((mute.ending().error_code() == grpc::StatusCode::DEADLINE_EXCEEDED));
    Dataplane stuck(source);
    stuck.hello("stuck");
    BOOST_TEST(stuck.ending().error_message() == "the epoch was not answered");
}

BOOST_AUTO_TEST_CASE(one_dataplane_too_many_is_refused_until_another_leaves) {
    Source source(push::Pace{}, 2);
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane first(source);
    first.hello("first");
    BOOST_TEST(!first.epoch().empty());
    {
        Dataplane second(source);
        second.hello("second");
        BOOST_TEST(!second.epoch().empty());
        Dataplane third(source);
        BOOST_TEST((third.ending().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED));
    }
    BOOST_REQUIRE(source.wait_for(Event::Kind::Disconnected).has_value());
    bool served = false;
    for (int i = 0; i < 100 && !served; ++i) {
        Dataplane fourth(source);
        fourth.hello("fourth");
        served = !fourth.epoch().empty();
        std::this_thread::sleep_for(10ms);
    }
    BOOST_TEST(served);
}

BOOST_AUTO_TEST_CASE(an_epoch_that_all_enforce_is_told_in_one_line) {
    Source source;
    Dataplane dataplane(source);
    dataplane.hello("a");
    BOOST_REQUIRE(source.wait_for(Event::Kind::Connected).has_value());
    BOOST_REQUIRE(source.server->publish(numbered(3), 12).ok());
    dataplane.ack(dataplane.epoch().back().commit());
    const auto event = source.wait_for(Event::Kind::Enforced);
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(event->text().starts_with(
        "epoch 12: 3 resources changed, 1 of 1 dataplanes enforce it after "));
    BOOST_TEST(source.server->dataplanes().front().acked_epoch == 12u);
}

BOOST_AUTO_TEST_CASE(an_epoch_that_some_do_not_enforce_is_told_with_their_names) {
    Source source;
    Dataplane dataplane(source);
    dataplane.hello("late");
    BOOST_REQUIRE(source.wait_for(Event::Kind::Connected).has_value());
    BOOST_REQUIRE(source.server->publish(numbered(3), 12).ok());
    const auto event = source.wait_for(Event::Kind::Enforced);
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(event->text().find("0 of 1 dataplanes") != std::string::npos);
    BOOST_TEST(event->text().ends_with("waiting for late"));
}

BOOST_AUTO_TEST_CASE(a_resource_that_cannot_travel_is_not_published) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    proto::ResourceSet set = numbered(1);
    set.put({v1::RESOURCE_TYPE_TABLE, "k"}, std::string(push::kResourceBytesMax, 'x'));
    BOOST_TEST(source.server->publish(set, 2).ok());
    set.put({v1::RESOURCE_TYPE_TABLE, "k"}, std::string(push::kResourceBytesMax + 1, 'x'));
    BOOST_TEST(!source.server->publish(set, 3).ok());
    Dataplane dataplane(source);
    dataplane.hello("a");
    BOOST_TEST(!dataplane.epoch().empty() == false);  // over the default limit of this client
}

BOOST_AUTO_TEST_CASE(the_local_socket_is_guarded_and_taken_by_one_server_only) {
    Source source;
    struct stat facts {};
    const std::string path = source.folder + "/sync.sock";
    BOOST_REQUIRE_EQUAL(::stat(path.c_str(), &facts), 0);
    BOOST_TEST((facts.st_mode & 0777) == 0660);
    SnapshotServer::Options options;
    options.listen.path = path;
    const auto second = SnapshotServer::start(options, [](const Event&) {});
    BOOST_REQUIRE(!second.ok());
    BOOST_TEST((second.error().code == base::Errc::Duplicate));
}

BOOST_AUTO_TEST_CASE(tcp_without_tls_is_refused) {
    SnapshotServer::Options options;
    options.listen.host = "127.0.0.1";
    options.listen.port = 47443;
    const auto server = SnapshotServer::start(options, [](const Event&) {});
    BOOST_REQUIRE(!server.ok());
    BOOST_TEST((server.error().code == base::Errc::Forbidden));
}

BOOST_AUTO_TEST_CASE(a_stop_with_streams_open_ends_them_soon) {
    Source source;
    BOOST_REQUIRE(source.server->publish(numbered(1), 1).ok());
    Dataplane dataplane(source);
    dataplane.hello("a");
    BOOST_TEST(!dataplane.epoch().empty());
    const auto start = std::chrono::steady_clock::now();
    source.server->stop();
    BOOST_TEST(((std::chrono::steady_clock::now() - start) < 1s));
    BOOST_TEST((dataplane.ending().error_code() == grpc::StatusCode::UNAVAILABLE));
}
