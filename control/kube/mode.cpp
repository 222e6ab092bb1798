// SPDX-License-Identifier: Apache-2.0
#include "control/kube/mode.hpp"

#include <utility>

namespace tierwall::kube {
namespace {

using document::Kind;

Problem mode_problem(const document::Value& value, const std::string& below, base::Errc error,
                     std::string message) {
    Problem out{"", "", "metadata.annotations" + below, error, std::move(message)};
    out.line = value.line();
    return out;
}

}  // namespace

bool has_mode(const std::string& kind) {
    return kind == "Namespace" || kind.ends_with("NetworkPolicy");
}

Mode decode_mode(const document::Value& object, std::vector<Problem>& problems) {
    const document::Value* metadata = object.find("metadata");
    const document::Value* notes = metadata != nullptr ? metadata->find("annotations") : nullptr;
    if (notes == nullptr || notes->is_null()) return Mode::Unset;
    if (notes->kind() != Kind::Object) {
        problems.push_back(
            mode_problem(*notes, "", base::Errc::Invalid,
                         std::string("must be an object, not ") + document::name(notes->kind())));
        return Mode::Enforce;
    }
    const document::Value* value = notes->find(kModeAnnotation);
    if (value == nullptr) return Mode::Unset;
    const bool is_text = value->kind() == Kind::Text;
    if (is_text && value->as_text() == "audit") return Mode::Audit;
    if (is_text && value->as_text() == "enforce") return Mode::Enforce;
    const std::string what =
        is_text ? "\"" + std::string(value->as_text()) + "\"" : document::name(value->kind());
    problems.push_back(mode_problem(*value, std::string("[") + kModeAnnotation + "]",
                                    base::Errc::NotSupported,
                                    what + " is not supported: audit or enforce; it is enforced"));
    return Mode::Enforce;
}

}  // namespace tierwall::kube
