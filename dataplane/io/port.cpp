// SPDX-License-Identifier: Apache-2.0
#include "dataplane/io/port.hpp"

#include "dataplane/io/host_interface.hpp"
#include "dataplane/io/log_capture.hpp"
#include "dataplane/io/preload.hpp"
#include "dataplane/io/spread.hpp"

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace tierwall::io {

namespace {

using base::Done;
using base::Errc;
using base::Error;
using base::Status;

// These devices have the queues that their devargs ask for; a queue that nobody polls would lose
// the share of the traffic that the kernel puts there.
bool has_fixed_queues(std::string_view driver) {
    constexpr std::array<std::string_view, 4> kDrivers{"net_af_packet", "net_af_xdp", "net_pcap",
                                                       "net_ring"};
    return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end();
}

// These copy on arrival and on departure and keep no mbufs of ours in between.
bool copies_frames(std::string_view driver) {
    constexpr std::array<std::string_view, 3> kDrivers{"net_af_packet", "net_pcap", "net_null"};
    return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end();
}

std::string device_name(const std::string& devargs) { return devargs.substr(0, devargs.find(',')); }

std::uint16_t find_device(const std::string& devargs) {
    std::uint16_t found = RTE_MAX_ETHPORTS;
    if (rte_eth_dev_get_port_by_name(device_name(devargs).c_str(), &found) == 0) return found;
    rte_dev_iterator iterator;
    if (rte_eth_iterator_init(&iterator, devargs.c_str()) != 0) return RTE_MAX_ETHPORTS;
    found = rte_eth_iterator_next(&iterator);
    if (found != RTE_MAX_ETHPORTS) rte_eth_iterator_cleanup(&iterator);
    return found;
}

Errc errc_of(int code) {
    switch (code) {
        case EEXIST:
        case EBUSY: return Errc::Duplicate;
        case ENODEV:
        case ENOENT: return Errc::NotFound;
        case EINVAL: return Errc::Invalid;
        case ENOTSUP: return Errc::NotSupported;
        case ENOMEM: return Errc::Limit;
        default: return Errc::Io;
    }
}

/// Marks a device as taken, so that two ports cannot share it.
bool own(std::uint16_t device) {
    static std::uint64_t owner_id = RTE_ETH_DEV_NO_OWNER;
    if (owner_id == RTE_ETH_DEV_NO_OWNER && rte_eth_dev_owner_new(&owner_id) != 0) return false;
    rte_eth_dev_owner owner{};
    if (rte_eth_dev_owner_get(device, &owner) == 0 && owner.id != RTE_ETH_DEV_NO_OWNER) {
        return false;
    }
    owner.id = owner_id;
    std::string_view("tierwall").copy(owner.name, sizeof(owner.name) - 1);
    return rte_eth_dev_owner_set(device, &owner) == 0;
}

void disown(std::uint16_t device) {
    rte_eth_dev_owner owner{};
    if (rte_eth_dev_owner_get(device, &owner) == 0 && owner.id != RTE_ETH_DEV_NO_OWNER) {
        rte_eth_dev_owner_unset(device, owner.id);
    }
}

std::uint32_t number_argument(const std::string& devargs, std::string_view key,
                              std::uint32_t otherwise) {
    const auto text = device_argument(devargs, key);
    return text ? static_cast<std::uint32_t>(std::strtoul(text->c_str(), nullptr, 10)) : otherwise;
}

// Of af_packet, with the driver's defaults.
std::uint32_t framesz(const std::string& devargs) {
    return number_argument(devargs, "framesz", 2048);
}
std::uint32_t framecnt(const std::string& devargs) {
    return number_argument(devargs, "framecnt", 512);
}

}  // namespace

Error Port::failure(Errc code, std::string what) const {
    return Error{code, "port " + name_, "device " + devargs_ + ": " + std::move(what)};
}

base::Result<std::unique_ptr<Port>> Port::attach(const std::string& name,
                                                 const std::string& device) {
    std::unique_ptr<Port> port(new Port);
    port->name_ = name;
    port->devargs_ = device;
    TW_TRY(probed, port->probe());
    TW_TRY(read, port->read_needs());
    return port;
}

Status Port::probe() {
    if (devargs_.empty()) return Error{Errc::Required, "port " + name_, "no device is named"};
    if (const auto interface = host_interface(devargs_);
        interface && !interface_exists(*interface)) {
        return failure(Errc::NotFound, "there is no network interface " + *interface);
    }
    LogCapture log;
    std::uint16_t device = find_device(devargs_);
    if (device == RTE_MAX_ETHPORTS) {
        const int answer = rte_dev_probe(devargs_.c_str());
        if (answer != 0) {
            const std::string complaint = log.complaint();
            return failure(errc_of(-answer), complaint.empty() ? rte_strerror(-answer) : complaint);
        }
        device = find_device(devargs_);
        if (device == RTE_MAX_ETHPORTS) {
            return failure(Errc::NotSupported, "this is no network device that DPDK drives");
        }
        created_ = true;
    }
    if (!own(device)) {
        created_ = false;
        return failure(Errc::Duplicate, "another port has this device");
    }
    device_ = device;
    return Done{};
}

Status Port::read_needs() {
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(device_, &info) != 0) return failure(Errc::Io, "gives no information");
    driver_ = info.driver_name;
    // A virtual device has no node; 0 always exists.
    numa_socket_ = std::max(rte_eth_dev_socket_id(device_), 0);
    if (rte_eth_dev_get_mtu(device_, &mtu_) != 0 || mtu_ == 0) mtu_ = RTE_ETHER_MTU;
    std::uint32_t frame = 0;
    if (const auto interface = host_interface(devargs_)) {
        const std::uint32_t host_mtu = interface_mtu(*interface);
        if (host_mtu != 0) mtu_ = static_cast<std::uint16_t>(std::min(host_mtu, 0xffffu));
    }
    if (driver_ == "net_af_packet") {
        // The kernel cuts what does not fit into a slot of its ring, headers included.
        constexpr std::uint32_t kSlotHeader = 84;
        frame = framesz(devargs_);
        const std::uint32_t fits = frame > kSlotHeader + kFrameOverhead
                                       ? frame - kSlotHeader - kFrameOverhead
                                       : RTE_ETHER_MIN_MTU;
        mtu_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu_, fits));
    }
    frame_bytes_ = std::max(frame, mtu_ + kFrameOverhead);
    preloaded_ = preloaded_frames(devargs_);
    return Done{};
}

