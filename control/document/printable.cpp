// SPDX-License-Identifier: Apache-2.0
#include "control/document/printable.hpp"

#include "control/document/utf8.hpp"

#include <cstdint>
#include <cstdio>

namespace tierwall::document {
namespace {

bool is_command(std::uint32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

/// Marks and overrides of direction, and separators that some terminals take for a line's end.
bool reorders(std::uint32_t point) {
    return point == 0x061c || point == 0x200e || point == 0x200f || point == 0xfeff ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

std::string escaped(std::uint32_t point) {
    if (point == '\n') return "\\n";
    if (point == '\r') return "\\r";
    if (point == '\t') return "\\t";
    char out[16];
    std::snprintf(out, sizeof(out), point < 0x80 ? "\\x%02x" : "\\u%04x", point);
    return out;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character next = first_character(text);
        if (next.length == 0) {
            char byte[8];
            std::snprintf(byte, sizeof(byte), "\\x%02x", static_cast<unsigned char>(text[0]));
            out += byte;
            text.remove_prefix(1);
            continue;
        }
        if (is_command(next.point) || reorders(next.point)) {
            out += escaped(next.point);
        } else {
            out += text.substr(0, next.length);
        }
        text.remove_prefix(next.length);
    }
    return out;
}

}  // namespace tierwall::document
