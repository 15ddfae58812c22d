#pragma once

#include <string>
#include <vector>

#include "models/check_request.h"
#include "models/load_version.h"
#include "models/model.h"
#include "models/model_version.h"

namespace tournant {

// What `tournant-server --check_model=DIR` prints on stdout, for people and for the loader's dry
// run. Lines that begin with "error: " say what is wrong; the loader hands them on.
struct CheckReport {
  bool ok = false;
  std::string text;
};

// Loads it as the server would, and reports the completed config or what is wrong with it.
CheckReport CheckModel(const CheckRequest& request, const LoadLimits& limits, ModelFactory& factory,
                       const std::vector<LoadStep*>& steps);

}  // namespace tournant
