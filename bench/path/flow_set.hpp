// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// FlowSet: frames of many connections, dealt to the queues where they would come in.
///
/// Each connection has a frame of either end, at the port behind which that end is and in the queue
/// of the worker that the connection belongs to.
///
/// Threads: one control thread; shown frames are read by the workers.
/// Memory:  128 bytes a connection.
/// Cost:    about 100 ns a connection; establishing one takes three packets of both ends together.

#include "bench/path/enforced.hpp"
#include "bench/path/firewall.hpp"
#include "bench/path/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tierwall::bench {

class FlowSet {
public:
    /// `flows` of the connections in turn, each time from another source port.
    /// Fails: Invalid when there are too few connections for that.
    static base::Result<std::unique_ptr<FlowSet>> create(const Enforced& enforced,
                                                         std::span<const Connection> connections,
                                                         std::size_t flows, std::uint16_t workers);

    /// Opens every connection: a handshake of TCP's, or a packet each way. From then on its frames
    /// are those of an open connection. Fails: Io when a connection did not come about.
    enum class Order : std::uint8_t {
        Mixed,  ///< what both ends send, together
        ByEnd,  ///< what show_originators() shows stays apart
    };
    base::Status establish(Bed& bed, Firewall& firewall, Order order = Order::Mixed);
    /// From now on IP packets are as long as this frame length says, checksums right for a payload
    /// of zeros.
    void set_length(std::uint16_t frame_length) noexcept;
    /// From now on all queues of the bed show these frames, in an order that has nothing to do with
    /// that in which the connections were opened.
    void show(Bed& bed, std::uint16_t frame_length = kSmallest) noexcept;
    /// Only what the ends that opened the connections send, round and round. Requires: not
    /// established in mixed order.
    void show_originators(Bed& bed) noexcept;
    /// The first packets of all connections, once. Requires: not established.
    void show_openings(Bed& bed) noexcept;

    std::size_t size() const noexcept { return size_; }
    std::size_t of_worker(std::uint16_t worker) const noexcept {
        return shares_[worker].frames.front().all().size();
    }

private:
    /// Of one worker; by port, the frames of originators first.
    struct Share {
        std::vector<Frames> frames;
        std::array<std::size_t, kPorts> opened{};
        std::span<FrameBytes> openings(std::uint16_t port) noexcept {
            return frames[port].all().first(opened[port]);
        }
        std::span<FrameBytes> replies(std::uint16_t port) noexcept {
            return frames[port].all().subspan(opened[port]);
        }
    };
    explicit FlowSet(std::size_t size) : size_(size) {}
    base::Status establish_share(Bed& bed, Firewall& firewall, std::uint16_t worker);

    std::size_t size_;
    std::vector<Share> shares_;
};

}  // namespace tierwall::bench
