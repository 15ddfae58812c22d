#include "inference/batch_runner.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "inference/execute.h"

namespace tournant {
namespace {

using Outputs = absl::StatusOr<std::vector<Tensor>>;

JobAnswer TooLate(InferenceJob& job, absl::Status why, TimePoint now) {
  return {&job, std::move(why), now, now, 0, {}};
}

// Not again: what stands does not go away by coming back.
absl::Status StandingQueueError(const InferenceJob& job, TimePoint now) {
  return Overloaded("STANDING_QUEUE", kNever,
                    "the queue stands, and the call has waited for nearly all of its time",
                    now - job.accepted);
}

}  // namespace

BatchOutcome BatchRunner::Run(const TakenBatch& batch, ModelQueue& queue, BatchBuffer& buffer) {
  outcome_ = BatchOutcome();
  outcome_.unwanted = static_cast<int64_t>(batch.unwanted.size());
  VersionStatistics& statistics = queue.statistics();
  for (const auto& job : batch.expired) {
    absl::Status why =
        job->reject_at <= batch.started
            ? QueueTimeoutError()
            : absl::DeadlineExceededError("the deadline passed before a worker was free");
    answers_.push_back(TooLate(*job, std::move(why), batch.started));
  }
  for (const auto& job : batch.hopeless) {
    answers_.push_back(
        TooLate(*job, absl::DeadlineExceededError("less time is left than the model takes"),
                batch.started));
  }
  for (const auto& job : batch.shed) {
    answers_.push_back(TooLate(*job, StandingQueueError(*job, batch.started), batch.started));
  }
  if (!answers_.empty()) Deliver(answers_, statistics);
  if (batch.jobs.empty()) return outcome_;

  AnswerOrder* const order = queue.answer_order();
  if (batch.jobs.size() == 1) {
    RunAlone(batch.jobs.front(), buffer, batch.started);
  } else if (!RunTogether(batch, buffer)) {
    for (const auto& job : batch.jobs) {
      RunAlone(job, buffer, clock_.Now());
      if (order == nullptr) Deliver(answers_, statistics);
    }
    outcome_.cost = Duration::zero();
  }
  if (order == nullptr) {
    Deliver(answers_, statistics);
  } else {
    Report(statistics);
    order->Finish(batch.turn, batch.jobs, std::exchange(answers_, {}),
                  [&](std::vector<JobAnswer>& answers) {
                    const TimePoint now = clock_.Now();
                    for (JobAnswer& answer : answers) answer.finished = now;
                    Deliver(answers, statistics);
                  });
  }
  return outcome_;
}

bool BatchRunner::RunTogether(const TakenBatch& batch, BatchBuffer& buffer) {
  int64_t rows = 0;
  for (const auto& job : batch.jobs) rows += job->rows;
  counted_.attempted = true;
  TimePoint gathered = batch.started;
  BeginExecuting(batch.jobs, batch.started);
  const auto outputs = CatchAll([&] {
    const std::span<const TensorView> inputs = buffer.Gather(batch.jobs, rows);
    gathered = clock_.Now();
    return Execute(*batch.jobs.front()->version, inputs, rows);
  });
  EndExecuting();
  if (!outputs.ok()) return false;
  const TimePoint executed = clock_.Now();

  OutputRows output_rows(*outputs, rows);
  const Duration row_cost = (executed - batch.started) / std::max<int64_t>(1, rows);
  outcome_.computed += executed - batch.started;
  for (const auto& job : batch.jobs) {
    if (job->claimed()) {
      output_rows.Skip(job->rows);
      ++outcome_.unwanted;
      outcome_.wasted += row_cost * job->rows;
      continue;
    }
    Outputs result = CatchAll([&]() -> Outputs { return output_rows.Take(job->rows); });
    if (!result.ok()) output_rows.Skip(job->rows);
    answers_.push_back({job.get(), std::move(result), {}, {}, rows, {}});
  }
  const TimePoint finished = clock_.Now();
  for (const auto& job : batch.jobs) trace_.Add(*job);
  trace_.End(rows, batch.started, finished, absl::OkStatus());
  const ComputeTimes times{gathered - batch.started, executed - gathered, finished - executed};
  for (JobAnswer& answer : answers_) {
    answer.started = batch.started;
    answer.finished = finished;
    answer.times = times;
  }
  counted_.executions.push_back({rows, times});
  ++outcome_.executions;
  outcome_.rows += rows;
  outcome_.cost = executed - batch.started;
  return true;
}

void BatchRunner::RunAlone(const std::shared_ptr<InferenceJob>& held, BatchBuffer& buffer,
                           TimePoint started) {
  InferenceJob& job = *held;
  if (job.claimed()) {
    ++outcome_.unwanted;
    return;
  }
  if (job.deadline <= started) {
    answers_.push_back(TooLate(
        job, absl::DeadlineExceededError("the deadline passed before the call was executed"),
        started));
    return;
  }
  counted_.attempted = true;
  TimePoint gathered = started;
  TimePoint executed = started;
  BeginExecuting({&held, 1}, started);
  Outputs result = CatchAll([&]() -> Outputs {
    const std::span<const TensorView> inputs = buffer.View(job);
    gathered = clock_.Now();
    const auto outputs = Execute(*job.version, inputs, job.rows);
    executed = clock_.Now();
    if (!outputs.ok()) return outputs.status();
    return CopyOutputs(*outputs);
  });
  EndExecuting();
  const TimePoint finished = clock_.Now();
  trace_.Add(job);
  trace_.End(job.rows, started, finished, result.status());
  const ComputeTimes times{gathered - started, executed - gathered, finished - executed};
  if (result.ok()) {
    counted_.executions.push_back({job.rows, times});
    ++outcome_.executions;
    outcome_.rows += job.rows;
    outcome_.cost = finished - started;
    outcome_.computed += finished - started;
  }
  answers_.push_back({&job, std::move(result), started, finished, job.rows, times});
}

void BatchRunner::BeginExecuting(std::span<const std::shared_ptr<InferenceJob>> jobs,
                                 TimePoint now) {
  for (const auto& job : jobs) job->executing_since.store(now, std::memory_order_relaxed);
  executing_since_.store(now, std::memory_order_relaxed);
  executing_jobs_.store(static_cast<int64_t>(jobs.size()), std::memory_order_relaxed);
}

void BatchRunner::EndExecuting() {
  executing_since_.store(kIdle, std::memory_order_relaxed);
  executing_jobs_.store(0, std::memory_order_relaxed);
}

void BatchRunner::Deliver(std::vector<JobAnswer>& answers, VersionStatistics& statistics) {
  for (JobAnswer& answer : answers) Answer(answer);
  answers.clear();
  // Before anyone is resumed: a caller that has its answer finds it counted.
  Report(statistics);
  resume_.Post();
}

void BatchRunner::Report(VersionStatistics& statistics) {
  if (!counted_.attempted && counted_.calls == 0) return;
  statistics.Count(counted_, clock_.WallNow());
  counted_ = VersionStatistics::Batch();
}

void BatchRunner::Answer(JobAnswer& answer) {
  InferenceJob& job = *answer.job;
  if (!job.Claim()) {
    ++outcome_.unwanted;
    if (answer.batch_rows > 0) {
      outcome_.wasted += (answer.finished - answer.started) / answer.batch_rows * job.rows;
    }
    return;
  }
  job.started = answer.started;
  job.finished = answer.finished;
  job.batch_rows = answer.batch_rows;
  if (answer.result.ok() && job.refine) {
    const absl::Status refined = CatchAll([&] {
      job.refine(*answer.result);
      return absl::OkStatus();
    });
    if (!refined.ok()) answer.result = refined;
  }
  if (answer.result.ok()) {
    job.outputs = *std::move(answer.result);
    ++outcome_.ok;
    job.times = answer.times;
    if (!job.counted_by_call) {
      counted_.AddCall(job.rows, answer.finished - job.accepted, answer.started - job.enqueued,
                       answer.times);
    }
  } else {
    job.status = answer.result.status();
    if (absl::IsDeadlineExceeded(job.status)) {
      ++outcome_.expired;
    } else if (OverloadOf(job.status)) {
      ++outcome_.shed;
    } else {
      ++outcome_.failed;
    }
  }
  resume_.Add(job);
}

}  // namespace tournant
