// SPDX-License-Identifier: Apache-2.0
#include "control/ctl/message_json.hpp"

#include <google/protobuf/message.h>

namespace tierwall::ctl {

namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

Json single(const Message& message, const FieldDescriptor& field) {
    const auto& fields = *message.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32: return fields.GetInt32(message, &field);
        case FieldDescriptor::CPPTYPE_INT64: return fields.GetInt64(message, &field);
        case FieldDescriptor::CPPTYPE_UINT32: return fields.GetUInt32(message, &field);
        case FieldDescriptor::CPPTYPE_UINT64: return fields.GetUInt64(message, &field);
        case FieldDescriptor::CPPTYPE_DOUBLE: return fields.GetDouble(message, &field);
        case FieldDescriptor::CPPTYPE_FLOAT: return fields.GetFloat(message, &field);
        case FieldDescriptor::CPPTYPE_BOOL: return fields.GetBool(message, &field);
        case FieldDescriptor::CPPTYPE_STRING: return fields.GetString(message, &field);
        case FieldDescriptor::CPPTYPE_ENUM: return fields.GetEnum(message, &field)->name();
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return message_json(fields.GetMessage(message, &field));
    }
    return nullptr;
}

/// The status messages repeat only strings and messages.
Json repeated(const Message& message, const FieldDescriptor& field) {
    const auto& fields = *message.GetReflection();
    Json list = Json::array();
    for (int i = 0; i < fields.FieldSize(message, &field); ++i) {
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            list.push_back(message_json(fields.GetRepeatedMessage(message, &field, i)));
        } else {
            list.push_back(fields.GetRepeatedString(message, &field, i));
        }
    }
    return list;
}

}  // namespace

Json message_json(const Message& message) {
    Json object = Json::object();
    const auto* descriptor = message.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor& field = *descriptor->field(i);
        const bool is_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        // A message that is not there has nothing to say, where a number says 0.
        const bool is_there = field.is_repeated() || !is_message ||
                              message.GetReflection()->HasField(message, &field);
        if (!is_there) continue;
        object[field.name()] =
            field.is_repeated() ? repeated(message, field) : single(message, field);
    }
    return object;
}

std::string json_text(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tierwall::ctl
