// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Frames: hand-built packets, and a place for them where reading one byte too far is fatal.
///
/// Threads: one.
/// Memory:  vectors; two pages for GuardedBytes.
/// Cost:    tests only.

#include "dataplane/base/address.hpp"
#include "dataplane/parse/headers.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace tierwall::test {

using Bytes = std::vector<std::uint8_t>;
/// For loops over a few numbers.
using Octets = std::initializer_list<std::uint8_t>;
using Words = std::initializer_list<std::uint16_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
inline Bytes u16(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}
inline Bytes u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }
inline Bytes zeros(std::size_t count) { return Bytes(count, 0); }

inline base::Address address(const std::string& text) { return base::parse_address(text).value(); }

/// 4 or 16 bytes.
inline Bytes address_bytes(const std::string& text) {
    if (text.rfind("::ffff:", 0) == 0) {  // only here a mapped address is meant literally
        const base::Address mapped = address(text);
        return Bytes(mapped.bytes.begin(), mapped.bytes.end());
    }
    const base::Address parsed = address(text);
    return Bytes(parsed.bytes.begin() + (parsed.is_v4() ? 12 : 0), parsed.bytes.end());
}

inline const Bytes kMacA{0x02, 0, 0, 0, 0, 0x0a};
inline const Bytes kMacB{0x02, 0, 0, 0, 0, 0x0b};

inline Bytes ethernet(std::uint16_t type, const Bytes& payload) {
    return kMacB + kMacA + u16(type) + payload;
}
inline Bytes tagged(std::uint16_t tag_type, std::uint16_t vlan, std::uint16_t type,
                    const Bytes& payload) {
    return kMacB + kMacA + u16(tag_type) + u16(vlan) + u16(type) + payload;
}

struct V4 {
    std::string source = "10.0.0.1";
    std::string destination = "10.0.0.2";
    std::uint8_t protocol = base::kIpTcp;
    std::uint16_t fragment = 0;  ///< flags and offset
    std::uint16_t id = 0x1234;
    std::uint8_t ttl = 64;
    Bytes options = {};  ///< a multiple of 4 bytes
};
inline Bytes ipv4(const V4& v4, const Bytes& payload) {
    const auto words = static_cast<std::uint8_t>(5 + v4.options.size() / 4);
    const auto total = static_cast<std::uint32_t>(words * 4u + payload.size());
    return Bytes{static_cast<std::uint8_t>(0x40 | words), 0} + u16(total) + u16(v4.id) +
           u16(v4.fragment) + Bytes{v4.ttl, v4.protocol, 0, 0} + address_bytes(v4.source) +
           address_bytes(v4.destination) + v4.options + payload;
}

struct V6 {
    std::string source = "2001:db8::1";
    std::string destination = "2001:db8::2";
    std::uint8_t next = base::kIpTcp;
    std::uint8_t hop_limit = 64;
};
inline Bytes ipv6(const V6& v6, const Bytes& payload) {
    return Bytes{0x60, 0, 0, 0} + u16(static_cast<std::uint32_t>(payload.size())) +
           Bytes{v6.next, v6.hop_limit} + address_bytes(v6.source) + address_bytes(v6.destination) +
           payload;
}

/// A hop-by-hop, routing or destination options header of `units` times 8 bytes.
inline Bytes extension(std::uint8_t next, std::size_t units = 1) {
    return Bytes{next, static_cast<std::uint8_t>(units - 1)} + zeros(units * 8 - 2);
}
inline Bytes fragment_header(std::uint8_t next, std::uint16_t offset_and_more, std::uint32_t id) {
    return Bytes{next, 0} + u16(offset_and_more) + u32(id);
}

inline Bytes tcp(std::uint8_t flags = parse::tcp_flag::kSyn, const Bytes& payload = {},
                 std::uint8_t words = 5) {
    return u16(1000) + u16(80) + u32(1) + u32(0) +
           Bytes{static_cast<std::uint8_t>(words << 4), flags} + u16(0xffff) + u32(0) +
           zeros(words > 5 ? (words - 5u) * 4 : 0) + payload;
}
inline Bytes udp(const Bytes& payload = {}) {
    return u16(1000) + u16(53) + u16(static_cast<std::uint32_t>(8 + payload.size())) + u16(0) +
           payload;
}
inline Bytes sctp() { return u16(1000) + u16(9003) + u32(7) + u32(0) + Bytes{1, 0, 0, 4}; }
inline Bytes icmp(std::uint8_t type, std::uint8_t code = 0, std::uint16_t identifier = 0,
                  const Bytes& payload = {}) {
    return Bytes{type, code, 0, 0} + u16(identifier) + u16(1) + payload;
}
inline Bytes arp(std::uint16_t operation, const std::string& sender, const std::string& target) {
    return u16(1) + u16(0x0800) + Bytes{6, 4} + u16(operation) + kMacA + address_bytes(sender) +
           kMacB + address_bytes(target);
}

inline Bytes frame4(const V4& v4, const Bytes& payload) {
    return ethernet(base::kEtherIpv4, ipv4(v4, payload));
}
inline Bytes frame6(const V6& v6, const Bytes& payload) {
    return ethernet(base::kEtherIpv6, ipv6(v6, payload));
}

/// Memory whose last byte is followed by a page that must not be touched.
class GuardedBytes {
public:
    static constexpr std::size_t kPage = 4096;
    static constexpr std::size_t kRoom = 32 * kPage;

    GuardedBytes()
        : start_(static_cast<std::uint8_t*>(mmap(nullptr, kRoom + kPage, PROT_READ | PROT_WRITE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
        mprotect(start_ + kRoom, kPage, PROT_NONE);
    }
    ~GuardedBytes() { munmap(start_, kRoom + kPage); }
    GuardedBytes(const GuardedBytes&) = delete;
    GuardedBytes& operator=(const GuardedBytes&) = delete;

    std::span<const std::uint8_t> hold(std::span<const std::uint8_t> bytes) {
        std::uint8_t* at = start_ + kRoom - bytes.size();
        if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
        return {at, bytes.size()};
    }

private:
    std::uint8_t* start_;
};

/// parse() of a frame at the very end of a page.
inline parse::Headers parsed(std::span<const std::uint8_t> frame, std::size_t length) {
    static GuardedBytes memory;
    return parse::parse(memory.hold(frame), static_cast<std::uint32_t>(length));
}
inline parse::Headers parsed(std::span<const std::uint8_t> frame) {
    return parsed(frame, frame.size());
}

}  // namespace tierwall::test
