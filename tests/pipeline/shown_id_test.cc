#include "pipeline/shown_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "fakes/fake_model.h"
#include "fakes/kept_spans.h"
#include "fakes/loop_thread.h"
#include "fakes/puppet_pool.h"
#include "pipeline/blocking_predictor.h"
#include "pipeline/prediction_log_step.h"
#include "predictions/hashed_values.h"

namespace tournant {
namespace {

constexpr char kSecret[] = "patient-1093";

// Calls to a model that wants request ids hashed, on a server without a prediction log.
constexpr char kMethod[] = "POST /v2/models/{model}/infer";

class ShownIdTest : public testing::Test {
 protected:
  explicit ShownIdTest(const std::string& hash = "request_id",
                       PuppetPool::Mode mode = PuppetPool::Mode::kAtOnce)
      : pool_(mode) {
    auto version = MakeVersion("echo", 2, EchoModel());
    version->config.parameters["prediction_log.hash"] = hash;
    PredictionLogStep step({.salt = "pepper"});
    EXPECT_TRUE(step.Prepare(*version).ok());
    registry_.Publish(version);
  }

  // The id in the call's line and the one in its span.
  std::vector<std::string> Shown(InferRequest request, absl::Status unreadable = absl::OkStatus()) {
    testing::internal::CaptureStderr();
    const auto answer = blocking_.Predict(std::move(request), {.unreadable = unreadable});
    EXPECT_FALSE(answer.ok());
    const std::string line = testing::internal::GetCapturedStderr();
    return {nlohmann::json::parse(line).value("request_id", ""),
            AttributeOf(spans_.WaitFor(kMethod), "request_id")};
  }
  static InferRequest Request(const std::string& model, const std::string& version = "") {
    InferRequest request;
    request.model = model;
    request.version = version;
    request.id = kSecret;
    return request;
  }

  ManualClock clock_;
  LoopThread thread_{clock_};
  ModelRegistry registry_;
  PuppetPool pool_;
  Predictor predictor_{registry_, nullptr, pool_, nullptr, nullptr, clock_, {}};
  CallMetrics metrics_{{}};
  CallsInFlight in_flight_;
  CallLog log_;
  KeptSpans spans_;
  Tracer tracer_{spans_, clock_, {.sampling = 1, .seed = 5}};
  BlockingPredictor blocking_{predictor_,
                              clock_,
                              {.tracer = &tracer_, .method = kMethod, .http = true},
                              {{&thread_.loop(), &metrics_, &in_flight_, &log_}}};
};

class UnhashedIdTest : public ShownIdTest {
 protected:
  UnhashedIdTest() : ShownIdTest("x") {}
};

class WaitingCallTest : public ShownIdTest {
 protected:
  WaitingCallTest() : ShownIdTest("request_id", PuppetPool::Mode::kWhenTold) {}
};

using ::testing::Each;

TEST_F(ShownIdTest, IsTheHashInTheLogAndInSpansOfACallThatIsNotValid) {
  EXPECT_THAT(Shown(Request("echo")), Each(HashedValue("pepper", kSecret)));
}

TEST_F(ShownIdTest, IsTheHashOfACallThatCannotBeRead) {
  EXPECT_THAT(Shown(Request("echo"), absl::InvalidArgumentError("no JSON")),
              Each(HashedValue("pepper", kSecret)));
}

TEST_F(ShownIdTest, IsTheHashOfACallToAVersionThatIsNotThere) {
  EXPECT_THAT(Shown(Request("echo", "7")), Each(HashedValue("pepper", kSecret)));
}

TEST_F(ShownIdTest, IsAsItCameWhereNoModelSaysOtherwise) {
  EXPECT_THAT(Shown(Request("nobody")), Each(kSecret));
}

TEST_F(UnhashedIdTest, IsAsItCameWhereOnlyTensorsAreHashed) {
  EXPECT_THAT(Shown(Request("echo")), Each(kSecret));
}

TEST_F(WaitingCallTest, IsTheHashAmongCallsInFlightAndNotInTheAnswer) {
  InferRequest request = Request("echo");
  request.inputs.push_back({"x", {DataType::kFp32, {1, 4}, std::string(16, '\1')}});
  absl::StatusOr<InferAnswer> answer;
  Thread caller("caller", [&] { answer = blocking_.Predict(std::move(request), {}); });
  pool_.WaitForJobs(1);
  Mutex mutex;
  CondVar changed;
  std::vector<CallsInFlight::Call> calls;
  RunOnLoop(thread_.loop(), [&] {
    MutexLock lock(mutex);
    calls = in_flight_.Oldest(5, clock_.Now());
    changed.SignalAll();
  });
  {
    MutexLock lock(mutex);
    while (calls.empty()) changed.Wait(mutex);
    EXPECT_EQ(calls[0].id, HashedValue("pepper", kSecret));
  }
  pool_.RunOne();
  caller.Join();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->id, kSecret);
}

}  // namespace
}  // namespace tournant
