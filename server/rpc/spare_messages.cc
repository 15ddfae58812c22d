#include "rpc/spare_messages.h"

#include <utility>

namespace tournant {
namespace {

// As many as calls are usually in flight; a burst's others are freed.
constexpr size_t kMostSpare = 64;
// Wire bytes of what is left in a request at the end of its call, tensors moved out. An empty
// tensor takes two of them and 150 in memory, so a lane's spare requests stay below five megabytes.
constexpr size_t kMostRequestBytes = 1024;
// Wire bytes of an answer, which keeps its tensors.
constexpr int kMostAnswerBytes = 16 << 10;

}  // namespace

std::unique_ptr<SpareMessages::Messages> SpareMessages::Take() {
  if (spare_.empty()) return std::make_unique<Messages>();
  std::unique_ptr<Messages> messages = std::move(spare_.back());
  spare_.pop_back();
  return messages;
}

void SpareMessages::Keep(std::unique_ptr<Messages> messages) {
  if (spare_.size() >= kMostSpare || messages->request.ByteSizeLong() > kMostRequestBytes ||
      // What serializing it has counted last; an answer with an error was not touched.
      messages->response.GetCachedSize() > kMostAnswerBytes) {
    return;
  }
  spare_.push_back(std::move(messages));
}

}  // namespace tournant
