// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Documents of manifests as JSON, one an object, and back as text.
///
/// Threads: any.
/// Memory:  the documents.
/// Cost:    reading and parsing.

#include "control/ctl/convert.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace tierwall::ctl {

struct GivenDocuments {
    Documents documents;              ///< items of lists stand alone
    std::vector<std::string> places;  ///< "file:line" of each
};

/// Files and folders. Fails: as kube::list_manifests() and document::read_file().
base::Result<GivenDocuments> read_documents(const std::vector<std::string>& paths);
/// The same for a text; `name` stands for the file.
base::Result<GivenDocuments> documents_of(const std::string& text, const std::string& name);

/// `kind: List` of the items, on one line, or indented.
std::string list_text(const Documents& items, int indent = -1);

}  // namespace tierwall::ctl
