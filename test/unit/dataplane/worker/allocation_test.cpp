// SPDX-License-Identifier: Apache-2.0
#include "test/unit/dataplane/worker/world.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// The C library's allocator, counted. Sanitizers bring their own, so there this file tests nothing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define TIERWALL_COUNTS_ALLOCATIONS 1

namespace {
std::atomic<std::uint64_t> allocations{0};
thread_local bool counting = false;

void count() noexcept {
    if (counting) allocations.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* malloc(std::size_t size) {
    count();
    return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
    count();
    return __libc_calloc(number, size);
}
void* realloc(void* old, std::size_t size) {
    count();
    return __libc_realloc(old, size);
}
}
#endif

using namespace tierwall;
using namespace tierwall::worker;
using namespace tierwall::worker::testing;
using base::Action;
using support::frame;
namespace flag = parse::tcp_flag;

#ifdef TIERWALL_COUNTS_ALLOCATIONS
namespace {

struct Traffic {
    std::vector<support::Bytes> bytes;
    std::vector<Frame> frames;

    void add(support::Bytes packet, std::uint16_t port) {
        bytes.push_back(std::move(packet));
        const auto length = static_cast<std::uint32_t>(bytes.back().size());
        frames.push_back({bytes.back().data(), length, length, port});
    }
};

/// Some of everything that takes a path of its own.
Traffic mixed(const Cast& cast) {
    Traffic traffic;
    const auto segment = [&](std::uint16_t port, std::uint8_t flags) {
        return support::ip(
            {.source = cast.bank, .destination = cast.shop},
            support::tcp({.source_port = port, .destination_port = 80, .flags = flags}));
    };
    for (std::uint16_t i = 0; i < 16; ++i) {
        traffic.add(frame(segment(i, flag::kSyn)), kBankPort);
        traffic.add(frame(segment(i, flag::kAck)), kBankPort);
        traffic.add(frame(segment(static_cast<std::uint16_t>(i + 100), flag::kRst)), kBankPort);
        traffic.add(frame({.source = cast.far_pod, .destination = cast.bank},
                          support::udp({.source_port = i, .destination_port = 53})),
                    kUplink);
        traffic.add(frame({.source = cast.stranger, .destination = cast.bank},
                          support::udp({.source_port = i, .destination_port = 53})),
                    kShopPort);
    }
    for (const auto& piece : support::fragments(
             {.source = cast.bank, .destination = cast.shop, .id = 5},
             support::udp(
                 {.source_port = 1, .destination_port = 2, .payload = support::Bytes(200, 0)}),
             64)) {
        traffic.add(frame(piece), kBankPort);
    }
    traffic.add(frame({.source = cast.shop, .destination = cast.bank},
                      cast.family == base::Family::IPv4
                          ? support::icmp_error(3, 3, segment(1, flag::kSyn))
                          : support::icmp_error(1, 4, segment(1, flag::kSyn))),
                kShopPort);
    traffic.add(frame({.source = cast.bank, .destination = cast.group},
                      support::udp({.source_port = 1, .destination_port = 5353})),
                kBankPort);
    traffic.add(support::arp(1, kCast4.bank, kCast4.shop), kBankPort);
    traffic.add(support::Bytes(20, 0), kUplink);
    return traffic;
}

}  // namespace

BOOST_AUTO_TEST_CASE(judging_a_hundred_thousand_packets_allocates_nothing) {
    Pipeline::Config config = World::default_config();
    config.pickup_s = 60;
    World world({.rules = {{.subject = kBank, .peer = kFarPod, .action = Action::Deny, .rule = 7}}},
                config);
    std::vector<Traffic> kinds;
    kinds.push_back(mixed(kCast4));
    kinds.push_back(mixed(kCast6));
    std::array<parse::Headers, kBurst> headers;
    std::array<Outcome, kBurst> outcomes;
    std::uint64_t judged = 0;
    Snapshot snapshot = *world.snapshot;
    const std::uint32_t shop = world.entry(kCast4.shop).slot;
    counting = true;
    for (std::uint32_t round = 0; judged < 100'000; ++round) {
        const Traffic& traffic = kinds[round % 2];
        for (std::size_t at = 0; at < traffic.frames.size(); at += kBurst) {
            const std::size_t size = std::min(kBurst, traffic.frames.size() - at);
            world.pipeline->judge({&traffic.frames[at], size}, {&snapshot, world.now_ms},
                                  {headers.data(), size}, {outcomes.data(), size});
            static_cast<void>(world.pipeline->judge_delivery(headers[0], &snapshot, kShopPort));
            world.pipeline->expire(world.now_ms);
            judged += size;
        }
        world.now_ms += 400;
        // Changes what decides the flows, as the control thread does.
        if (round % 50 == 0) world.addresses->touch(shop, ++snapshot.generation);
    }
    counting = false;
    BOOST_CHECK_EQUAL(allocations.load(), 0);
    BOOST_CHECK_GT(world.pipeline->counters().flows_rejudged.read(), 10);
    // It counts: one allocation is seen.
    counting = true;
    ::operator delete(::operator new(64));
    counting = false;
    BOOST_CHECK_EQUAL(allocations.load(), 1);
    const base::Counters& counters = world.pipeline->counters();
    for (const base::Reason reason :
         {base::Reason::Policy, base::Reason::Established, base::Reason::PolicyDeny,
          base::Reason::FragmentFollows, base::Reason::RelatedIcmp, base::Reason::UnknownSource,
          base::Reason::NeighbourDiscovery}) {
        BOOST_CHECK_MESSAGE(counters.of(reason).read() > 100, base::name(reason));
    }
}
#endif
