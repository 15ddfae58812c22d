#pragma once

#include "models/model_version.h"
#include "predictions/feature_layout.h"

namespace tournant {

// What of a version's inputs is features, for its records; empty for a version without bindings.
FeatureLayout RecordLayout(const ModelVersion& version);

}  // namespace tournant
