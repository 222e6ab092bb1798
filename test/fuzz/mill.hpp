// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mill: texts of manifests through everything that tierwall-sync does with them, up to the
/// snapshot, and through everything that lint looks for; whatever they say, what comes out is
/// sound.
///
/// A fact that does not hold ends the process.
///
/// Threads: one.
/// Memory:  the objects, and the snapshot.
/// Cost:    some 50 microseconds an object.

#include "control/compile/compiler.hpp"
#include "control/kube/store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tierwall::fuzz {

enum class Language { Either, Json, Yaml };

class Mill {
public:
    /// The source now says this, if it can be read at all. The number of its objects.
    std::size_t feed(const std::string& source, std::string_view text, Language language);
    /// The source is gone.
    void forget(const std::string& source);
    /// Says what is legal and not meant, of all that was read: in full, and with hardly any steps.
    void check_warnings() const;
    /// Compiles what is in force, on top of what was compiled before, and from nothing.
    void check_against_a_new_compiler();

private:
    compile::Output compiled(compile::Compiler& compiler) const;

    std::map<std::string, kube::Contents> read_;  ///< by source
    kube::Store store_;
    compile::Compiler compiler_;
};

}  // namespace tierwall::fuzz
