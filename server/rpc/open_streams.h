#pragma once

#include "absl/container/flat_hash_set.h"

namespace tournant {

class InferStream;

// The streams of one lane, so that a drain can end those that would stay open for ever. Part of a
// Lane; its loop's thread only.
class OpenStreams {
 public:
  void Add(InferStream& stream) { open_.insert(&stream); }
  void Remove(InferStream& stream) { open_.erase(&stream); }
  // Drains every stream, and tells those that come later to.
  void Drain();
  bool draining() const { return draining_; }

 private:
  absl::flat_hash_set<InferStream*> open_;  // Each lives in its call's frame.
  bool draining_ = false;
};

}  // namespace tournant
