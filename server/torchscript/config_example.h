#pragma once

#include <string>

#include "models/model_config.h"
#include "torchscript/signature.h"

namespace tournant {

// What config.pbtxt could say, in one line: the inputs that are known, one for each argument that
// needs one where there are none, with likely values for what is missing.
std::string ConfigExample(const std::vector<ForwardArgument>& arguments, const ModelConfig& config);

}  // namespace tournant
