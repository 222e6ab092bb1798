// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/convert_read.hpp"

#include "control/ctl/document_text.hpp"
#include "control/ctl/message_json.hpp"
#include "control/document/parse.hpp"
#include "control/kube/manifests.hpp"

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const document::Value* value) {
    const bool is_text = value != nullptr && value->kind() == document::Kind::Text;
    return is_text ? std::string(value->as_text()) : std::string();
}

/// Items of lists stand alone.
void take_apart(const document::Value& value, const std::string& file, GivenDocuments& out) {
    const std::string kind = text_of(value.find("kind"));
    const document::Value* items = value.find("items");
    if (items == nullptr || items->kind() != document::Kind::List || !kind.ends_with("List")) {
        out.documents.push_back(json_of(value));
        out.places.push_back(file + ":" + std::to_string(value.line()));
        return;
    }
    for (const document::Value& item : items->items()) {
        const std::size_t first = out.documents.size();
        take_apart(item, file, out);
        // The items of a PodList do not say what they are.
        if (kind == "List" || item.kind() != document::Kind::Object ||
            item.find("kind") != nullptr) {
            continue;
        }
        out.documents[first]["kind"] = kind.substr(0, kind.size() - 4);
        out.documents[first]["apiVersion"] = text_of(value.find("apiVersion"));
    }
}

}  // namespace

base::Result<GivenDocuments> read_documents(const std::vector<std::string>& paths) {
    GivenDocuments out;
    for (const std::string& path : paths) {
        TW_TRY(files, kube::list_manifests(path));
        for (const std::string& file : files) {
            TW_TRY(documents, document::read_file(file));
            for (const document::Value& root : documents.roots()) take_apart(root, file, out);
        }
    }
    return out;
}

base::Result<GivenDocuments> documents_of(const std::string& text, const std::string& name) {
    GivenDocuments out;
    TW_TRY(documents, document::parse(text, name));
    for (const document::Value& root : documents.roots()) take_apart(root, name, out);
    return out;
}

std::string list_text(const Documents& items, int indent) {
    Json list{{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json::array()}};
    for (const Json& item : items) list["items"].push_back(item);
    return json_text(list, indent);
}

}  // namespace tierwall::ctl
