// The whole server under callers that leave, deadlines of 0 to 3 ms and a drain in the middle.

#include "rpc/storm_test.h"

#include <array>
#include <cstring>
#include <string>

#include "base/sleep.h"
#include "fakes/fake_model.h"
#include "features/bindings.h"
#include "features/feature_caches.h"
#include "features/feature_client.h"
#include "features/feature_plan.h"
#include "features/fixed_brown_out.h"
#include "features/shared_layers.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

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

std::shared_ptr<ModelVersion> FlightModel(FeatureCaches& caches) {
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

ModelInferRequest FlightRequest(int rows) {
  ModelInferRequest request;
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

// Each row must be its own: the distance that was sent, and the store's value or the default.
void ExpectOwnRows(const ModelInferResponse& response, int rows) {
  ASSERT_EQ(response.raw_output_contents_size(), 1);
  const std::string& bytes = response.raw_output_contents(0);
  ASSERT_EQ(bytes.size(), static_cast<size_t>(rows) * 2 * sizeof(float));
  for (int row = 0; row < rows; ++row) {
    std::array<float, 2> cells;
    std::memcpy(cells.data(), bytes.data() + static_cast<size_t>(row) * sizeof(cells),
                sizeof(cells));
    EXPECT_EQ(cells[0], static_cast<float>(row));
    EXPECT_TRUE(cells[1] == 0.25f || (cells[1] == 0.5f && row % 2 == 0)) << cells[1];
  }
}

using Storm = StormTest;

TEST_F(Storm, EveryCallEndsOnceAndAnswersOnlyItsOwnRows) {
  SeededRng rng(1);
  FeatureCaches caches(rng);
  Serve(FlightModel(caches));
  SlowStore store;
  const FixedBrownOut brown_out;
  SharedLayers features(store, brown_out, {});
  CountedRecords records;
  ModelServer::Options options;
  options.wait_for_background = [&features] { features.WaitForBackground(); };
  StartServer(&features, &records, options);

  std::atomic<int64_t> ok{0};
  Run({.callers = 8,
       .rounds_before_drain = 40,
       .rounds = 80,
       .grace = std::chrono::milliseconds(5)},
      [&](Stub& stub, Rng& rng, int, int) {
        const int rows = static_cast<int>(rng.Next() % 8) + 1;
        grpc::ClientContext context;
        if (rng.Next() % 2 == 0) {
          context.set_deadline(clock_.WallNow() + std::chrono::microseconds(rng.Next() % 3000));
        }
        ModelInferRequest request = FlightRequest(rows);
        ModelInferResponse response;
        // A caller who leaves: the cancellation races with the call on purpose.
        std::thread leaver;
        if (rng.Next() % 4 == 0) leaver = std::thread([&context] { context.TryCancel(); });
        const grpc::Status status = stub.ModelInfer(&context, request, &response);
        if (leaver.joinable()) leaver.join();
        if (!status.ok()) return;
        ok.fetch_add(1);
        ExpectOwnRows(response, rows);
      });
  ExpectAllEnded(ok.load());

  int64_t started = 0;
  int64_t ended = 0;
  for (const CallMetrics* metrics : metrics_) {
    started += metrics->started(static_cast<size_t>(Method::kModelInfer));
    for (size_t phase = kEndPhase; phase < kPhaseCount; ++phase) {
      ended += metrics->in_phase(static_cast<Phase>(phase));
    }
  }
  EXPECT_EQ(started, ended);
}

}  // namespace
}  // namespace tournant
