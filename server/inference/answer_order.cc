#include "inference/answer_order.h"

#include <utility>

namespace tournant {

void AnswerOrder::Finish(uint64_t turn, std::vector<std::shared_ptr<InferenceJob>> jobs,
                         std::vector<JobAnswer> answers,
                         const std::function<void(std::vector<JobAnswer>&)>& deliver) {
  // The caller still holds `jobs`, and with them the version that this is part of.
  MutexLock lock(mutex_);
  early_.emplace(turn, Batch{std::move(jobs), std::move(answers)});
  while (!early_.empty() && early_.begin()->first == next_) {
    deliver(early_.begin()->second.answers);
    early_.erase(early_.begin());
    ++next_;
  }
}

}  // namespace tournant
