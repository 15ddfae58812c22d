#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "models/model_version.h"

namespace tournant {

// INTERNAL with the first line of what an exception says.
absl::Status ExceptionStatus(absl::string_view what);

// What `body` returns, a status or a StatusOr; an exception becomes INTERNAL. Nothing that a model
// or its data provoke may end the process.
template <class Body>
auto CatchAll(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& exception) {
    return ExceptionStatus(exception.what());
  } catch (...) {
    return ExceptionStatus("unknown exception");
  }
}

// One execution of the version's model, in the calling thread. Its outputs are checked, so that
// they can be split by rows: as many as the config has, each with `rows` rows where the model has a
// batch dimension, and as many bytes as its shape says. INTERNAL otherwise, and for exceptions.
absl::StatusOr<std::vector<TensorView>> Execute(const ModelVersion& version,
                                                std::span<const TensorView> inputs, int64_t rows);

}  // namespace tournant
