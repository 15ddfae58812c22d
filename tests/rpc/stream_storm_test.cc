// Streams under callers that leave, errors that end them, deadlines and a drain in the middle.

#include <set>

#include "fakes/fake_model.h"
#include "rpc/storm_test.h"

namespace tournant {
namespace {

using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;
using StreamStorm = StormTest;

constexpr int kRequests = 12;  // On each stream.

// One row that only this request has, for a model that is not there where it is to be refused.
ModelInferRequest Request(int caller, int stream, int number, bool named, bool good) {
  ModelInferRequest request;
  request.set_model_name(good ? "echo" : "nope");
  if (named) request.set_id(std::to_string(number));
  auto& input = *request.add_inputs();
  input.set_name("x");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(4);
  const float row[] = {static_cast<float>(caller), static_cast<float>(stream),
                       static_cast<float>(number), 0};
  request.add_raw_input_contents(std::string(reinterpret_cast<const char*>(row), sizeof(row)));
  return request;
}

TEST_F(StreamStorm, EveryRequestEndsOnceAndEveryAnswerIsItsOwn) {
  Serve(MakeVersion("echo", 1, EchoModel()));
  ModelServer::Options options;
  options.service.calls.stream_requests = 5;
  StartServer(nullptr, nullptr, options);

  const Plan plan = {.callers = 6,
                     .rounds_before_drain = 15,
                     .rounds = 30,
                     .grace = std::chrono::milliseconds(20),
                     .seed = 100};
  std::atomic<int64_t> answered{0};
  Run(plan, [&](Stub& stub, Rng& rng, int caller, int round) {
    grpc::ClientContext context;
    const bool errors_end_it = rng.Next() % 4 == 0;
    if (errors_end_it) context.AddMetadata("triton_grpc_error", "true");
    const bool hurries = rng.Next() % 4 == 0;
    if (hurries) {
      context.set_deadline(clock_.WallNow() + std::chrono::microseconds(rng.Next() % 5000));
    }
    const bool named = rng.Next() % 2 == 0;
    const bool leaves = rng.Next() % 4 == 0;
    const bool half_closes = rng.Next() % 4 != 0;
    const uint64_t bad = rng.Next() % 3 == 0 ? rng.Next() % kRequests : kRequests;
    // Nothing keeps an answer from this caller.
    const bool whole = !hurries && !leaves && !(errors_end_it && bad < kRequests) &&
                       round < plan.rounds_before_drain;
    const auto stream = stub.ModelStreamInfer(&context);
    std::thread writer([&] {
      for (int i = 0; i < kRequests; ++i) {
        const bool good = static_cast<uint64_t>(i) != bad;
        if (!stream->Write(Request(caller, round, i, named, good))) break;
      }
      if (leaves) context.TryCancel();
      if (half_closes) stream->WritesDone();
    });
    ModelStreamInferResponse answer;
    std::set<int> seen;
    int read = 0;
    for (; read < kRequests && stream->Read(&answer); ++read) {
      const int number = named ? std::stoi(answer.infer_response().id()) : read;
      EXPECT_TRUE(seen.insert(number).second) << number << " is answered twice";
      if (static_cast<uint64_t>(number) == bad) {
        EXPECT_EQ(answer.error_message(), "Request for unknown model: 'nope' is not found");
        continue;
      }
      if (!answer.error_message().empty()) continue;  // A deadline.
      const std::string own = Request(caller, round, number, named, true).raw_input_contents(0);
      EXPECT_TRUE(answer.infer_response().raw_output_contents(0) == own);
      answered.fetch_add(1);
    }
    if (whole) EXPECT_EQ(read, kRequests);
    writer.join();
    if (!half_closes) context.TryCancel();
    EXPECT_FALSE(stream->Read(&answer)) << answer.ShortDebugString();
    const grpc::Status status = stream->Finish();
    if (whole && half_closes) EXPECT_TRUE(status.ok()) << status.error_message();
  });
  ExpectAllEnded(answered.load());

  constexpr auto kMethod = static_cast<size_t>(Method::kModelStreamInfer);
  for (const CallMetrics* metrics : metrics_) {
    int64_t finished = 0;
    for (size_t code = 0; code < CallMetrics::kStatusCodes; ++code) {
      finished += static_cast<int64_t>(metrics->duration(kMethod, static_cast<int>(code)).count());
    }
    EXPECT_EQ(metrics->started(kMethod), finished);
  }
}

}  // namespace
}  // namespace tournant
