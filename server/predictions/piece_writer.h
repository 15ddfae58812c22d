#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Passes bytes on in few writes and with few copies: small pieces are gathered, large ones are
// written as they are. After an error nothing may follow. One thread.
class PieceWriter {
 public:
  // Writes all of what it is given.
  using Write = std::function<absl::Status(absl::string_view)>;
  static constexpr size_t kGathered = size_t{256} << 10;

  explicit PieceWriter(Write write) : write_(std::move(write)) {}

  absl::Status Add(absl::string_view bytes) {
    if (gathered_.size() + bytes.size() > kGathered) {
      if (absl::Status status = Flush(); !status.ok()) return status;
      if (bytes.size() > kGathered / 2) return write_(bytes);
    }
    gathered_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  // Has to follow the last piece.
  absl::Status Flush() {
    if (gathered_.empty()) return absl::OkStatus();
    absl::Status status = write_(gathered_);
    gathered_.clear();
    return status;
  }

 private:
  const Write write_;
  std::string gathered_;
};

}  // namespace tournant
