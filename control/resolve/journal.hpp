// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Journal: how to take back what a compile has changed so far, for the case that it fails.
///
/// The resolver and the compiler change their books in place, because a change is small and the
/// books are large. Every change writes its reverse here; a compile that hits a limit runs them
/// backwards, and everything is as it was.
///
/// Threads: one control thread.
/// Memory:  one small closure a change, dropped at the end of the compile.
/// Cost:    an allocation a change while recording; nothing otherwise.

#include <functional>
#include <utility>
#include <vector>

namespace tierwall::resolve {

class Journal {
public:
    void begin() {
        undo_.clear();
        recording_ = true;
    }
    bool recording() const { return recording_; }
    template <typename Undo>
    void record(Undo&& undo) {
        if (recording_) undo_.emplace_back(std::forward<Undo>(undo));
    }
    void commit() {
        undo_.clear();
        recording_ = false;
    }
    void roll_back() {
        recording_ = false;
        while (!undo_.empty()) {
            const std::function<void()> undo = std::move(undo_.back());
            undo_.pop_back();
            undo();
        }
    }

private:
    std::vector<std::function<void()>> undo_;
    bool recording_ = false;
};

}  // namespace tierwall::resolve
