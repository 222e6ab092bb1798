// SPDX-License-Identifier: Apache-2.0
#include "test/oracle/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace tierwall::oracle {

namespace {

/// Kubernetes' old parser took 010 for ten, inet_pton takes it for an error.
std::string without_leading_zeros(const std::string& text) {
    if (text.find(':') != std::string::npos) return text;
    std::string out;
    bool start = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit_follows = i + 1 < text.size() && std::isdigit(text[i + 1]) != 0;
        if (start && text[i] == '0' && digit_follows) continue;
        out += text[i];
        start = text[i] == '.';
    }
    return out;
}

void set_bit(Ip& ip, int bit, bool value) {
    std::uint8_t& byte = ip.bytes[static_cast<std::size_t>(bit / 8)];
    const int mask = 0x80 >> (bit % 8);
    byte = static_cast<std::uint8_t>(value ? byte | mask : byte & ~mask);
}

template <typename T>
T must(std::optional<T> value, const std::string& text) {
    if (value) return *value;
    std::fprintf(stderr, "no address or block: %s\n", text.c_str());
    std::abort();
}

}  // namespace

std::optional<Ip> parse_ip(const std::string& text) {
    Ip ip;
    const std::string clean = without_leading_zeros(text);
    ip.v6 = clean.find(':') != std::string::npos;
    if (inet_pton(ip.v6 ? AF_INET6 : AF_INET, clean.c_str(), ip.bytes.data()) != 1) {
        return std::nullopt;
    }
    return ip;
}

Ip read_ip(const std::string& text) { return must(parse_ip(text), text); }

std::string text(const Ip& ip) {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(ip.v6 ? AF_INET6 : AF_INET, ip.bytes.data(), buffer, sizeof buffer);
    return buffer;
}

bool is_mapped(const Ip& ip) {
    if (!ip.v6 || ip.bytes[10] != 0xff || ip.bytes[11] != 0xff) return false;
    return std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10,
                       [](auto byte) { return byte == 0; });
}

namespace {

/// The old parser also took any number of zeros before an IPv6 group.
std::string with_short_groups(const std::string& text) {
    std::string out;
    std::string group;
    const auto close = [&] {
        const std::size_t first = group.find_first_not_of('0');
        const bool all_zero = first == std::string::npos;
        if (!group.empty()) out += all_zero ? "0" : group.substr(first);
        group.clear();
    };
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
            group += c;
            continue;
        }
        close();
        out += c;
    }
    close();
    return out;
}

std::optional<Block> block_as_written(const std::string& text, bool stored) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return std::nullopt;
    const std::string start = text.substr(0, slash);
    const auto address = parse_ip(stored ? with_short_groups(start) : start);
    const std::string digits = text.substr(slash + 1);
    const bool is_number = !digits.empty() && digits.size() <= 3 &&
                           std::all_of(digits.begin(), digits.end(),
                                       [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!address || !is_number) return std::nullopt;
    const int length = std::stoi(digits);
    if (length > address->bits()) return std::nullopt;
    return Block{*address, length};
}

}  // namespace

std::optional<Block> parse_block(const std::string& text) {
    const auto block = block_as_written(text, false);
    return block && !is_mapped(block->address) ? block : std::nullopt;
}

std::optional<Block> parse_stored_block(const std::string& text) {
    const auto block = block_as_written(text, true);
    if (!block || !is_mapped(block->address) || block->length < 96) return block;
    Block out{{}, block->length - 96};
    std::copy_n(block->address.bytes.begin() + 12, 4, out.address.bytes.begin());
    return out;
}

Block read_block(const std::string& text) { return must(parse_block(text), text); }

bool contains(const Block& block, const Ip& ip) {
    if (block.address.v6 != ip.v6) return false;
    for (int bit = 0; bit < block.length; ++bit) {
        const std::size_t byte = static_cast<std::size_t>(bit / 8);
        const int mask = 0x80 >> (bit % 8);
        if (((block.address.bytes[byte] ^ ip.bytes[byte]) & mask) != 0) return false;
    }
    return true;
}

Ip first_address(const Block& block) {
    Ip ip = block.address;
    for (int bit = block.length; bit < ip.bits(); ++bit) set_bit(ip, bit, false);
    return ip;
}

Ip last_address(const Block& block) {
    Ip ip = block.address;
    for (int bit = block.length; bit < ip.bits(); ++bit) set_bit(ip, bit, true);
    return ip;
}

Ip neighbour(Ip ip, int step) {
    for (std::size_t i = static_cast<std::size_t>(ip.bits() / 8); i-- > 0;) {
        const int sum = ip.bytes[i] + step;
        ip.bytes[i] = static_cast<std::uint8_t>(sum & 0xff);
        if (sum >= 0 && sum <= 255) break;
    }
    return ip;
}

}  // namespace tierwall::oracle
