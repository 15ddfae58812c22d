#pragma once

#include "absl/strings/string_view.h"

namespace tournant {

// What the server makes of a field of config.pbtxt that is set. Nothing is ignored in silence.
struct ConfigFieldRule {
  enum class Kind {
    kCarriedOut,  // Its reader may still refuse a value.
    kNoEffect,    // Accepted with a warning: it asks for nothing that changes an answer.
    kRefused,
  };
  Kind kind = Kind::kRefused;
  // kNoEffect: what happens instead. kRefused: what to do instead; empty where no rule names the
  // field.
  absl::string_view instead;
};

// Takes the field's full name, such as "inference.ModelInput.dims". A field that no rule names is
// refused.
ConfigFieldRule RuleOfConfigField(absl::string_view full_name);

}  // namespace tournant
