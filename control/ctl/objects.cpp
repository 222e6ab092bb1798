// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/objects.hpp"

#include "control/dialect/translate.hpp"
#include "control/document/parse.hpp"
#include "control/kube/decode.hpp"
#include "control/kube/domain_names.hpp"
#include "control/kube/manifests.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace tierwall::ctl {

namespace {

base::Result<Objects> in_force(const kube::Store& store) {
    const std::vector<std::string> reasons = store.blocked();
    if (!reasons.empty()) return base::Error{base::Errc::Invalid, "", reasons.front()};
    std::vector<kube::Problem> problems = store.problems();
    Objects objects{store.objects().cluster, dialect::translate(store.objects(), problems), {}, {}};
    for (const kube::Problem& each : kube::unlearned_names(store.objects())) {
        objects.named.push_back(each.object + " " + each.field);
    }
    std::set<std::string> lines;
    for (const kube::Problem& each : problems) {
        const std::string place = each.object + " " + each.field;
        const bool is_name =
            std::find(objects.named.begin(), objects.named.end(), place) != objects.named.end();
        const std::string line = place + ": " + each.message;
        if (!is_error(each) || is_name || !lines.insert(line).second) continue;
        objects.problems.push_back(line);
    }
    return objects;
}

}  // namespace

base::Result<Objects> read_objects(const std::vector<std::string>& paths) {
    return in_force(kube::load_manifests(paths));
}

base::Result<Objects> read_objects_text(const std::string& text, const std::string& name) {
    TW_TRY(documents, document::parse(text, name));
    std::vector<kube::Decoded> decoded;
    for (const document::Value& root : documents.roots()) kube::decode(root, name, decoded);
    kube::Contents contents;
    for (kube::Decoded& object : decoded) {
        contents.push_back(std::make_shared<const kube::Decoded>(std::move(object)));
    }
    kube::Store store;
    store.replace(name, std::move(contents));
    return in_force(store);
}

}  // namespace tierwall::ctl
