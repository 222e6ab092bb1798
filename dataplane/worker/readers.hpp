// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Readers: which workers may be reading published objects just now. The owner of rte_rcu_qsbr.
///
/// A worker that is online holds what it loaded until it says quiescent(). Before it sleeps or
/// blocks it goes offline, so that nobody ever has to wait for it.
///
/// Threads: each worker calls the three worker functions with its own number; the others are for
///          the control thread.
/// Memory:  one cache line or two a worker, allocated by create().
/// Cost:    quiescent() about 2 ns, once a burst.

#include "dataplane/base/result.hpp"

#include <cstdint>
#include <memory>

struct rte_rcu_qsbr;

namespace tierwall::worker {

inline constexpr std::uint32_t kWorkersMax = 64;

class Readers {
public:
    /// Requires: rte_eal_init done. Fails: Limit without memory.
    static base::Result<std::unique_ptr<Readers>> create(std::uint32_t workers_max);
    ~Readers();
    Readers(const Readers&) = delete;
    Readers& operator=(const Readers&) = delete;

    // Worker.
    void online(std::uint32_t worker) noexcept;
    void offline(std::uint32_t worker) noexcept;
    void quiescent(std::uint32_t worker) noexcept;

    // Control thread.
    using Token = std::uint64_t;
    /// What was unpublished before start() is out of every worker's reach once passed() is true.
    Token start() noexcept;
    bool passed(Token token) noexcept;  ///< never blocks

private:
    explicit Readers(::rte_rcu_qsbr* variable) : variable_(variable) {}
    ::rte_rcu_qsbr* variable_;
};

}  // namespace tierwall::worker
