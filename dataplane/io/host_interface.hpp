// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Host interface: what the kernel says of the network interface behind an af_packet, af_xdp or
/// pcap device, and whether it is a way around the firewall.
///
/// An AF_PACKET socket is a tap: the kernel's own stack sees every packet too. With an address or
/// with forwarding on, it answers or forwards what the firewall drops.
///
/// Threads: boot and status, a control thread.
/// Memory:  none kept.
/// Cost:    a few system calls.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tierwall::io {

/// The value of `key=` in devargs, for example "tw0" for iface in "net_af_packet0,iface=tw0".
std::optional<std::string> device_argument(std::string_view device, std::string_view key);

/// The kernel interface that a device's frames come from; none for devices without one, and for
/// TAP, whose interface belongs to the other end.
std::optional<std::string> host_interface(std::string_view device);

bool interface_exists(const std::string& interface);
/// 0 when it cannot be read.
std::uint32_t interface_mtu(const std::string& interface);

/// One sentence for each way around the firewall, joined by "; ", each with the command that
/// closes it. Empty when the interface is as it should be.
std::string host_interface_warning(const std::string& interface);

}  // namespace tierwall::io
