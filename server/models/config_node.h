#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>

#include "absl/strings/string_view.h"
#include "models/config_problems.h"

namespace tournant {

// One message of a config together with where its fields stand in the text. A value that borrows
// the message, the places and the collector of problems; one thread only.
//
// Fields are named by their short names in this message; `index` is the entry of a repeated field
// or map, -1 for others.
class ConfigNode {
 public:
  using Message = google::protobuf::Message;
  using Places = google::protobuf::TextFormat::ParseInfoTree;

  // `places` is null for a config that was not text.
  ConfigNode(const Message& message, const Places* places, ConfigProblems& problems,
             std::string path = "");

  // The message in `field`. For a map, the value of the entry at `index` in the text.
  ConfigNode Child(absl::string_view field, int index = -1) const;
  // Entries of a repeated field or map, in the order of the text.
  int Size(absl::string_view field) const;
  // The key of a map's entry, as text.
  std::string Key(absl::string_view field, int index) const;

  // Refuses the config, or warns: "<place> <path of the field> <text>".
  void Refuse(absl::string_view field, absl::string_view text, int index = -1) const;
  void Warn(absl::string_view field, absl::string_view text, int index = -1) const;

  // Whether nothing in the whole config has been refused.
  bool ok() const { return problems_.ok(); }

  // Goes through every field that is set, here and below, by the rules of config_rules.h: what is
  // not carried out is refused or warned of. Refuses numbers that are none of an enum's values,
  // too.
  void CheckFields() const;
  // Refuses all text, here and below, that is not UTF-8.
  void CheckText() const;

  // The message, whose type the caller knows.
  template <class Generated>
  const Generated& As() const {
    return static_cast<const Generated&>(message_);
  }

 private:
  using Field = google::protobuf::FieldDescriptor;

  const Field* Find(absl::string_view name) const;
  ConfigNode Child(const Field* field, int index) const;
  std::string Key(const Field* field, int index) const;
  std::string Path(const Field* field, int index) const;
  ConfigProblems::Location At(const Field* field, int index) const;
  void CheckField(const Field* field) const;
  void CheckValue(const Field* field, int index) const;
  void CheckText(const Field* field, int index) const;

  const Message& message_;
  const Places* const places_;
  ConfigProblems& problems_;
  const std::string path_;
};

}  // namespace tournant
