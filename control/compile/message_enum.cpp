// SPDX-License-Identifier: Apache-2.0
#include "control/compile/message_enum.hpp"

namespace tierwall::compile {

v1::Direction direction_of(base::Direction direction) {
    return direction == base::Direction::Egress ? v1::DIRECTION_EGRESS : v1::DIRECTION_INGRESS;
}

v1::Action action_of(base::Action action) {
    switch (action) {
        case base::Action::Allow: return v1::ACTION_ALLOW;
        case base::Action::Deny: return v1::ACTION_DENY;
        case base::Action::Reject: return v1::ACTION_REJECT;
        case base::Action::Pass: return v1::ACTION_PASS;
    }
    return v1::ACTION_DENY;
}

}  // namespace tierwall::compile
