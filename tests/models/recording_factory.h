#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "base/mutex.h"
#include "fakes/live_count.h"
#include "models/model.h"

namespace tournant {

// Makes models from any bytes; those that hold the word "broken" are refused. Remembers which
// thread freed each model.
class RecordingFactory final : public ModelFactory {
 public:
  absl::StatusOr<std::unique_ptr<Model>> Load(const std::string& bytes,
                                              ModelConfig& config) override {
    MutexLock lock(mutex_);
    ++loads_;
    if (absl::StrContains(bytes, "broken")) {
      return absl::InvalidArgumentError("the bytes are broken");
    }
    for (TensorSpec& output : config.outputs) {
      if (output.type == DataType::kInvalid) output.type = DataType::kFp32;
    }
    return std::make_unique<Made>(*this);
  }

  int loads() const {
    MutexLock lock(mutex_);
    return loads_;
  }
  std::vector<std::thread::id> freed_by() const {
    MutexLock lock(mutex_);
    return freed_by_;
  }

 private:
  class Made final : public Model {
   public:
    explicit Made(RecordingFactory& factory) : factory_(factory) {}
    ~Made() override {
      MutexLock lock(factory_.mutex_);
      factory_.freed_by_.push_back(std::this_thread::get_id());
    }
    absl::StatusOr<std::vector<TensorView>> Run(std::span<const TensorView>) const override {
      return absl::UnimplementedError("never run");
    }
    size_t parameter_bytes() const override { return 12; }

   private:
    RecordingFactory& factory_;
    LiveCount alive_;
  };

  mutable Mutex mutex_;
  int loads_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::thread::id> freed_by_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
