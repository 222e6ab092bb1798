// SPDX-License-Identifier: Apache-2.0
// parse(): one burst of frames that lie in the cache.
#include "bench/micro/ground.hpp"
#include "bench/path/frames.hpp"
#include "dataplane/base/protocol.hpp"

#include <array>
#include <vector>

namespace tierwall::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes plain(std::uint8_t protocol) {
    FrameBytes frame;
    write_frame(
        {*base::parse_address("10.0.0.1"), *base::parse_address("10.0.0.2"), 40000, 80, protocol},
        parse::tcp_flag::kAck, frame);
    return {frame.bytes.begin(), frame.bytes.begin() + 60};
}

Bytes tagged(const Bytes& frame) {
    Bytes out(frame.begin(), frame.begin() + 12);
    out.insert(out.end(), {0x81, 0x00, 0x00, 0x64});
    out.insert(out.end(), frame.begin() + 12, frame.end());
    return out;
}

/// An IPv6 header with so many empty options headers before UDP.
Bytes with_options(int headers) {
    Bytes out{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 0, 64};
    out[18] = 0;
    out[19] = static_cast<std::uint8_t>(8 + 8 * headers);
    constexpr std::uint8_t kOptions = 60;
    out[20] = headers > 0 ? kOptions : base::kIpUdp;
    for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
        out.insert(out.end(), {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
    }
    for (int i = 0; i < headers; ++i) {
        const bool is_last = i + 1 == headers;
        out.insert(out.end(),
                   {is_last ? std::uint8_t{base::kIpUdp} : kOptions, 0, 1, 4, 0, 0, 0, 0});
    }
    out.insert(out.end(), {0x9c, 0x40, 0, 53, 0, 8, 0x12, 0x34});
    return out;
}

void parse_burst(benchmark::State& state, const Bytes& frame) {
    std::array<Bytes, kMicroBurst> frames;
    frames.fill(frame);
    std::array<parse::Headers, kMicroBurst> headers;
    for (auto _ : state) {
        for (std::size_t i = 0; i < kMicroBurst; ++i) {
            parse::parse(frames[i], static_cast<std::uint32_t>(frames[i].size()), headers[i]);
        }
        benchmark::DoNotOptimize(headers);
    }
    for (const parse::Headers& each : headers) {
        if (each.kind != parse::Kind::Ip) return state.SkipWithError("the frame is not sound");
    }
    count_items(state, kMicroBurst);
}

BENCHMARK_CAPTURE(parse_burst, ipv4_tcp, plain(base::kIpTcp));
BENCHMARK_CAPTURE(parse_burst, ipv4_udp, plain(base::kIpUdp));
BENCHMARK_CAPTURE(parse_burst, ipv4_tcp_with_a_vlan_tag, tagged(plain(base::kIpTcp)));
BENCHMARK_CAPTURE(parse_burst, ipv6_udp, with_options(0));
BENCHMARK_CAPTURE(parse_burst, ipv6_udp_behind_4_extension_headers, with_options(4));

}  // namespace
}  // namespace tierwall::bench
