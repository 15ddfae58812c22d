#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <ostream>
#include <string>

namespace tournant::client {

// Writes pieces that are finished in any order in the order in which they were begun. One thread.
class OrderedWriter {
 public:
  // Null: the pieces are dropped. `out` has to outlive this.
  explicit OrderedWriter(std::ostream* out) : out_(out) {}

  // The number of the next piece, from 0.
  uint64_t Begin();
  void Finish(uint64_t piece, std::string text);
  // Pieces begun and not written yet, finished or not.
  size_t pending() const { return pieces_.size(); }

 private:
  std::ostream* const out_;
  std::deque<std::optional<std::string>> pieces_;  // Nothing: not finished.
  uint64_t first_ = 0;                             // The number of pieces_.front().
};

}  // namespace tournant::client
