#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/sleep.h"
#include "fakes/fake_model.h"
#include "features/bindings.h"
#include "features/feature_caches.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "inference/grpc_service.grpc.pb.h"
#include "predictions/prediction_record.h"

namespace tournant {

// A store that takes up to 2 ms on the loop's own timer, fails now and then, and knows the feature
// of every second plane.
class SlowStore final : public FeatureClient {
 public:
  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    const int64_t turn = turns_.fetch_add(1);
    const TimePoint answer = call.clock.Now() + std::chrono::microseconds(500 * (turn % 5));
    if (absl::Status waited = co_await SleepUntil(call, answer); !waited.ok()) co_return waited;
    if (turn % 7 == 0) co_return absl::UnavailableError("the store is down");
    FetchedFeatures fetched(request.plan.features.size(), static_cast<size_t>(request.rows));
    for (size_t row = 0; row < static_cast<size_t>(request.rows); ++row) {
      const char plane = request.keys[0].texts[row][0];
      if ((plane - 'A') % 2 == 0) fetched.SetFloating(0, row, 0.5);
    }
    co_return fetched;
  }

 private:
  std::atomic<int64_t> turns_{0};
};

class CountedRecords final : public PredictionSink {
 public:
  void Record(PredictionRecord) override { count.fetch_add(1); }
  std::atomic<int64_t> count{0};
};

inline std::shared_ptr<ModelVersion> FlightModel(FeatureCaches& caches) {
  std::shared_ptr<ModelVersion> version = MakeVersion("flights", 1, EchoModel());
  version->config.inputs = {{"x", DataType::kFp32, {2}, false}};
  version->config.outputs = {{"y", DataType::kFp32, {2}, false}};
  const auto bindings = ParseBindings("features.pbtxt", R"(
      request { name: "tailnum" data_type: TYPE_STRING dims: 1 }
      request { name: "distance" data_type: TYPE_FP32 dims: 1 }
      entity { join_key: "tailnum" request: "tailnum" data_type: TYPE_STRING }
      input { name: "x"
              column { request: "distance" }
              column { feature: "plane:late" default: 0.25 } }
      view { name: "plane" cache { soft_age { nanos: 1000000 } hard_age { nanos: 3000000 }
                                   negative_age { nanos: 1000000 } } })");
  EXPECT_TRUE(bindings.ok()) << bindings.status();
  auto plan = FeaturePlan::Compile(*bindings, version->config, nullptr, "", {.caches = &caches});
  EXPECT_TRUE(plan.ok()) << plan.status();
  version->features = *plan;
  return version;
}

inline inference::ModelInferRequest FlightRequest(int rows) {
  inference::ModelInferRequest request;
  request.set_model_name("flights");
  std::string tails;
  std::string distances;
  for (int row = 0; row < rows; ++row) {
    AppendBytesElement(std::string(1, static_cast<char>('A' + row)), tails);
    const float distance = static_cast<float>(row);
    distances.append(reinterpret_cast<const char*>(&distance), sizeof(distance));
  }
  for (const char* name : {"tailnum", "distance"}) {
    auto& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype(std::string(name) == "tailnum" ? "BYTES" : "FP32");
    input.add_shape(rows);
    input.add_shape(1);
  }
  request.add_raw_input_contents(tails);
  request.add_raw_input_contents(distances);
  return request;
}

}  // namespace tournant
