#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_model.h"
#include "fakes/tensors.h"
#include "fakes/test_call.h"
#include "inference/compute.h"
#include "inference/inference_job.h"
#include "inference/worker_pool.h"

namespace tournant {

inline Tensor Int64s(Shape shape, const std::vector<int64_t>& values) {
  return MakeTensor(DataType::kInt64, std::move(shape), values);
}
inline std::vector<int64_t> Int64Values(absl::string_view bytes) {
  return ValuesOf<int64_t>(bytes);
}
inline std::vector<int64_t> Int64Values(const Tensor& tensor) { return Int64Values(tensor.bytes); }

// Versions with one INT64 input "x" and one output "y", both [rows, 1].
inline std::shared_ptr<ModelVersion> Int64Version(FakeModel::Function run,
                                                  int64_t max_batch_size = 8,
                                                  const std::string& name = "m") {
  auto version = MakeVersion(name, 1, std::make_unique<FakeModel>(std::move(run)));
  version->config.max_batch_size = max_batch_size;
  version->config.inputs = {{"x", DataType::kInt64, {1}, false}};
  version->config.outputs = {{"y", DataType::kInt64, {1}, false}};
  return version;
}

// y = 10 x, and what else `also` does with the values.
inline FakeModel::Function TimesTen(std::function<void(const std::vector<int64_t>&)> also = {}) {
  return [also](std::span<const TensorView> inputs) -> absl::StatusOr<std::vector<Tensor>> {
    std::vector<int64_t> values = Int64Values(inputs[0].bytes);
    if (also) also(values);
    for (int64_t& value : values) value *= 10;
    return std::vector<Tensor>{Int64s(inputs[0].shape, values)};
  };
}

inline std::shared_ptr<InferenceJob> Int64Job(ModelHandle version, std::vector<int64_t> values,
                                              TimePoint deadline) {
  auto job = std::make_shared<InferenceJob>();
  job->version = std::move(version);
  job->rows = static_cast<int64_t>(values.size());
  job->inputs.push_back(Int64s({job->rows, 1}, values));
  job->deadline = deadline;
  return job;
}

// Calls on a manual loop that wait for a pool. Its workers are real threads.
class Calls {
 public:
  struct Call {
    Call(const CallContext& base, TimePoint deadline, ComputePool& pool,
         std::shared_ptr<InferenceJob> job)
        : context{base.home, base.clock, deadline, stop.get_token(), base.phase},
          job(std::move(job)),
          result(Await(context, pool, this->job)) {}

    static Task<absl::Status> Await(const CallContext& context, ComputePool& pool,
                                    const std::shared_ptr<InferenceJob>& job) {
      co_return co_await Compute(context, pool, job);
    }
    bool done() const { return result.done(); }
    const absl::Status& status() const { return *result.result; }

    std::stop_source stop;
    CallContext context;
    std::shared_ptr<InferenceJob> job;
    Started<absl::Status> result;
  };

  Call& Start(ComputePool& pool, std::shared_ptr<InferenceJob> job) {
    const TimePoint deadline = job->deadline;
    return calls_.emplace_back(test.context, deadline, pool, std::move(job));
  }
  // Until each call has ended.
  void Finish() {
    for (const Call& call : calls_) {
      while (!call.done()) test.loop.WaitAndRun();
    }
  }
  std::list<Call>& calls() { return calls_; }
  TimePoint In(Duration duration) const { return test.clock.Now() + duration; }

  TestCall test;

 private:
  std::list<Call> calls_;
};

}  // namespace tournant
