// SPDX-License-Identifier: Apache-2.0
#include "control/document/builder.hpp"
#include "control/document/parse.hpp"
#include "control/document/plain_scalar.hpp"
#include "control/document/utf8.hpp"

#include <libfyaml.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tierwall::document {
namespace {

struct ParserDeleter {
    void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
using Parser = std::unique_ptr<fy_parser, ParserDeleter>;

struct DiagDeleter {
    void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
using Diag = std::unique_ptr<fy_diag, DiagDeleter>;

std::string_view text_of(fy_token* token) {
    std::size_t length = 0;
    const char* text = token != nullptr ? fy_token_get_text(token, &length) : nullptr;
    return text != nullptr ? std::string_view(text, length) : std::string_view();
}

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

/// One run over one text: libfyaml's events, handed on to a Builder.
class Run {
public:
    explicit Run(Documents& documents) : builder_(documents) {}

    Builder& builder() { return builder_; }
    std::uint32_t line() const { return line_; }

    /// False when the text was refused.
    bool take(fy_event& event) {
        if (const fy_mark* mark = fy_event_start_mark(&event); mark != nullptr && mark->line >= 0) {
            line_ = static_cast<std::uint32_t>(mark->line) + 1;
        }
        switch (event.type) {
            case FYET_DOCUMENT_START: anchors_.clear(); return true;
            case FYET_DOCUMENT_END: builder_.finish_document(); return true;
            case FYET_SCALAR: return scalar(event);
            case FYET_ALIAS: return alias(text_of(event.alias.anchor));
            case FYET_MAPPING_START: return begin(Kind::Object, event.mapping_start.anchor);
            case FYET_SEQUENCE_START: return begin(Kind::List, event.sequence_start.anchor);
            case FYET_MAPPING_END:
            case FYET_SEQUENCE_END: return end();
            default: return true;
        }
    }

private:
    bool begin(Kind kind, fy_token* anchor) {
        if (builder_.awaits_key()) return refuse("a list or object cannot be a key");
        open_anchors_.push_back(std::string(text_of(anchor)));
        return builder_.begin(kind, line_);
    }

    bool end() {
        if (!builder_.end()) return false;
        // Only a finished value gets its name, so that no alias can be inside its own anchor.
        remember(open_anchors_.back());
        open_anchors_.pop_back();
        return true;
    }

    bool scalar(fy_event& event) {
        fy_token* token = event.scalar.value;
        const std::string_view text = text_of(token);
        const bool plain = token == nullptr || fy_token_scalar_style(token) == FYSS_PLAIN;
        if (builder_.awaits_key()) {
            if (plain && text == "<<") return builder_.merge_key(line_);
            return plain ? plain_key(text) : builder_.key(text, line_);
        }
        Value value;
        if (!typed(text_of(event.scalar.tag), plain, builder_.keep(text), value)) return false;
        if (!builder_.add(value)) return false;
        remember(std::string(text_of(event.scalar.anchor)));
        return true;
    }

    /// Keys become texts as they do on kubectl's way through JSON: `on:` is the key "true".
    bool plain_key(std::string_view text) {
        const Value value = plain_scalar(text, line_);
        switch (value.kind()) {
            case Kind::Null: return refuse("null cannot be a key");
            case Kind::Boolean: return builder_.key(value.as_boolean() ? "true" : "false", line_);
            case Kind::Integer: return builder_.key(std::to_string(value.as_integer()), line_);
            default: return builder_.key(text, line_);
        }
    }

    /// What the scalar stands for, by its tag or its looks.
    bool typed(std::string_view tag, bool plain, std::string_view text, Value& value) {
        if (tag.starts_with(kTagPrefix)) tag.remove_prefix(kTagPrefix.size());
        if (tag.starts_with("!!")) tag.remove_prefix(2);
        value = plain && tag.empty() ? plain_scalar(text, line_) : Value::text(text, line_);
        if (tag.empty() || tag == "!" || tag == "str") return true;
        return refuse("tag " + std::string(tag) + " is not supported");
    }

    bool alias(std::string_view name) {
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) return refuse("unknown alias *" + std::string(name));
        if (builder_.awaits_key()) return refuse("an alias cannot be a key");
        return builder_.add_alias(found->second);
    }

    void remember(const std::string& anchor) {
        if (!anchor.empty()) anchors_.insert_or_assign(anchor, builder_.last());
    }

    bool refuse(std::string what) {
        return builder_.refuse(base::Errc::Invalid, line_, std::move(what));
    }

    Builder builder_;
    std::map<std::string, Value, std::less<>> anchors_;
    std::vector<std::string> open_anchors_;
    std::uint32_t line_ = 1;
};

/// The first thing that libfyaml found wrong.
void refuse_syntax(Run& run, fy_diag* diag) {
    void* previous = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diag, &previous);
    const bool placed = error != nullptr && error->line > 0;
    const auto line = placed ? static_cast<std::uint32_t>(error->line) : run.line();
    std::string what = error != nullptr && error->msg != nullptr ? error->msg : "not YAML";
    run.builder().refuse(base::Errc::Invalid, line, std::move(what));
}

}  // namespace

base::Result<Documents> parse_yaml(std::string_view text, std::string name) {
    Documents documents(std::move(name));
    if (text.size() > kFileBytesMax) {
        return base::Error{base::Errc::Limit, documents.name(),
                           "larger than " + std::to_string(kFileBytesMax) + " bytes"};
    }
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    TW_TRY(readable, check_utf8(text, documents.name()));
    const Diag diag(fy_diag_create(nullptr));
    fy_parse_cfg config{};
    config.flags =
        static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE);
    config.diag = diag.get();
    const Parser parser(fy_parser_create(&config));
    if (!diag || !parser || fy_parser_set_string(parser.get(), text.data(), text.size()) != 0) {
        return base::Error{base::Errc::Internal, documents.name(), "cannot start the YAML parser"};
    }
    fy_diag_set_collect_errors(diag.get(), true);
    Run run(documents);
    bool good = true;
    while (good) {
        fy_event* event = fy_parser_parse(parser.get());
        if (event == nullptr) break;
        good = run.take(*event);
        fy_parser_event_free(parser.get(), event);
    }
    if (good && fy_parser_get_stream_error(parser.get())) refuse_syntax(run, diag.get());
    if (run.builder().error()) return *run.builder().error();
    return documents;
}

}  // namespace tierwall::document
