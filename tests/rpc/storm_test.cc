// The whole server under callers that leave, deadlines of 0 to 3 ms and a drain in the middle.

#include "rpc/storm_test.h"

#include <array>
#include <cstring>
#include <string>

#include "features/feature_caches.h"
#include "features/fixed_brown_out.h"
#include "features/shared_layers.h"
#include "rpc/flight_storm.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

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