std::uint32_t Port::mbufs_held(std::uint16_t workers) const noexcept {
    if (copies_frames(driver_)) return 64 + preloaded_;
    const std::uint32_t a_queue = std::uint32_t{rx_descriptors_} + tx_descriptors_;
    // AF_XDP fills the kernel's ring with buffers besides its own.
    const std::uint32_t extra = driver_ == "net_af_xdp" ? 4096 : 0;
    return workers * (a_queue + extra);
}

Status Port::start(std::uint16_t workers, rte_mempool* pool) {
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(device_, &info) != 0) return failure(Errc::Io, "gives no information");
    LogCapture log;
    const auto with_complaint = [&](Status status) -> Status {
        const std::string complaint = log.complaint();
        if (!status && !complaint.empty()) status.error().what += ": " + complaint;
        return status;
    };
    if (Status done = configure(workers, info); !done) return with_complaint(std::move(done));
    if (Status done = set_up_queues(pool); !done) return with_complaint(std::move(done));
    if (const int answer = rte_eth_dev_start(device_); answer != 0) {
        return with_complaint(failure(errc_of(-answer), "does not start"));
    }
    started_ = true;
    // A bridge must see frames for other stations; devices without filters say "not supported".
    const int promiscuous = rte_eth_promiscuous_enable(device_);
    if (promiscuous != 0 && promiscuous != -ENOTSUP) {
        return with_complaint(failure(errc_of(-promiscuous), "does not enter promiscuous mode"));
    }
    rte_eth_dev_set_link_up(device_);
    if (driver_ == "net_af_packet") discard_waiting(framecnt(devargs_));
    spread_by_address_pair(info);
    std::uint16_t device_mtu = 0;
    if (!host_interface(devargs_) && rte_eth_dev_get_mtu(device_, &device_mtu) == 0) {
        mtu_ = device_mtu;
    }
    return Done{};
}

Status Port::configure(std::uint16_t workers, const rte_eth_dev_info& info) {
    rx_queues_ = info.max_rx_queues;
    tx_queues_ = info.max_tx_queues;
    if (!has_fixed_queues(driver_)) {
        rx_queues_ = std::min({workers, info.max_rx_queues, info.max_tx_queues});
        tx_queues_ = rx_queues_;
    }
    if (rx_queues_ == 0 || tx_queues_ == 0) {
        return failure(Errc::NotSupported, "must have a queue each to receive and to send");
    }
    rte_eth_conf conf{};
    conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    std::vector<std::uint8_t> key(info.hash_key_size != 0 ? info.hash_key_size : 40);
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i] = static_cast<std::uint8_t>(i % 2 == 0 ? kSpreadKey >> 8 : kSpreadKey & 0xff);
    }
    const std::uint64_t by_address = info.flow_type_rss_offloads & RTE_ETH_RSS_IP;
    spreads_ = rx_queues_ > 1 && by_address != 0 && info.reta_size >= kSpreadEntries &&
               info.reta_size % kSpreadEntries == 0;
    if (spreads_) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_key = key.data();
        conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key.size());
        conf.rx_adv_conf.rss_conf.rss_hf = by_address;
    }
    int answer = rte_eth_dev_configure(device_, rx_queues_, tx_queues_, &conf);
    if (answer != 0 && spreads_) {
        spreads_ = false;
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
        conf.rx_adv_conf.rss_conf = {};
        answer = rte_eth_dev_configure(device_, rx_queues_, tx_queues_, &conf);
    }
    if (answer != 0) {
        return failure(errc_of(-answer), "cannot have " + std::to_string(rx_queues_) + " queues (" +
                                             rte_strerror(-answer) + ")");
    }
    return Done{};
}

