#include "cpp/ordered_writer.h"

#include <utility>

namespace tournant::client {

uint64_t OrderedWriter::Begin() {
  pieces_.emplace_back();
  return first_ + pieces_.size() - 1;
}

void OrderedWriter::Finish(uint64_t piece, std::string text) {
  pieces_[piece - first_] = std::move(text);
  while (!pieces_.empty() && pieces_.front().has_value()) {
    if (out_ != nullptr) *out_ << *pieces_.front();
    pieces_.pop_front();
    ++first_;
  }
}

}  // namespace tournant::client
