// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/result.hpp"

namespace tierwall::base {

const char* name(Errc code) noexcept {
    switch (code) {
        case Errc::Required: return "Required";
        case Errc::Invalid: return "Invalid";
        case Errc::NotSupported: return "NotSupported";
        case Errc::Forbidden: return "Forbidden";
        case Errc::TooMany: return "TooMany";
        case Errc::TooLong: return "TooLong";
        case Errc::Duplicate: return "Duplicate";
        case Errc::NotFound: return "NotFound";
        case Errc::Limit: return "Limit";
        case Errc::Io: return "Io";
        case Errc::Internal: return "Internal";
    }
    return "Internal";
}

}  // namespace tierwall::base
