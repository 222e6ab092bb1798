// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/host_interface.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

namespace tierwall::io {

namespace {

struct AddressList {
    AddressList() {
        if (getifaddrs(&first) != 0) first = nullptr;
    }
    ~AddressList() {
        if (first != nullptr) freeifaddrs(first);
    }
    AddressList(const AddressList&) = delete;
    AddressList& operator=(const AddressList&) = delete;
    ifaddrs* first = nullptr;
};

/// The address as text; empty for other families and for link-local IPv6, which every interface
/// that is up has.
std::string routable_text(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address == nullptr) return {};
    if (address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    } else if (address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof(v6));
        if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) return {};
        inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    return text.data();
}

bool forwards(const std::string& interface, const char* family) {
    const std::string path =
        std::string("/proc/sys/net/") + family + "/conf/" + interface + "/forwarding";
    std::FILE* file = std::fopen(path.c_str(), "r");
    if (file == nullptr) return false;
    const int value = std::fgetc(file);
    std::fclose(file);
    return value != EOF && value != '0';
}

void append(std::string& text, const std::string& sentence) {
    if (!text.empty()) text += "; ";
    text += sentence;
}

}  // namespace

std::optional<std::string> device_argument(std::string_view device, std::string_view key) {
    std::size_t comma = device.find(',');
    while (comma != std::string_view::npos) {
        const std::size_t start = comma + 1;
        comma = device.find(',', start);
        const std::size_t length =
            comma == std::string_view::npos ? std::string_view::npos : comma - start;
        const std::string_view pair = device.substr(start, length);
        if (pair.size() > key.size() && pair.substr(0, key.size()) == key &&
            pair[key.size()] == '=') {
            return std::string(pair.substr(key.size() + 1));
        }
    }
    return std::nullopt;
}

std::optional<std::string> host_interface(std::string_view device) {
    constexpr std::array<std::string_view, 3> kDrivers{"net_af_packet", "net_af_xdp", "net_pcap"};
    for (const std::string_view driver : kDrivers) {
        if (device.substr(0, driver.size()) != driver) continue;
        if (auto interface = device_argument(device, "iface")) return interface;
        return device_argument(device, "rx_iface");
    }
    return std::nullopt;
}

bool interface_exists(const std::string& interface) {
    return if_nametoindex(interface.c_str()) != 0;
}

std::uint32_t interface_mtu(const std::string& interface) {
    const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return 0;
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    const bool answered = ioctl(handle, SIOCGIFMTU, &request) == 0;
    close(handle);
    return answered && request.ifr_mtu > 0 ? static_cast<std::uint32_t>(request.ifr_mtu) : 0;
}

std::string host_interface_warning(const std::string& interface) {
    std::string warning;
    const AddressList list;
    for (const ifaddrs* entry = list.first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_name == nullptr || interface != entry->ifa_name) continue;
        const std::string address = routable_text(entry->ifa_addr);
        if (address.empty()) continue;
        append(warning, "host interface " + interface + " has the address " + address +
                            ", so the host answers around the firewall: ip addr flush dev " +
                            interface);
    }
    for (const char* family : {"ipv4", "ipv6"}) {
        if (!forwards(interface, family)) continue;
        append(warning, "host interface " + interface + " forwards " + family +
                            " around the firewall: sysctl -w net." + family + ".conf." + interface +
                            ".forwarding=0");
    }
    return warning;
}

}  // namespace tierwall::io
