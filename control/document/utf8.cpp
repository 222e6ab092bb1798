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

bool is_refused_control(std::uint32_t point) {
    if (point < 0x20) return point != '\t' && point != '\n' && point != '\r';
    return point == 0x7f;
}

}  // namespace

Character first_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const Form form = form_of(byte(0));
    if (form.length == 0 || form.length > text.size()) return {};
    std::uint32_t point = form.first;
    for (std::size_t i = 1; i < form.length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        point = point << 6 | (byte(i) & 0x3fu);
    }
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    if (point < form.least || surrogate || point > 0x10ffff) return {};
    return {point, form.length};
}

base::Status check_utf8(std::string_view text, const std::string& name) {
    for (std::size_t at = 0; at < text.size();) {
        const Character next = first_character(text.substr(at));
        if (next.length == 0 || is_refused_control(next.point)) {
            const auto line =
                1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
            return base::Error{base::Errc::Invalid, name + ":" + std::to_string(line),
                               "a byte that is no UTF-8 text, or a control character"};
        }
        at += next.length;
    }
    return base::Done{};
}

}  // namespace tierwall::document
