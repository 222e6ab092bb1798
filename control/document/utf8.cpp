// SPDX-License-Identifier: Apache-2.0
#include "control/document/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tierwall::document {
namespace {

struct Form {
    std::size_t length;
    std::uint32_t first;  ///< bits of the leading byte
    std::uint32_t least;  ///< smaller values have a shorter form
};

/// By its leading byte; length 0: there is no such form.
Form form_of(unsigned char lead) {
    if (lead < 0x80) return {1, lead, 0};
    if (lead >= 0xc2 && lead < 0xe0) return {2, lead & 0x1fu, 0x80};
    if (lead >= 0xe0 && lead < 0xf0) return {3, lead & 0x0fu, 0x800};
    if (lead >= 0xf0 && lead < 0xf5) return {4, lead & 0x07u, 0x10000};
    return {0, 0, 0};
}

bool is_allowed(std::uint32_t point) {
    if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    return point != 0x7f && !surrogate && point <= 0x10ffff;
}

/// Bytes of the character at the start of `text`; 0: none that may stand there.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const Form form = form_of(byte(0));
    if (form.length == 0 || form.length > text.size()) return 0;
    std::uint32_t point = form.first;
    for (std::size_t i = 1; i < form.length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        point = point << 6 | (byte(i) & 0x3fu);
    }
    return point >= form.least && is_allowed(point) ? form.length : 0;
}

}  // namespace

base::Status check_utf8(std::string_view text, const std::string& name) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = character_length(text.substr(at, 4));
        if (length == 0) {
            const auto line =
                1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
            return base::Error{base::Errc::Invalid, name + ":" + std::to_string(line),
                               "a byte that is no UTF-8 text, or a control character"};
        }
        at += length;
    }
    return base::Done{};
}

}  // namespace tierwall::document
