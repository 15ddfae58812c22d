#include "features/await_features.h"

#include "base/sleep.h"
#include "base/status.h"
#include "fakes/test_call.h"
#include "features/key_columns.h"
#include "features/testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

// Answers each wanted feature with its index plus 0.5, after `delay`; remembers what was asked.
class FakeClient final : public FeatureClient {
 public:
  Task<absl::StatusOr<FetchedFeatures>> Fetch(const CallContext& call,
                                              const FetchRequest& request) override {
    ++calls;
    wanted = request.wanted;
    keys = request.keys;
    deadline = request.deadline;
    if (delay > Duration::zero()) {
      const absl::Status slept =
          co_await SleepUntil(call, std::min(request.deadline, call.clock.Now() + delay));
      if (!slept.ok()) co_return slept;
      if (call.clock.Now() >= request.deadline) co_return absl::DeadlineExceededError("too slow");
    }
    if (!error.ok()) co_return error;
    FetchedFeatures fetched(request.plan.features.size() + extra_features,
                            static_cast<size_t>(request.rows));
    for (size_t feature = 0; feature < request.wanted.size(); ++feature) {
      if (!request.wanted[feature]) continue;
      for (size_t row = 0; row < fetched.rows(); ++row) {
        fetched.SetFloating(feature, row, static_cast<double>(feature) + 0.5);
      }
    }
    co_return fetched;
  }

  absl::Status error;
  Duration delay{};
  size_t extra_features = 0;

  int calls = 0;
  std::vector<uint8_t> wanted;
  std::vector<KeyColumn> keys;
  TimePoint deadline;
};

class AwaitFeaturesTest : public ::testing::Test {
 protected:
  AwaitFeaturesTest() { Bind(""); }
  void Bind(const std::string& policy) {
    plan_ = MustCompile(
        "request { name: \"k\" data_type: TYPE_STRING dims: 1 }\n"
        "request { name: \"n\" data_type: TYPE_INT64 dims: 1 }\n"
        "entity { join_key: \"k\" request: \"k\" }\n"
        "entity { join_key: \"n\" request: \"n\" data_type: TYPE_INT32 }\n"
        "input { name: \"x\" column { feature: \"v:a\" default: -1 " +
            policy +
            " } "
            "column { feature: \"v:b\" default: -2 } }",
        Config({{"x", DataType::kFp32, {2}}}));
    request_ = {Texts("k", {"JFK"}), Numbers<int64_t>("n", DataType::kInt64, {7})};
  }
  // For fetches that end at once.
  absl::StatusOr<AssembledInputs> Run() {
    Started<absl::StatusOr<AssembledInputs>> run(
        AwaitFeatures(call_.context, *plan_, &client_, request_, 1, options_));
    call_.loop.RunUntilIdle();
    EXPECT_TRUE(run.done());
    return *std::move(run.result);
  }

  TestCall call_;
  FakeClient client_;
  std::shared_ptr<const FeaturePlan> plan_;
  std::vector<NamedTensor> request_;
  AwaitFeaturesOptions options_{.cap = milliseconds(50)};
};

TEST_F(AwaitFeaturesTest, FetchesEverythingAtOnceByTypedKeys) {
  const auto assembled = Run();
  ASSERT_TRUE(assembled.ok()) << assembled.status();
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(0.5, 1.5));
  EXPECT_EQ(assembled->provenance.live, 2);
  EXPECT_FALSE(assembled->provenance.budget_exhausted);
  EXPECT_EQ(client_.calls, 1);
  EXPECT_THAT(client_.wanted, ElementsAre(1, 1));
  ASSERT_EQ(client_.keys.size(), 2u);
  EXPECT_EQ(client_.keys[0].type, ValueType::kString);
  EXPECT_EQ(client_.keys[0].texts[0], "JFK");
  EXPECT_EQ(client_.keys[1].type, ValueType::kInt32);
  EXPECT_EQ(client_.keys[1].integers[0], 7);
  EXPECT_EQ(client_.deadline, call_.clock.Now() + milliseconds(50));
}

TEST_F(AwaitFeaturesTest, TheReserveIsLeftOfAShortCall) {
  call_.context.deadline = call_.clock.Now() + milliseconds(20);
  options_.reserve = milliseconds(8);
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(client_.deadline, call_.clock.Now() + milliseconds(12));
}

TEST_F(AwaitFeaturesTest, WithTooLittleTimeTheStoreIsNotAsked) {
  call_.context.deadline = call_.clock.Now() + std::chrono::microseconds(900);
  const auto assembled = Run();
  ASSERT_TRUE(assembled.ok());
  EXPECT_EQ(client_.calls, 0);
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(-1, -2));
  EXPECT_TRUE(assembled->provenance.degraded);
  EXPECT_TRUE(assembled->provenance.budget_exhausted);
  Bind("on_error: FAIL");
  EXPECT_EQ(Run().status(),
            absl::UnavailableError("feature 'v:a' of row 0 could not be fetched: no time is left "
                                   "to ask the feature store"));
}

TEST_F(AwaitFeaturesTest, WhatTheCallerGivesIsNotFetched) {
  request_.push_back(Floats("v:b", {9}));
  const auto assembled = Run();
  EXPECT_THAT(client_.wanted, ElementsAre(1, 0));
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(0.5, 9));
}

