#pragma once

#include <cstdint>
#include <memory>

#include "inference/model_queue.h"

namespace tournant {

// When the jobs of a queue's tests arrive.
inline constexpr TimePoint kNow{std::chrono::seconds(1000)};

// A job that came at kNow, with a deadline in seconds after that.
inline std::shared_ptr<InferenceJob> JobAt(int deadline, int64_t rows = 1) {
  auto job = std::make_shared<InferenceJob>();
  job->rows = rows;
  job->deadline = kNow + std::chrono::seconds(deadline);
  job->enqueued = kNow;
  return job;
}

// Of a model with one INT64 input and batches of up to 8 rows.
inline ModelConfig BatchConfig() {
  ModelConfig config;
  config.name = "m";
  config.max_batch_size = 8;
  config.inputs = {{"x", DataType::kInt64, {1}, false}};
  return config;
}

inline TakenBatch Take(ModelQueue& queue, int64_t max_rows, TimePoint now = kNow,
                       StandingQueue* standing = nullptr) {
  TakenBatch batch;
  queue.Take(max_rows, now, standing, batch);
  return batch;
}

}  // namespace tournant
