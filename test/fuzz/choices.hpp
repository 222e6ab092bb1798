// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Choices: where a maker of random things gets its decisions from, a fuzzer's bytes or a seed.
///
/// Bytes that have run out choose the first of everything and make nothing happen, so that every
/// input comes to an end.
///
/// Threads: one.
/// Memory:  a view of the bytes.
/// Cost:    a few nanoseconds a choice.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace tierwall::fuzz {

class Choices {
public:
    explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    explicit Choices(std::uint64_t seed) : state_(seed), endless_(true) {}

    bool is_over() const { return !endless_ && bytes_.empty(); }
    /// 0 .. limit - 1.
    std::uint32_t below(std::uint32_t limit) {
        std::uint32_t value = byte();
        if (limit > 256) value = value << 8 | byte();
        return value % limit;
    }
    /// Never when the bytes have run out.
    bool chance(std::uint32_t per_256) { return byte() + per_256 >= 256; }
    const char* pick(std::initializer_list<const char*> list) {
        return *(list.begin() + below(static_cast<std::uint32_t>(list.size())));
    }
    std::uint8_t byte() {
        if (endless_) return next();
        if (bytes_.empty()) return 0;
        const std::uint8_t value = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return value;
    }

private:
    /// SplitMix64: the same everywhere, and every seed is as good as another.
    std::uint8_t next() {
        if (left_ == 0) {
            state_ += 0x9e3779b97f4a7c15u;
            word_ = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9u;
            word_ = (word_ ^ (word_ >> 27)) * 0x94d049bb133111ebu;
            word_ ^= word_ >> 31;
            left_ = 8;
        }
        --left_;
        const auto value = static_cast<std::uint8_t>(word_);
        word_ >>= 8;
        return value;
    }

    std::span<const std::uint8_t> bytes_;
    std::uint64_t state_ = 0;
    std::uint64_t word_ = 0;
    unsigned left_ = 0;
    bool endless_ = false;
};

}  // namespace tierwall::fuzz
