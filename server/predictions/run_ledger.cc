#include "predictions/run_ledger.h"

#include <algorithm>
#include <utility>

#include "predictions/file_names.h"

namespace tournant {

void RunLedger::Begin(uint64_t run, bool marks_end, bool alone) {
  const auto [found, added] = runs_.try_emplace(run);
  current_ = &found->second;
  if (added) {
    current_->summary.run = RunTime(run);
    current_->order = runs_.size();
    current_->anywhere = alone;
    if (const auto mark = pruned_.find(current_->summary.run); mark != pruned_.end()) {
      current_->pruned_up_to = mark->second.up_to;
    }
  }
  current_->summary.marks_end = marks_end;
}

bool RunLedger::NotePruned(const std::string& run, const PruneMark& mark) {
  pruned_[run] = mark;
  uint64_t last = 0;
  for (auto& [id, known] : runs_) {
    if (known.summary.run != run) continue;
    known.pruned_up_to = mark.up_to;
    last = known.summary.last;
  }
  return mark.end || mark.up_to > last;
}

RunLedger::Gap RunLedger::NoteUpTo(uint64_t next) {
  RunSummary& summary = current_->summary;
  if (next <= summary.last + 1) return {};
  Gap gap{summary.last + 1, next - 1};
  const uint64_t pruned = std::min(gap.last, std::max(current_->pruned_up_to, summary.last));
  summary.pruned += pruned - summary.last;
  gap.first = pruned + 1;
  summary.missing += gap.size();
  return gap;
}

RunLedger::Gap RunLedger::NoteRecord(uint64_t sequence) {
  RunSummary& summary = current_->summary;
  if (std::exchange(current_->anywhere, false)) {
    summary.from = sequence;
    summary.last = sequence - 1;
  }
  const Gap gap = NoteUpTo(sequence);
  ++summary.records;
  summary.last = std::max(summary.last, sequence);
  return gap;
}

RunLedger::Gap RunLedger::NoteEnd(const LoggedRunEnd& end) {
  RunSummary& summary = current_->summary;
  summary.end = end;
  // Alone with the end: nothing else is in the file.
  if (std::exchange(current_->anywhere, false)) {
    summary.from = end.enqueued() + 1;
    summary.last = end.enqueued();
  }
  return NoteUpTo(end.enqueued() + 1);
}

std::vector<RunSummary> RunLedger::Take() {
  std::vector<RunSummary> summaries(runs_.size());
  for (auto& [id, run] : runs_) summaries[run.order - 1] = std::move(run.summary);
  return summaries;
}

}  // namespace tournant
