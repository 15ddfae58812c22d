#include "models/config_node.h"

#include <google/protobuf/descriptor.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"
#include "models/config_rules.h"

namespace tournant {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

std::vector<const FieldDescriptor*> SetFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

bool IsMessage(const FieldDescriptor* field) { return field->message_type() != nullptr; }
bool IsText(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

}  // namespace

ConfigNode::ConfigNode(const Message& message, const Places* places, ConfigProblems& problems,
                       std::string path)
    : message_(message), places_(places), problems_(problems), path_(std::move(path)) {}

const FieldDescriptor* ConfigNode::Find(absl::string_view name) const {
  return message_.GetDescriptor()->FindFieldByName(std::string(name));
}

ConfigNode ConfigNode::Child(absl::string_view field, int index) const {
  return Child(Find(field), index);
}

ConfigNode ConfigNode::Child(const Field* field, int index) const {
  const Reflection& reflection = *message_.GetReflection();
  const Places* places = places_ == nullptr ? nullptr : places_->GetTreeForNested(field, index);
  const Message* child = field->is_repeated()
                             ? &reflection.GetRepeatedMessage(message_, field, index)
                             : &reflection.GetMessage(message_, field);
  if (field->is_map()) {
    const FieldDescriptor* value = field->message_type()->map_value();
    if (places != nullptr) places = places->GetTreeForNested(value, -1);
    child = &child->GetReflection()->GetMessage(*child, value);
  }
  return ConfigNode(*child, places, problems_, Path(field, index));
}

int ConfigNode::Size(absl::string_view field) const {
  return message_.GetReflection()->FieldSize(message_, Find(field));
}

std::string ConfigNode::Key(absl::string_view field, int index) const {
  return Key(Find(field), index);
}

// Maps are read entry by entry: only so do they keep the order of the text and show a key that is
// given twice.
std::string ConfigNode::Key(const Field* field, int index) const {
  const Message& entry = message_.GetReflection()->GetRepeatedMessage(message_, field, index);
  const FieldDescriptor* key = field->message_type()->map_key();
  if (key->cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
    return absl::StrCat(entry.GetReflection()->GetUInt64(entry, key));
  }
  return entry.GetReflection()->GetString(entry, key);
}

std::string ConfigNode::Path(const Field* field, int index) const {
  std::string path = absl::StrCat(path_, path_.empty() ? "" : ".", field->name());
  if (index < 0) return path;
  if (field->is_map()) return absl::StrCat(path, "[", Quote(Key(field, index)), "]");
  return absl::StrCat(path, "[", index, "]");
}

// The parser keeps one place for a whole list in brackets: that of its first element.
ConfigProblems::Location ConfigNode::At(const Field* field, int index) const {
  if (places_ == nullptr) return {};
  ConfigProblems::Location at = places_->GetLocation(field, index);
  while (at.line < 0 && index > 0) at = places_->GetLocation(field, --index);
  return at;
}

void ConfigNode::Refuse(absl::string_view field, absl::string_view text, int index) const {
  const Field* found = Find(field);
  problems_.Refuse(At(found, index), absl::StrCat(Path(found, index), " ", text));
}

void ConfigNode::Warn(absl::string_view field, absl::string_view text, int index) const {
  const Field* found = Find(field);
  problems_.Warn(At(found, index), absl::StrCat(Path(found, index), " ", text));
}

void ConfigNode::CheckFields() const {
  for (const Field* field : SetFields(message_)) CheckField(field);
}

void ConfigNode::CheckText() const {
  for (const Field* field : SetFields(message_)) {
    if (!field->is_repeated()) {
      CheckText(field, -1);
      continue;
    }
    const int size = message_.GetReflection()->FieldSize(message_, field);
    for (int i = 0; i < size; ++i) CheckText(field, i);
  }
}

void ConfigNode::CheckField(const Field* field) const {
  const ConfigFieldRule rule = RuleOfConfigField(field->full_name());
  const int first = field->is_repeated() ? 0 : -1;
  switch (rule.kind) {
    case ConfigFieldRule::Kind::kRefused: {
      const absl::string_view colon = rule.instead.empty() ? "" : ": ";
      problems_.Refuse(At(field, first),
                       absl::StrCat(Path(field, -1), " is not supported", colon, rule.instead));
      return;
    }
    case ConfigFieldRule::Kind::kNoEffect:
      // An empty message asks for nothing.
      if (IsMessage(field) && !field->is_repeated() &&
          SetFields(message_.GetReflection()->GetMessage(message_, field)).empty()) {
        return;
      }
      problems_.Warn(At(field, first),
                     absl::StrCat(Path(field, -1), " has no effect: ", rule.instead));
      return;
    case ConfigFieldRule::Kind::kCarriedOut:
      break;
  }
  if (!field->is_repeated()) return CheckValue(field, -1);
  const int size = message_.GetReflection()->FieldSize(message_, field);
  for (int i = 0; i < size; ++i) CheckValue(field, i);
}

void ConfigNode::CheckValue(const Field* field, int index) const {
  if (IsMessage(field)) return Child(field, index).CheckFields();
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM || field->is_repeated()) return;
  const int number = message_.GetReflection()->GetEnumValue(message_, field);
  if (field->enum_type()->FindValueByNumber(number) != nullptr) return;
  problems_.Refuse(At(field, index), absl::StrCat(Path(field, index), " is ", number,
                                                  ", which is no ", field->enum_type()->name()));
}

// Protobuf's text may hold any bytes, and ModelConfig could not give them back.
void ConfigNode::CheckText(const Field* field, int index) const {
  const Reflection& reflection = *message_.GetReflection();
  const auto check = [&](const std::string& value) {
    if (IsUtf8(value)) return;
    problems_.Refuse(At(field, index),
                     absl::StrCat(Path(field, index), " is not UTF-8: '", Quote(value), "'"));
  };
  if (field->is_map()) {
    check(Key(field, index));
    const Field* value = field->message_type()->map_value();
    if (!IsText(value)) return Child(field, index).CheckText();
    const Message& entry = reflection.GetRepeatedMessage(message_, field, index);
    check(entry.GetReflection()->GetString(entry, value));
  } else if (IsMessage(field)) {
    Child(field, index).CheckText();
  } else if (IsText(field)) {
    check(field->is_repeated() ? reflection.GetRepeatedString(message_, field, index)
                               : reflection.GetString(message_, field));
  }
}

}  // namespace tournant
