// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// LogCapture: what DPDK prints while it lives, so that an error can say why in one line.
///
/// DPDK's functions answer with a number and print the reason, some to its log and some straight to
/// the standard streams. While a capture lives both streams go to a file in memory; complaint()
/// finds the line that a person wants to read.
///
/// Threads: boot only; it redirects the streams of the whole process.
/// Memory:  one file in memory, freed by the destructor.
/// Cost:    a few system calls.

#include <string>

namespace tierwall::io {

class LogCapture {
public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The first captured line that explains something, without its "EAL: " prefix; may be empty.
    std::string complaint() const;

private:
    int file_ = -1;
    int output_ = -1;
    int error_ = -1;
};

}  // namespace tierwall::io