Status Port::set_up_queues(rte_mempool* pool) {
    rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx_descriptors_, &tx_descriptors_);
    const auto socket = static_cast<unsigned>(numa_socket_);
    for (std::uint16_t queue = 0; queue < rx_queues_; ++queue) {
        const int answer =
            rte_eth_rx_queue_setup(device_, queue, rx_descriptors_, socket, nullptr, pool);
        if (answer != 0) {
            return failure(errc_of(-answer),
                           "receive queue " + std::to_string(queue) + ": " + rte_strerror(-answer));
        }
    }
    for (std::uint16_t queue = 0; queue < tx_queues_; ++queue) {
        const int answer = rte_eth_tx_queue_setup(device_, queue, tx_descriptors_, socket, nullptr);
        if (answer != 0) {
            return failure(errc_of(-answer),
                           "send queue " + std::to_string(queue) + ": " + rte_strerror(-answer));
        }
    }
    return Done{};
}

void Port::spread_by_address_pair(const rte_eth_dev_info& info) noexcept {
    if (!spreads_) return;
    std::array<rte_eth_rss_reta_entry64, RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE>
        table{};
    const unsigned entries = std::min<unsigned>(info.reta_size, RTE_ETH_RSS_RETA_SIZE_512);
    for (unsigned i = 0; i < entries; ++i) {
        rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
        group.mask = UINT64_MAX;
        group.reta[i % RTE_ETH_RETA_GROUP_SIZE] =
            static_cast<std::uint16_t>(spread_worker(static_cast<std::uint16_t>(i), rx_queues_));
    }
    spreads_ = rte_eth_dev_rss_reta_update(device_, table.data(), info.reta_size) == 0;
}

// The driver opens a packet socket, makes its ring and only then binds it to the interface. In
// between, for tens of milliseconds, the ring takes the frames of every interface of the host. Were
// they judged as this port's, their senders' addresses would belong to it. By now the socket is
// bound, so that behind one ring of frames there are none of others.
void Port::discard_waiting(std::uint32_t frames) noexcept {
    std::array<rte_mbuf*, 32> burst;
    for (std::uint16_t queue = 0; queue < rx_queues_; ++queue) {
        for (std::uint32_t seen = 0; seen < frames;) {
            const std::uint16_t count = receive(queue, burst);
            if (count == 0) break;
            rte_pktmbuf_free_bulk(burst.data(), count);
            seen += count;
        }
    }
    rte_eth_stats_reset(device_);
}

void Port::stop() noexcept {
    if (started_) rte_eth_dev_stop(device_);
    started_ = false;
}

Port::~Port() {
    if (device_ == RTE_MAX_ETHPORTS) return;
    LogCapture log;
    stop();
    rte_eth_dev_info info{};
    const bool known = rte_eth_dev_info_get(device_, &info) == 0;
    disown(device_);
    rte_eth_dev_close(device_);
    if (!created_ || !known || info.device == nullptr) return;
    // A PCI device may carry other ports (representors); only devices made for us are removed.
    const std::string_view bus = rte_bus_name(rte_dev_bus(info.device));
    if (bus == "vdev") rte_dev_remove(info.device);
}

std::array<std::uint8_t, 6> Port::mac() const noexcept {
    rte_ether_addr address{};
    std::array<std::uint8_t, 6> bytes{};
    if (rte_eth_macaddr_get(device_, &address) == 0) {
        std::copy_n(address.addr_bytes, bytes.size(), bytes.begin());
    }
    return bytes;
}

bool Port::link_up() const noexcept {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(device_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

PortStats Port::stats() const noexcept {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(device_, &stats) != 0) return {};
    return {.rx_packets = stats.ipackets,
            .tx_packets = stats.opackets,
            .rx_missed = stats.imissed,
            .rx_errors = stats.ierrors,
            .tx_errors = stats.oerrors,
            .rx_no_memory = stats.rx_nombuf};
}

}  // namespace tierwall::io
