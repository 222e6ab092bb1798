// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/readers.hpp"

extern "C" {
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
}

#include <string>

namespace tierwall::worker {

base::Result<std::unique_ptr<Readers>> Readers::create(std::uint32_t workers_max) {
    if (workers_max == 0 || workers_max > kWorkersMax) {
        return base::Error{
            base::Errc::Limit, "workers",
            std::to_string(workers_max) + " workers, expected 1 to " + std::to_string(kWorkersMax)};
    }
    const std::size_t size = rte_rcu_qsbr_get_memsize(workers_max);
    auto* variable = static_cast<rte_rcu_qsbr*>(rte_zmalloc("readers", size, RTE_CACHE_LINE_SIZE));
    if (variable == nullptr) return base::Error{base::Errc::Limit, "workers", "out of memory"};
    std::unique_ptr<Readers> readers(new Readers(variable));
    bool ready = rte_rcu_qsbr_init(variable, workers_max) == 0;
    for (std::uint32_t worker = 0; ready && worker < workers_max; ++worker) {
        ready = rte_rcu_qsbr_thread_register(variable, worker) == 0;
    }
    if (!ready) return base::Error{base::Errc::Internal, "workers", "cannot register"};
    return readers;
}

Readers::~Readers() { rte_free(variable_); }

void Readers::online(std::uint32_t worker) noexcept {
    rte_rcu_qsbr_thread_online(variable_, worker);
}

void Readers::offline(std::uint32_t worker) noexcept {
    rte_rcu_qsbr_thread_offline(variable_, worker);
}

void Readers::quiescent(std::uint32_t worker) noexcept {
    rte_rcu_qsbr_quiescent(variable_, worker);
}

Readers::Token Readers::start() noexcept { return rte_rcu_qsbr_start(variable_); }

bool Readers::passed(Token token) noexcept {
    return rte_rcu_qsbr_check(variable_, token, false) == 1;
}

}  // namespace tierwall::worker
