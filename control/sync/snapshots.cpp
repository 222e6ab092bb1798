// SPDX-License-Identifier: Apache-2.0
#include "control/sync/snapshots.hpp"

#include <utility>

namespace tierwall::sync {

kube::Store::Changes Snapshots::take_changes() {
    kube::Store::Changes now = store_.take_changes();
    pending_.namespaces.merge(now.namespaces);
    pending_.nodes.merge(now.nodes);
    pending_.pods.merge(now.pods);
    pending_.policies.merge(now.policies);
    return pending_;
}

base::Result<compile::Output> Snapshots::compile() {
    const kube::Store::Changes changed = take_changes();
    const kube::Objects& objects = store_.objects();
    const std::uint64_t version = store_.version();
    if (compiled_) {
        translator_.update(objects, changed.policies);
    } else {
        translator_.reset(objects);
    }
    const compile::Changes changes{{changed.policies.begin(), changed.policies.end()},
                                   {changed.namespaces.begin(), changed.namespaces.end()},
                                   {changed.nodes.begin(), changed.nodes.end()},
                                   {changed.pods.begin(), changed.pods.end()}};
    found_ = translator_.problems(objects);
    auto output = compiler_.compile(
        {.cluster = &objects.cluster,
         .policies = translator_.policies(),
         .names = {},
         .service_prefixes = service_prefixes_,
         .changes = compiled_ ? &changes : nullptr,
         .find_policy = [this](const std::string& path) { return translator_.find(path); }});
    if (!output.ok()) return output;
    found_.insert(found_.end(), output->warnings.begin(), output->warnings.end());
    pending_ = {};
    compiled_ = true;
    version_ = version;
    return output;
}

}  // namespace tierwall::sync
