// Ten thousand calls, of which most are cancelled at random moments: before they reach the server,
// while they wait for features or for a worker, while they are computed, while they are answered.

#include <deque>
#include <memory>

#include "features/feature_caches.h"
#include "features/fixed_brown_out.h"
#include "features/shared_layers.h"
#include "rpc/flight_storm.h"
#include "rpc/storm_test.h"

namespace tournant {
namespace {

using inference::ModelInferResponse;

// Calls in flight over one completion queue, which are cancelled so many events after they began.
class CancellingCaller {
 public:
  CancellingCaller(inference::GRPCInferenceService::Stub& stub, Rng& rng)
      : stub_(stub), rng_(rng) {}
  ~CancellingCaller() { queue_.Shutdown(); }

  void Run(int calls) {
    for (int i = 0; i < calls; ++i) {
      Start();
      while (in_flight_ >= kMostInFlight) Await();
      CancelDue();
    }
    while (in_flight_ > 0) {
      Await();
      CancelDue();
    }
  }

  int64_t ok = 0;
  int64_t cancelled = 0;
  int64_t refused = 0;
  int64_t other = 0;

 private:
  static constexpr int kMostInFlight = 64;
  struct Call {
    grpc::ClientContext context;
    grpc::Status status;
    ModelInferResponse response;
    std::unique_ptr<grpc::ClientAsyncResponseReader<ModelInferResponse>> reader;
    int64_t cancel_at = 0;
    bool ended = false;
  };

  void Start() {
    auto& call = calls_.emplace_back(std::make_unique<Call>());
    // One of eight is left alone.
    call->cancel_at = rng_.Next() % 8 == 0 ? -1 : events_ + static_cast<int64_t>(rng_.Next() % 100);
    call->reader = stub_.AsyncModelInfer(&call->context, FlightRequest(1), &queue_);
    call->reader->Finish(&call->response, &call->status, call.get());
    ++in_flight_;
    ++events_;
  }
  void Await() {
    void* tag = nullptr;
    bool ok_flag = false;
    ASSERT_TRUE(queue_.Next(&tag, &ok_flag));
    Call& call = *static_cast<Call*>(tag);
    call.ended = true;
    --in_flight_;
    ++events_;
    switch (call.status.error_code()) {
      case grpc::StatusCode::OK:
        ++ok;
        break;
      case grpc::StatusCode::CANCELLED:
        ++cancelled;
        break;
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
        ++refused;
        break;
      default:
        ++other;
        ADD_FAILURE() << call.status.error_code() << ": " << call.status.error_message();
    }
  }
  void CancelDue() {
    for (const auto& call : calls_) {
      if (call->ended || call->cancel_at < 0 || call->cancel_at > events_) continue;
      call->context.TryCancel();
      call->cancel_at = -1;
    }
    while (!calls_.empty() && calls_.front()->ended) calls_.pop_front();
  }

  inference::GRPCInferenceService::Stub& stub_;
  Rng& rng_;
  grpc::CompletionQueue queue_;
  std::deque<std::unique_ptr<Call>> calls_;
  int in_flight_ = 0;
  int64_t events_ = 0;
};

using CancelStorm = StormTest;

TEST_F(CancelStorm, NothingIsLeftOfTenThousandCallsWhoseCallersWentAway) {
  SeededRng cache_rng(1);
  FeatureCaches caches(cache_rng);
  Serve(FlightModel(caches));
  SlowStore store;
  const FixedBrownOut brown_out;
  SharedLayers features(store, brown_out, {});
  CountedRecords records;
  ModelServer::Options options;
  options.wait_for_background = [&features] { features.WaitForBackground(); };
  StartServer(&features, &records, options);

  std::atomic<int64_t> ok{0};
  std::atomic<int64_t> ended{0};
  // The drain begins when all calls have ended.
  Run({.callers = 2, .rounds_before_drain = 1, .rounds = 2, .grace = std::chrono::minutes(1)},
      [&](Stub& stub, Rng& rng, int, int round) {
        if (round > 0) return;
        CancellingCaller caller(stub, rng);
        caller.Run(5000);
        ok += caller.ok;
        ended += caller.ok + caller.cancelled + caller.refused + caller.other;
      });
  EXPECT_EQ(ended, 10'000);
  EXPECT_GT(ok, 100);
  ExpectAllEnded(ok);
}

}  // namespace
}  // namespace tournant
