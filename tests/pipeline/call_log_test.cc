#include "pipeline/call_log.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "absl/status/status.h"
#include "fakes/manual_clock.h"

namespace tournant {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kNotFound = static_cast<int>(absl::StatusCode::kNotFound);
constexpr int kInternal = static_cast<int>(absl::StatusCode::kInternal);

class CallLogTest : public ::testing::Test {
 protected:
  // The lines that this call adds to the log.
  std::vector<Json> End(int code, Duration took = Duration::zero(),
                        Duration slow = Duration::zero()) {
    CallPhase phase(clock_, nullptr);
    phase.Enter(Phase::kQueued);
    clock_.Advance(took);
    phase.Enter(Phase::kDone);
    testing::internal::CaptureStderr();
    if (CallLog::Wants(code, took, slow)) {
      log_.OnEnd(
          {.method = "inference.GRPCInferenceService/ModelInfer",
           .request_id = request_id_,
           .model = "iris",
           .version = 3,
           .code = code,
           .error = "why",
           .trace = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
           .peer = peer_},
          phase, clock_.Now(), slow);
    }
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<Json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  ManualClock clock_;
  CallLog log_;
  std::string request_id_ = "r-1";
  const std::function<std::string()> peer_ = [] { return "ipv4:10.0.0.1:7"; };
};

TEST_F(CallLogTest, ACallThatFailedHasALineWithAllThatOneLooksFor) {
  const std::vector<Json> lines = End(kInternal, milliseconds(5));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["message"], "a call failed");
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[0]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(lines[0]["request_id"], "r-1");
  EXPECT_EQ(lines[0]["peer"], "ipv4:10.0.0.1:7");
  EXPECT_EQ(lines[0]["method"], "inference.GRPCInferenceService/ModelInfer");
  EXPECT_EQ(lines[0]["model"], "iris");
  EXPECT_EQ(lines[0]["version"], 3);
  EXPECT_EQ(lines[0]["code"], "INTERNAL");
  EXPECT_EQ(lines[0]["error"], "why");
  EXPECT_EQ(lines[0]["ms"], 5.0);
  EXPECT_EQ(lines[0]["ms_queue"], 5.0);
  EXPECT_EQ(lines[0]["ms_compute"], 0.0);
}

TEST_F(CallLogTest, WhatTheCallerDidIsNoWarning) {
  EXPECT_EQ(End(kNotFound).at(0)["level"], "info");
}

TEST_F(CallLogTest, CallsThatGoWellAreSilent) { EXPECT_THAT(End(0, seconds(9)), IsEmpty()); }

TEST_F(CallLogTest, OneLineASecondForEachCodeTellsOfAll) {
  EXPECT_THAT(End(kNotFound), SizeIs(1));
  for (int i = 0; i < 1000; ++i) EXPECT_THAT(End(kNotFound), IsEmpty());
  EXPECT_THAT(End(kInternal), SizeIs(1));
  clock_.Advance(seconds(1));
  const std::vector<Json> lines = End(kNotFound);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["others_since_last_line"], 1000);
}

TEST_F(CallLogTest, ACallAboveTheLimitIsSlow) {
  EXPECT_THAT(End(0, milliseconds(99), milliseconds(100)), IsEmpty());
  EXPECT_EQ(End(0, milliseconds(100), milliseconds(100)).at(0)["message"], "a call was slow");
}

TEST_F(CallLogTest, AtTheLevelDebugEveryCallHasALine) {
  SetLogLevel(LogLevel::kDebug);
  EXPECT_EQ(End(0).at(0)["message"], "a call was answered");
  EXPECT_THAT(End(0), SizeIs(1));
  SetLogLevel(LogLevel::kInfo);
}

TEST_F(CallLogTest, WhatACallerSentIsQuotedAndCut) {
  request_id_ = "a\nb\x1b" + std::string(100000, 'x');
  const std::string shown = End(kNotFound).at(0)["request_id"];
  EXPECT_LT(shown.size(), 200u);
  EXPECT_EQ(shown.substr(0, 5), "a\\nb\\");
}

}  // namespace
}  // namespace tournant
