#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace tournant {

// One line out of what an exception of LibTorch says. Errors raised inside a model come with a
// traceback that quotes the model's source: what is kept is the line with the error itself.
std::string OneLine(absl::string_view what);

}  // namespace tournant
