// SPDX-License-Identifier: Apache-2.0
#include "control/resolve/numbers.hpp"

namespace tierwall::resolve {

std::optional<std::uint32_t> Numbers::take() {
    const bool fresh_left = next_ <= last_;
    if (waiting_.size() > kQuarantine || (!fresh_left && !waiting_.empty())) {
        const std::uint32_t number = waiting_.front();
        waiting_.pop_front();
        journal_->record([this, number] { waiting_.push_front(number); });
        return number;
    }
    if (!fresh_left) return std::nullopt;
    journal_->record([this] { --next_; });
    return static_cast<std::uint32_t>(next_++);
}

void Numbers::free(std::uint32_t number) {
    waiting_.push_back(number);
    journal_->record([this] { waiting_.pop_back(); });
}

}  // namespace tierwall::resolve
