// SPDX-License-Identifier: Apache-2.0
#include "control/agent/warnings.hpp"

namespace tierwall::agent {

namespace {

using base::Reason;

/// Old snapshots that wait: more than this many means that a worker is stuck.
constexpr std::size_t kRetiredMax = 2;
constexpr std::uint64_t kNearlyFullPercent = 90;

struct ReasonAdvice {
    Reason reason;
    const char* words;
};

constexpr ReasonAdvice kAdvice[] = {
    {Reason::PartialChecksum,
     " packets dropped because their checksum was left to hardware that is not there: turn "
     "transmit checksum offload off at the sender (ethtool -K PEER tx off)"},
    {Reason::OverMtu,
     " packets dropped because they are longer than a port can send: turn segmentation offload off "
     "at the sender (ethtool -K PEER tso off gso off) or raise the port's MTU"},
    {Reason::FlowTableFull,
     " new connections dropped because the flow table was full of answered ones: raise flows_max "
     "or lower timeouts"},
    {Reason::PortFull,
     " packets dropped because a port's sending queue was full: the link behind it is too slow"},
    {Reason::WorkerFull,
     " packets dropped because another worker did not keep up: raise workers, or use devices that "
     "spread packets themselves"},
    {Reason::SpoofedSource,
     " packets came from a port that is not their source's: either a pod lies, or another port"
     " used the address first (tie it to its port with pod: in the configuration), or the address"
     " is of the node in scope and came from the uplink (see scope: and the ports' sides)"},
    {Reason::SpoofedMac,
     " packets came from a MAC address that another port has the better right to: either a pod "
     "lies, or the MAC has moved; tie it to its port with mac: in the configuration"},
    {Reason::NoMemory, " copies of packets dropped for want of buffers: reserve more hugepages"},
};

void warn_about_packets(const base::Counters& counts, std::vector<std::string>& out) {
    for (const ReasonAdvice& advice : kAdvice) {
        const std::uint64_t packets = counts.of(advice.reason).read();
        if (packets != 0) out.push_back(std::to_string(packets) + advice.words);
    }
    if (const std::uint64_t seen = counts.service_address_seen.read(); seen != 0) {
        out.push_back(std::to_string(seen) +
                      " packets to service addresses seen, which match no pod: place tierwalld "
                      "behind service translation (after kube-proxy or its replacement)");
    }
}

/// Tables of a fixed size.
void warn_about_limits(const Condition& condition, std::vector<std::string>& out) {
    const auto warn = [&out](std::uint64_t count, const char* words) {
        if (count != 0) out.push_back(std::to_string(count) + words);
    };
    warn(condition.fragments_replaced,
         " first fragments were forgotten before their time because too many came at once, so the "
         "rest of those packets may have been dropped: send datagrams below the MTU");
    warn(condition.counts.macs_without_room.read(),
         " frames came from MAC addresses that are not remembered because their port has too many: "
         "what is for them may be flooded; look for a sender that changes its MAC address");
    warn(
        condition.counts.link_locals_without_room.read(),
        " messages came from link-local addresses for which their pods port, or the uplink, had no "
        "room left: others may use such an address too; look for a sender that changes its "
        "address, or give pods that share a port ports of their own");
}

struct Room {
    const char* what;
    const char* key;  ///< that makes it larger
    std::uint64_t used;
    std::uint64_t most;
};

void warn_about_room(const Room& room, std::vector<std::string>& out) {
    if (room.most == 0 || room.used * 100 < room.most * kNearlyFullPercent) return;
    out.push_back("the " + std::string(room.what) + " is nearly full (" +
                  std::to_string(room.used) + " of " + std::to_string(room.most) + "): raise " +
                  room.key);
}

void warn_about_source(const Condition& condition, std::vector<std::string>& out) {
    for (const std::string& reason : condition.source_blocked) {
        out.push_back("tierwall-sync publishes nothing new, what was enforced last stays: " +
                      reason);
    }
    for (const std::string& problem : condition.source_problems) {
        out.push_back("tierwall-sync: " + problem);
    }
    if (condition.source_problems_more != 0) {
        out.push_back("tierwall-sync: " + std::to_string(condition.source_problems_more) +
                      " more: see its log");
    }
}

void warn_about_control(const Condition& condition, std::vector<std::string>& out) {
    if (condition.epoch == 0) {
        out.push_back(condition.boot_open
                          ? "nothing is enforced yet and boot: open lets everything pass: start "
                            "tierwall-sync, or set boot: closed"
                          : "nothing is enforced yet and boot: closed drops everything: start "
                            "tierwall-sync");
    }
    if (condition.epoch != 0 && !condition.unknown_scope.empty()) {
        out.push_back(scope_warning(condition.unknown_scope));
    }
    if (!condition.sync_connected) {
        out.push_back("no connection to " + condition.sync_address + " for " +
                      std::to_string(condition.disconnected_s) + " s" +
                      (condition.sync_error.empty() ? "" : " (" + condition.sync_error + ")") +
                      ": what was enforced last stays; check that tierwall-sync runs and listens "
                      "there");
    }
    for (const std::string& problem : condition.problems) {
        out.push_back("the last epoch was refused, the one before stays enforced: " + problem);
    }
    warn_about_source(condition, out);
    if (!condition.disk_problem.empty()) {
        out.push_back("the snapshot on disk was of no use (" + condition.disk_problem +
                      "): the next one from tierwall-sync takes its place; check the disk");
    }
    if (!condition.store_error.empty()) {
        out.push_back("the snapshot on disk is of epoch " + std::to_string(condition.stored_epoch) +
                      ", a restart would begin with that: " + condition.store_error);
    }
    if (condition.retired_snapshots > kRetiredMax) {
        out.push_back(std::to_string(condition.retired_snapshots) +
                      " old snapshots are still held: a worker is stuck, restart tierwalld");
    }
}

}  // namespace

std::string scope_warning(const std::string& scope) {
    return "no pod is protected here, because the cluster has no node of scope: " + scope +
           ": give the node's name as Kubernetes has it";
}

std::vector<std::string> warnings_about(const Condition& condition) {
    std::vector<std::string> out;
    warn_about_control(condition, out);
    warn_about_packets(condition.counts, out);
    warn_about_limits(condition, out);
    warn_about_room({"flow table", "flows_max", condition.flows, condition.flows_max}, out);
    warn_about_room({"address map", "addresses_max", condition.addresses, condition.addresses_max},
                    out);
    out.insert(out.end(), condition.host.begin(), condition.host.end());
    return out;
}

}  // namespace tierwall::agent