TEST_F(AwaitFeaturesTest, WhenNothingIsLeftToFetchNothingIsFetched) {
  request_.push_back(Floats("v:a", {8}));
  request_.push_back(Floats("v:b", {9}));
  EXPECT_THAT(Elements<float>(Run()->inputs[0]), ElementsAre(8, 9));
  request_.resize(2);
  request_.push_back(Floats("x", {3, 4}, 2));
  const auto assembled = Run();
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(3, 4));
  EXPECT_EQ(assembled->provenance.from_request, 2);
  EXPECT_EQ(client_.calls, 0);
}

TEST_F(AwaitFeaturesTest, AnErrorOfTheStoreIsFilled) {
  client_.error = absl::InvalidArgumentError("no such view");
  const auto assembled = Run();
  ASSERT_TRUE(assembled.ok());
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(-1, -2));
  EXPECT_TRUE(assembled->provenance.degraded);
}

TEST_F(AwaitFeaturesTest, UnderFailAnErrorOfTheStoreEndsTheCall) {
  Bind("on_error: FAIL");
  client_.error = absl::UnavailableError("connection refused");
  EXPECT_EQ(Run().status(), absl::UnavailableError("feature 'v:a' of row 0 could not be fetched: "
                                                   "connection refused"));
}

TEST_F(AwaitFeaturesTest, AnAnswerOfAnotherSizeIsAnErrorOfTheStore) {
  client_.extra_features = 1;
  const auto assembled = Run();
  ASSERT_TRUE(assembled.ok());
  EXPECT_EQ(assembled->provenance.defaulted, 2);
  EXPECT_TRUE(assembled->provenance.degraded);
}

TEST_F(AwaitFeaturesTest, ASlowStoreIsGivenUpAtTheCap) {
  client_.delay = milliseconds(200);
  Started<absl::StatusOr<AssembledInputs>> run(
      AwaitFeatures(call_.context, *plan_, &client_, request_, 1, options_));
  call_.loop.Advance(milliseconds(49));
  EXPECT_FALSE(run.done());
  call_.loop.Advance(milliseconds(1));
  ASSERT_TRUE(run.done());
  ASSERT_TRUE((*run.result).ok());
  EXPECT_THAT(Elements<float>((*run.result)->inputs[0]), ElementsAre(-1, -2));
}

TEST_F(AwaitFeaturesTest, ACallerWhoLeavesEndsTheWait) {
  client_.delay = milliseconds(30);
  Started<absl::StatusOr<AssembledInputs>> run(
      AwaitFeatures(call_.context, *plan_, &client_, request_, 1, options_));
  call_.loop.Advance(milliseconds(5));
  call_.stop.request_stop();
  call_.loop.RunUntilIdle();
  ASSERT_TRUE(run.done());
  EXPECT_EQ((*run.result).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(AwaitFeaturesTest, ACallWhoseTimeIsUpEndsEvenIfFeaturesCouldBeFilled) {
  call_.context.deadline = call_.clock.Now() + milliseconds(10);
  client_.delay = milliseconds(30);
  Started<absl::StatusOr<AssembledInputs>> run(
      AwaitFeatures(call_.context, *plan_, &client_, request_, 1, options_));
  call_.loop.Advance(milliseconds(10));
  ASSERT_TRUE(run.done());
  EXPECT_EQ((*run.result).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(AwaitFeaturesTest, AKeyThatNoStoreCanHoldIsTheCallersMistake) {
  request_[1] = Numbers<int64_t>("n", DataType::kInt64, {int64_t{1} << 40});
  const absl::Status wide = Run().status();
  EXPECT_EQ(wide.message(), "input 'n', row 0: is 1099511627776, which is no key of type INT32");
  EXPECT_EQ(FieldOf(wide), "inputs[1].contents");
  request_[1] = Numbers<int64_t>("n", DataType::kInt64, {1});
  request_[0] = Texts("k", {"\xff"});
  EXPECT_EQ(Run().status().message(), "input 'k', row 0: is a key that is no UTF-8");
  request_[0] = Texts("k", {std::string(kMaxKeyBytes + 1, 'a').c_str()});
  EXPECT_EQ(Run().status().message(),
            "input 'k', row 0: is a key of 4097 bytes, at most 4096 are allowed");
  EXPECT_EQ(client_.calls, 0);
}

TEST_F(AwaitFeaturesTest, TensorsThatThePlanDoesNotKnowAreTheCallersMistake) {
  request_.push_back(Floats("y", {1}));
  EXPECT_EQ(FieldOf(Run().status()), "inputs[2].name");
  request_.back() = Texts("k", {"EWR"});
  EXPECT_EQ(Run().status().message(), "input 'k' is given twice");
  request_.clear();
  EXPECT_EQ(Run().status().message(), "input 'k' is missing");
}

TEST_F(AwaitFeaturesTest, WithoutAClientEveryFetchFails) {
  Started<absl::StatusOr<AssembledInputs>> run(
      AwaitFeatures(call_.context, *plan_, nullptr, request_, 1, options_));
  ASSERT_TRUE(run.done());
  EXPECT_TRUE((*run.result)->provenance.degraded);
}

}  // namespace
}  // namespace tournant
