// SPDX-License-Identifier: Apache-2.0
#include "bench/cluster/traffic.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace tierwall::bench {
namespace {

constexpr std::uint32_t kFirstSourcePort = 1024;
constexpr std::uint32_t kSourcePorts = 60'000;

/// Some address of the block: the last bits are random.
base::Address inside(const base::Prefix& block, Random& random) {
    base::Address address = block.address;
    const std::uint64_t bits = random.next();
    for (std::uint32_t bit = block.mapped_length(); bit < 128; ++bit) {
        if ((bits >> (bit % 64) & 1) == 0) continue;
        auto& byte = address.bytes[bit / 8];
        byte = static_cast<std::uint8_t>(byte | (0x80u >> (bit % 8)));
    }
    return address;
}

}  // namespace

Traffic::Traffic(const Generated& generated, std::uint64_t seed)
    : population_(generated.population), random_(seed) {
    std::uint32_t number = 0;
    for (const Space& space : population_.spaces) {
        first_place_.push_back(places_.size());
        for (const App& app : space.apps) {
            places_.push_back({&space, &app, number});
            for (std::uint32_t i = 0; i < app.replicas; ++i, ++number) {
                const kube::Pod pod = replica(population_, space, app, number);
                End& end = ends_.emplace_back();
                end.v4 = pod.addresses.front();
                if (pod.addresses.size() > 1) end.v6 = pod.addresses.back();
            }
        }
    }
    first_place_.push_back(places_.size());
    for (const std::string& text : population_.outside) {
        if (const auto prefix = base::parse_prefix(text)) outside_.push_back(*prefix);
    }
}

const Traffic::End& Traffic::end_of(const Place& place) {
    return ends_[place.first + random_.below(place.app->replicas)];
}

const Traffic::Place& Traffic::place_in(std::size_t space) {
    const std::size_t first = first_place_[space];
    const auto count = static_cast<std::uint32_t>(first_place_[space + 1] - first);
    return places_[first + random_.below(count)];
}

Connection Traffic::between(const Place& from, const Place& to) {
    const End& source = end_of(from);
    const End& destination = end_of(to);
    Connection out{.source = source.v4, .destination = destination.v4};
    if (source.v6 && destination.v6 && random_.chance(50)) {
        out.source = *source.v6;
        out.destination = *destination.v6;
    }
    const kube::ContainerPort& port = random_.pick(to.app->ports);
    out.protocol = port.protocol;
    out.destination_port = port.number;
    return out;
}

Connection Traffic::to_outside(const Place& from) {
    static constexpr std::array<std::uint16_t, 4> kPorts{443, 443, 5432, 8443};
    const End& source = end_of(from);
    const base::Prefix& block = random_.pick(outside_);
    Connection out{.source = source.v4,
                   .destination = inside(block, random_),
                   .destination_port = random_.pick(kPorts)};
    if (block.family == base::Family::IPv6) {
        if (!source.v6) return between(from, from);
        out.source = *source.v6;
    }
    return out;
}

Connection Traffic::propose() {
    const auto spaces = static_cast<std::uint32_t>(population_.spaces.size());
    const std::size_t space = random_.below(spaces);
    const Place& here = place_in(space);
    const std::uint32_t kind = random_.below(100);
    if (kind < 45) return between(here, place_in(space));
    if (kind < 60) return between(here, place_in(Population::kSystem));
    if (kind < 70) return between(place_in(Population::kIngress), here);
    if (kind < 80) return between(place_in(Population::kMonitoring), here);
    if (kind < 92) return to_outside(here);
    return between(here, place_in(random_.below(spaces)));
}

std::vector<Connection> Traffic::flows(const std::vector<Connection>& connections,
                                       std::size_t count) {
    assert(!connections.empty() && count <= connections.size() * kSourcePorts);
    std::vector<Connection> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Connection flow = connections[i % connections.size()];
        flow.source_port = static_cast<std::uint16_t>(kFirstSourcePort + i / connections.size());
        out.push_back(flow);
    }
    return out;
}

}  // namespace tierwall::bench
