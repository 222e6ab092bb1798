// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/captured.hpp"

#include <utility>

namespace tierwall::tester {

base::Result<Captured> Captured::read(const std::string& path) {
    TW_TRY(capture, read_capture(path));
    Captured captured;
    captured.frames_ = std::move(capture.frames);
    captured.left_out_ = capture.left_out;
    for (const auto& frame : captured.frames_) captured.places_.push_back(find_places(frame));
    return captured;
}

double Captured::frame_size() const noexcept {
    double sum = 0;
    for (const auto& frame : frames_) sum += static_cast<double>(frame.size() + kFrameSum);
    return frames_.empty() ? 0 : sum / static_cast<double>(frames_.size());
}

Shipment Captured::frame(std::size_t number, const Policies& policies,
                         std::uint16_t workers) const {
    const auto& bytes = frames_[number];
    const auto length = static_cast<std::uint16_t>(bytes.size());
    Shipment shipment{.draft = {bytes, length, places_[number]}};
    const parse::Headers headers = parse::parse(bytes, length);
    if (headers.kind != parse::Kind::Ip && headers.kind != parse::Kind::Arp) return shipment;
    shipment.side = policies.side_of_sender(headers.tuple.source);
    if (headers.kind == parse::Kind::Ip) {
        shipment.worker = worker_of(headers.tuple.source, headers.tuple.destination, workers);
    }
    return shipment;
}

Loads Captured::loads(const Policies& policies, std::uint16_t workers) const {
    Loads loads(workers);
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        const Shipment shipment = frame(i, policies, workers);
        loads.of(shipment.side, shipment.worker).add(shipment.draft);
    }
    return loads;
}

std::size_t Captured::make_stampable() {
    std::vector<bool> wanted(frames_.size());
    std::size_t others = 0;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        wanted[i] = places_[i].stamp != 0;
        others += wanted[i] ? 0 : 1;
        if (wanted[i]) tester::make_stampable(frames_[i], places_[i]);
    }
    keep(wanted);
    return others;
}

void Captured::keep(const std::vector<bool>& wanted) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        if (!wanted[i]) continue;
        if (kept != i) frames_[kept] = std::move(frames_[i]);
        places_[kept++] = places_[i];
    }
    frames_.resize(kept);
    places_.resize(kept);
}

}  // namespace tierwall::tester
