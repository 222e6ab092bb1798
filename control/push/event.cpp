// SPDX-License-Identifier: Apache-2.0
#include "control/push/event.hpp"

#include <cstdio>

namespace tierwall::push {

namespace {

std::string count(std::size_t number, const char* noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string enforced(const Event& event) {
    std::string out = "epoch " + std::to_string(event.epoch) + ": " +
                      count(event.changed, "resource") + " changed, ";
    if (event.connected == 0) return out + "no dataplane is connected";
    char elapsed[32];
    std::snprintf(elapsed, sizeof(elapsed), "%.1f", event.elapsed_ms);
    out += std::to_string(event.enforcing) + " of " + std::to_string(event.connected) +
           " dataplanes enforce it after " + elapsed + " ms";
    return event.what.empty() ? out : out + ", " + event.what;
}

std::string refused(const Event& event) {
    std::string out = event.dataplane + " refused epoch " + std::to_string(event.epoch);
    const char* separator = ": ";
    for (const base::Error& problem : event.problems) {
        out += separator + problem.text();
        separator = "; ";
    }
    return event.what.empty() ? out : out + " (" + event.what + ")";
}

}  // namespace

std::string Event::text() const {
    switch (kind) {
        case Kind::Connected: return dataplane + " connected from " + peer + ", has " + what;
        case Kind::Disconnected:
            return (dataplane.empty() ? "a dataplane" : dataplane) + " at " + peer +
                   " disconnected" + (what.empty() ? "" : ": " + what);
        case Kind::Acknowledged:
            return dataplane + " enforces epoch " + std::to_string(epoch) + " (" + what + ")";
        case Kind::Refused: return refused(*this);
        case Kind::Enforced: return enforced(*this);
    }
    return {};
}

}  // namespace tierwall::push
