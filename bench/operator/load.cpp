// SPDX-License-Identifier: Apache-2.0
#include "bench/operator/load.hpp"

#include <algorithm>
#include <cstring>

namespace tierwall::tester {
namespace {

/// Of connections that are opened again and again; those that are open begin above.
constexpr std::uint32_t kNewPortFirst = 1024;
constexpr std::uint32_t kNewPorts = 18'000;

}  // namespace

Load::Piece Load::store(const Draft& draft) {
    const Piece piece{static_cast<std::uint32_t>(slots_.size()),
                      static_cast<std::uint16_t>(draft.head.size()), draft.length, draft.places};
    for (std::size_t at = 0; at < draft.head.size(); at += sizeof(Slot)) {
        Slot& slot = slots_.emplace_back();
        slot.bytes.fill(0);
        const std::size_t left = std::min(sizeof(Slot), draft.head.size() - at);
        std::memcpy(slot.bytes.data(), draft.head.data() + at, left);
    }
    return piece;
}

void Load::add(const Draft& draft) { pieces_.push_back(store(draft)); }
void Load::add_opening(const Draft& draft) { openings_.push_back(store(draft)); }

std::uint8_t* Load::copy(const Piece& piece, rte_mbuf& mbuf) const noexcept {
    auto* bytes = rte_pktmbuf_mtod(&mbuf, std::uint8_t*);
    const Slot* slot = &slots_[piece.slot];
    if (piece.copied <= sizeof(Slot)) {
        std::memcpy(bytes, slot, sizeof(Slot));
    } else {
        std::memcpy(bytes, slot, piece.copied);
    }
    mbuf.data_len = piece.length;
    mbuf.pkt_len = piece.length;
    return bytes;
}

const Load::Piece& Load::next_opening(rte_mbuf& mbuf) noexcept {
    const Piece& piece = openings_[next_opening_];
    const auto port = static_cast<std::uint16_t>(kNewPortFirst + round_ % kNewPorts);
    set_source_port(copy(piece, mbuf), piece.places, port);
    if (++next_opening_ == openings_.size()) {
        next_opening_ = 0;
        ++round_;
    }
    return piece;
}

Places Load::next(rte_mbuf& mbuf) noexcept {
    ++given_;
    new_due_ += new_share_;
    if (new_due_ >= 1 || pieces_.empty()) {
        new_due_ -= 1;
        return next_opening(mbuf).places;
    }
    const Piece& piece = pieces_[next_];
    copy(piece, mbuf);
    if (++next_ == pieces_.size()) next_ = 0;
    return piece.places;
}

bool Loads::empty() const noexcept {
    return std::all_of(loads_.begin(), loads_.end(), [](const Load& load) { return load.empty(); });
}

}  // namespace tierwall::tester
