// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// LogCapture: what DPDK prints while it lives, so that an error can say why in one line.
///
/// DPDK's functions answer with a number and print the reason. While a capture lives the lines
/// are kept instead of printed; complaint() finds the one that a person wants to read.
///
/// Threads: boot only; it redirects the log of the whole process.
/// Memory:  one growing buffer, freed by the destructor.
/// Cost:    none that matters.

#include <cstdio>
#include <string>

namespace tierwall::io {

class LogCapture {
public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    /// The first captured line without its "EAL: " prefix; empty when nothing was printed.
    std::string complaint();

private:
    std::FILE* stream_ = nullptr;
    char* text_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tierwall::io
