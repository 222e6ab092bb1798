// SPDX-License-Identifier: Apache-2.0
#include "control/agent/decode_field.hpp"

#include <google/protobuf/stubs/logging.h>

namespace tierwall::agent {

using base::Errc;
using base::Error;

base::Result<base::Direction> direction_of(v1::Direction direction) {
    switch (direction) {
        case v1::DIRECTION_EGRESS: return base::Direction::Egress;
        case v1::DIRECTION_INGRESS: return base::Direction::Ingress;
        default: return Error{Errc::Invalid, {}, "direction is neither egress nor ingress"};
    }
}

base::Result<base::Action> action_of(std::uint32_t action) {
    switch (action) {
        case v1::ACTION_ALLOW: return base::Action::Allow;
        case v1::ACTION_DENY: return base::Action::Deny;
        case v1::ACTION_PASS: return base::Action::Pass;
        case v1::ACTION_REJECT: return base::Action::Reject;
        default: return Error{Errc::NotSupported, {}, "action " + std::to_string(action)};
    }
}

base::Status check_identity(std::uint32_t identity) {
    if (identity < kIdentitiesMax) return base::Done{};
    return Error{Errc::Limit, {}, "identity " + std::to_string(identity) + " is above the limit"};
}

bool has_unknown_field(const google::protobuf::Message& message) {
    return !message.GetReflection()->GetUnknownFields(message).empty();
}

base::Status parse_into(google::protobuf::Message& message, const std::string& body) {
    // The answer says what is wrong; a hostile source must not be able to fill the log as well.
    const google::protobuf::LogSilencer quiet;
    if (!message.ParseFromString(body)) return Error{Errc::Invalid, {}, "cannot be read"};
    if (has_unknown_field(message)) return Error{Errc::NotSupported, {}, "unknown field"};
    return base::Done{};
}

}  // namespace tierwall::agent
