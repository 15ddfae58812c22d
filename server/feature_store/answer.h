#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "feature_store/online_store.h"
#include "feature_store/read_plan.h"
#include "feature_store/request_rows.h"
#include "feature_store/status_counts.h"

namespace tournant {

// The serialized GetOnlineFeaturesResponse. Stored values are copied into it as they are: a stored
// value is exactly the payload of one element of FeatureVector.values, so nothing is decoded. Ages
// are taken at `now_seconds`, in whole seconds since 1970. OUT_OF_RANGE when it would be larger
// than `max_bytes`: rows that name one entity share what is read of it, but each has its own copy
// here. Adds the cells of features to `cells`.
absl::StatusOr<std::string> EncodeAnswer(const ReadPlan& plan, const RequestRows& request,
                                         const OnlineRows& stored, int64_t now_seconds,
                                         bool with_versions, size_t max_bytes, StatusCounts& cells);

}  // namespace tournant
