// SPDX-License-Identifier: Apache-2.0
#include "control/agent/denial_log.hpp"

namespace tierwall::agent {

void DenialLog::add(Clock::time_point now, const std::function<std::string()>& text) {
    if (lines_per_s_ == 0) return;
    begin(now);
    if (lines_ == lines_per_s_) {
        ++untold_;
        return;
    }
    ++lines_;
    log_(text());
}

void DenialLog::add_unknown(Clock::time_point now, std::uint64_t packets) {
    if (lines_per_s_ == 0 || packets == 0) return;
    begin(now);
    untold_ += packets;
}

void DenialLog::tick(Clock::time_point now) {
    if (!running_ || now - began_ < std::chrono::seconds(1)) return;
    running_ = false;
    lines_ = 0;
    if (untold_ == 0) return;
    log_(what_ + " without a line of their own: " + std::to_string(untold_) +
         " (log_denied_per_s: " + std::to_string(lines_per_s_) + ")");
    untold_ = 0;
}

void DenialLog::begin(Clock::time_point now) {
    tick(now);
    if (running_) return;
    running_ = true;
    began_ = now;
}

}  // namespace tierwall::agent
