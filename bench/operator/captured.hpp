// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Captured: frames of a capture file as traffic.
///
/// Threads: one control thread.
/// Memory:  the frames.
/// Cost:    about 100 ns a frame.

#include "bench/operator/capture.hpp"
#include "bench/operator/flows.hpp"
#include "bench/operator/load.hpp"
#include "bench/operator/policies.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tierwall::tester {

class Captured {
public:
    /// Fails: as read_capture().
    static base::Result<Captured> read(const std::string& path);

    std::size_t size() const noexcept { return frames_.size(); }
    std::size_t left_out() const noexcept { return left_out_; }
    /// On average, on the wire.
    double frame_size() const noexcept;

    /// What pods send comes in on the pods side, everything else on the uplink side.
    Loads loads(const Policies& policies, std::uint16_t workers) const;
    /// The same for one frame. Requires: number below size().
    Shipment frame(std::size_t number, const Policies& policies, std::uint16_t workers) const;

    /// Keeps only frames that can carry a stamp, and gives them one; how many are left out.
    std::size_t make_stampable();
    /// Only these go on.
    void keep(const std::vector<bool>& wanted);

private:
    std::vector<std::vector<std::uint8_t>> frames_;
    std::vector<Places> places_;
    std::size_t left_out_ = 0;
};

}  // namespace tierwall::tester
