#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/call_context.h"
#include "base/task.h"

namespace tournant {

// Some features of one view, for every key of one of the read's key sets.
struct ViewRead {
  std::string view;
  std::vector<std::string> features;  // distinct
  size_t key_set = 0;
};

// One read of everything that a request needs.
struct OnlineRead {
  std::shared_ptr<const std::vector<ViewRead>> views;  // of a compiled plan, shared by its requests
  std::vector<std::vector<std::string>> key_sets;      // serialized entity keys, distinct in a set
};

// One feature of one entity as it is stored.
struct StoredCell {
  bool present = false;
  size_t offset = 0;  // of the serialized value in OnlineRows::bytes; size 0 is a stored null
  size_t size = 0;
  int64_t event_seconds = 0;
  int32_t event_nanos = 0;
  bool unreadable = false;  // not present, because its part of the store did not answer
};

struct OnlineRows {
  // By the index of the view in OnlineRead::views; cell of key k and feature f at
  // k * features.size() + f.
  std::vector<std::vector<StoredCell>> views;
  std::string bytes;

  absl::string_view Value(const StoredCell& cell) const {
    return absl::string_view(bytes).substr(cell.offset, cell.size);
  }
};

// Where materialized features lie. Implementations block on files or sockets, so each owns the
// threads that do; calls come from loop threads and go on there. Outlives every Read.
class OnlineStore {
 public:
  virtual ~OnlineStore() = default;

  // UNAVAILABLE when nothing of it can be read; trouble with some of the keys makes their cells
  // unreadable, since the others may be another call's. FAILED_PRECONDITION when the store holds no
  // such view, OUT_OF_RANGE when the values are more than one answer may have, RESOURCE_EXHAUSTED
  // when too many reads wait, or what ended the call. Resumes on the call's loop.
  virtual Task<absl::StatusOr<OnlineRows>> Read(const CallContext& call, OnlineRead read) = 0;
};

}  // namespace tournant
