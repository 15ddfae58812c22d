#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "features/bindings.h"
#include "features/vocabulary.h"
#include "models/data_type.h"

namespace tournant {

// The default of a column as the raw bytes of one whole cell of `width` elements of `type`, empty
// when the column has none. `vocabulary` may be null. INVALID_ARGUMENT at the place in `file` when
// the default does not fit.
absl::StatusOr<std::string> ColumnDefault(absl::string_view file, const Bindings::Column& column,
                                          DataType type, size_t width, bool allow_nan,
                                          const Vocabulary* vocabulary);

}  // namespace tournant
