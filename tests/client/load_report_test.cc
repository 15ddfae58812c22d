#include "cpp/load_report.h"

#include <chrono>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace tournant::client {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

LoadSettings Open() {
  LoadSettings settings;
  settings.server = "127.0.0.1:8001";
  settings.model = "m";
  settings.inputs = "x FP32 [1,4]";
  settings.random_inputs = true;
  settings.request_bytes = 1234;
  settings.calls_per_s = 500;
  settings.duration = seconds(4);
  settings.warm_up = milliseconds(500);
  settings.classes = {{.criticality = "critical", .share = 3, .deadline = milliseconds(100)},
                      {.criticality = "sheddable", .share = 1, .deadline = milliseconds(50)}};
  settings.mixed = true;
  return settings;
}

LoadSettings Closed() {
  LoadSettings settings = Open();
  settings.calls_per_s = 0;
  settings.concurrency = 32;
  settings.classes = {{.criticality = {}, .share = 1, .deadline = milliseconds(100)}};
  settings.mixed = false;
  return settings;
}

// 1500 critical calls, of which 1400 were ok in 10 ms, 10 of those late, 60 rejected after 1 ms and
// 40 of another error; 500 sheddable ones, of which 30 were not sent and 470 rejected.
LoadCounts Counts() {
  LoadCounts counts;
  counts.classes.resize(2);
  ClassCounts& critical = counts.classes[0];
  critical.offered = critical.sent = 1500;
  critical.ok = 1400;
  critical.in_time = 1390;
  critical.errors = {{absl::StatusCode::kResourceExhausted, 60}, {absl::StatusCode::kInternal, 40}};
  for (int i = 0; i < 1390; ++i) critical.ok_latency.Add(milliseconds(10));
  for (int i = 0; i < 10; ++i) critical.ok_latency.Add(milliseconds(120));
  for (int i = 0; i < 60; ++i) critical.rejected_latency.Add(milliseconds(1));
  ClassCounts& sheddable = counts.classes[1];
  sheddable.offered = 500;
  sheddable.sent = 470;
  sheddable.unsent_in_flight = 30;
  sheddable.errors = {{absl::StatusCode::kResourceExhausted, 470}};
  for (int i = 0; i < 470; ++i) sheddable.rejected_latency.Add(milliseconds(2));
  counts.first_errors = {{absl::StatusCode::kResourceExhausted, "the queue is full"},
                         {absl::StatusCode::kInternal, "it threw"}};
  counts.measured = seconds(4);
  counts.generator.threads = 1;
  counts.generator.busy = seconds(1);
  counts.generator.lasted = seconds(4);
  for (int i = 0; i < 1970; ++i) counts.generator.send_lag.Add(std::chrono::microseconds(50));
  counts.generator.late = 5;
  return counts;
}

// The cells of the line that begins with `name`.
std::string LineOf(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) return "no line " + name;
  std::string line;
  for (size_t i = at + 1; i < text.size() && text[i] != '\n'; ++i) {
    if (text[i] != ' ' || line.empty() || line.back() != ' ') line += text[i];
  }
  return line;
}

TEST(LoadReport, TellsAPersonWhatWasAskedFor) {
  const std::string open = LoadReportText(Open(), Counts());
  EXPECT_THAT(open, HasSubstr("model     m\n"));
  EXPECT_THAT(open, HasSubstr("inputs    x FP32 [1,4], random, 1,234 bytes\n"));
  EXPECT_THAT(open, HasSubstr("load      open loop, 500 calls/s as a Poisson process, at most "
                              "10,000 in flight, seed 1\n"));
  EXPECT_THAT(open, HasSubstr("time      4.00 s after 0.50 s of warm-up\n"));
  EXPECT_THAT(open, HasSubstr("generator 1 thread, 0.25 cores busy, 1 connection; sent after due: "
                              "p50 0.050 ms, p99 0.050 ms, max 0.050 ms\n"));
  const std::string closed = LoadReportText(Closed(), Counts());
  EXPECT_THAT(closed, HasSubstr("load      closed loop, 32 in flight, deadline 100 ms, seed 1\n"));
  EXPECT_THAT(closed, Not(HasSubstr("sent after due")));
}

TEST(LoadReport, ShowsCallsAndLatenciesOfAllAndOfEachClass) {
  const std::string text = LoadReportText(Open(), Counts());
  EXPECT_EQ(LineOf(text, "calls"),
            "calls offered /s sent unsent ok in time goodput/s rejected other errors");
  EXPECT_EQ(LineOf(text, "all"), "all 2,000 500 1,970 30 1,400 1,390 348 530 40");
  EXPECT_EQ(LineOf(text, "critical 100 ms"),
            "critical 100 ms 1,500 375 1,500 0 1,400 1,390 348 60 40");
  EXPECT_EQ(LineOf(text, "sheddable 50 ms"), "sheddable 50 ms 500 125 470 30 0 0 0 470 0");
  EXPECT_EQ(LineOf(text, "latency, ms"), "latency, ms calls mean p50 p90 p99 p99.9 max");
  EXPECT_THAT(LineOf(text, "critical 100 ms ok"),
              MatchesRegex("critical 100 ms ok 1,400 10.786 10.0.. 10.0.. 10.0.. 120.000 120.000"));
  EXPECT_THAT(LineOf(text, "all rejected"),
              MatchesRegex("all rejected 530 1.887 2.000 2.000 2.000 2.000 2.000"));
  // Nothing was ok.
  EXPECT_EQ(LineOf(text, "sheddable 50 ms ok"), "no line sheddable 50 ms ok");
}

TEST(LoadReport, CountsEachErrorWithItsFirstMessage) {
  const std::string text = LoadReportText(Open(), Counts());
  EXPECT_THAT(text, HasSubstr("errors    RESOURCE_EXHAUSTED: 530, the first: the queue is full\n"));
  EXPECT_THAT(text, HasSubstr("errors    INTERNAL: 40, the first: it threw\n"));
}

TEST(LoadReport, ColumnsStandBelowEachOther) {
  const std::string text = LoadReportText(Open(), Counts());
  const size_t table = text.find("\n\ncalls ");
  const size_t heading = text.find("in time", table) + 7 - (table + 2);
  const size_t row = text.find("\nall ", table) + 1;
  EXPECT_EQ(text.substr(row + heading - 6, 7), " 1,390 ");
}

TEST(LoadReport, OfARunThatMeasuredNothing) {
  LoadCounts counts;
  counts.classes.resize(2);
  counts.interrupted = true;
  counts.generator.threads = 1;
  const std::string text = LoadReportText(Open(), counts);
  EXPECT_THAT(text, HasSubstr("time      0.00 s after 0.50 s of warm-up, interrupted\n"));
  EXPECT_EQ(LineOf(text, "all"), "all 0 - 0 0 0 0 - 0 0");
  EXPECT_THAT(text, Not(HasSubstr("latency, ms")));
  EXPECT_EQ(Json::parse(LoadReportJson(Open(), counts))["per_second"]["goodput"], 0);
}

TEST(LoadReport, TellsAProgramTheSame) {
  const Json json = Json::parse(LoadReportJson(Open(), Counts()));
  EXPECT_EQ(json["model"], "m");
  EXPECT_EQ(json["seconds"], 4.0);
  EXPECT_EQ(json["offered"], 2000);
  EXPECT_EQ(json["unsent"], 30);
  EXPECT_EQ(json["unsent_in_flight"], 30);
  EXPECT_EQ(json["unsent_expired"], 0);
  EXPECT_EQ(json["failed"], 570);
  EXPECT_EQ(json["rejected"], 530);
  EXPECT_EQ(json["errors"], Json::parse(R"({"RESOURCE_EXHAUSTED": 530, "INTERNAL": 40})"));
  EXPECT_EQ(json["first_errors"]["INTERNAL"], "it threw");
  EXPECT_EQ(json["per_second"]["offered"], 500.0);
  EXPECT_EQ(json["per_second"]["goodput"], 347.5);
  EXPECT_EQ(json["latency_ms"]["ok"]["count"], 1400);
  EXPECT_EQ(json["latency_ms"]["ok"]["p99.9"], 120.0);
  EXPECT_EQ(json["latency_ms"]["ok"]["min"], 10.0);
  EXPECT_EQ(json["latency_ms"]["rejected"]["max"], 2.0);
  EXPECT_EQ(json["interrupted"], false);
  EXPECT_EQ(json["warnings"].size(), 1U);
}

TEST(LoadReport, TellsAProgramOfEachClassAndOfTheGenerator) {
  const Json json = Json::parse(LoadReportJson(Open(), Counts()));
  ASSERT_EQ(json["classes"].size(), 2U);
  EXPECT_EQ(json["classes"][0]["class"], "critical");
  EXPECT_EQ(json["classes"][0]["deadline_ms"], 100);
  EXPECT_EQ(json["classes"][0]["share"], 3.0);
  EXPECT_EQ(json["classes"][1]["errors"]["RESOURCE_EXHAUSTED"], 470);
  EXPECT_EQ(json["classes"][1]["latency_ms"]["rejected"]["count"], 470);
  EXPECT_EQ(json["generator"]["kept_up"], true);
  EXPECT_EQ(json["generator"]["busy_cores"], 0.25);
  EXPECT_EQ(json["generator"]["late"], 5);
  EXPECT_EQ(json["generator"]["send_lag_ms"]["p99"], 0.05);
  EXPECT_TRUE(Json::parse(LoadReportJson(Closed(), Counts()))["classes"][0]["class"].is_null());
}

TEST(LoadReport, TellsAProgramTheSettings) {
  const Json open = Json::parse(LoadReportJson(Open(), Counts()))["settings"];
  EXPECT_EQ(open["loop"], "open");
  EXPECT_EQ(open["rate"], 500.0);
  EXPECT_EQ(open["arrivals"], "poisson");
  EXPECT_EQ(open["warm_up_s"], 0.5);
  EXPECT_EQ(open["retries"], false);
  const Json closed = Json::parse(LoadReportJson(Closed(), Counts()))["settings"];
  EXPECT_EQ(closed["loop"], "closed");
  EXPECT_EQ(closed["concurrency"], 32);
  EXPECT_FALSE(closed.contains("rate"));
}

LoadCounts WithoutUnsent() {
  LoadCounts counts = Counts();
  counts.classes[1].unsent_in_flight = 0;
  return counts;
}

TEST(LoadWarnings, AreNoneWhenAllIsWell) {
  EXPECT_THAT(LoadWarnings(Open(), WithoutUnsent()), IsEmpty());
  EXPECT_THAT(LoadWarnings(Closed(), WithoutUnsent()), IsEmpty());
}

TEST(LoadWarnings, SayThatCallsWereNotSentForTooManyInFlight) {
  EXPECT_THAT(LoadWarnings(Open(), Counts()),
              ElementsAre("30 calls were not sent, since --max_in_flight=10000 calls were waiting "
                          "for answers"));
}

TEST(LoadWarnings, SayThatTheGeneratorWasLateAndBusy) {
  LoadCounts counts = WithoutUnsent();
  counts.generator.late = 197;
  counts.generator.busy = milliseconds(3800);
  EXPECT_THAT(
      LoadWarnings(Open(), counts),
      ElementsAre("the generator could not keep up: 10.0 % of the calls were sent more than 1 ms, "
                  "or a tenth of their deadline, after they were due (p99 0.1 ms, max 0.1 ms), "
                  "0.95 cores busy with 1 thread; latencies count from when calls were due and "
                  "include this; give it more --threads, each with a core of its own"));
  EXPECT_THAT(LoadReportText(Open(), counts),
              HasSubstr("\nwarning: the generator could not keep up: 10.0 %"));
  EXPECT_EQ(Json::parse(LoadReportJson(Open(), counts))["generator"]["kept_up"], false);
}

TEST(LoadWarnings, SayThatTheGeneratorWasLateThoughItHadTime) {
  LoadCounts counts = WithoutUnsent();
  counts.classes[0].unsent_expired = 7;
  const auto warnings = LoadWarnings(Open(), counts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("7 calls had passed their deadline when their turn came, 0.25 "
                                     "cores busy with 1 thread"));
  EXPECT_THAT(warnings[0], HasSubstr("something else kept it from its core"));
}

TEST(LoadWarnings, SayThatTheThreadsOfAClosedLoopWereBusyAllTheTime) {
  LoadCounts counts = WithoutUnsent();
  counts.generator.threads = 2;
  counts.generator.busy = seconds(8);
  counts.generator.lasted = seconds(8);
  const auto warnings = LoadWarnings(Closed(), counts);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("could not keep up: 2.00 cores busy with 2 threads; give it"));
  // An open loop that sends all its calls in time may be as busy as it likes.
  EXPECT_THAT(LoadWarnings(Open(), counts), IsEmpty());
}

TEST(LoadCounts, OfThreadsAddUp) {
  LoadCounts sum;
  sum.Merge(Counts());
  LoadCounts other = Counts();
  other.measured = milliseconds(4001);
  other.interrupted = true;
  other.first_errors = {{absl::StatusCode::kInternal, "another"},
                        {absl::StatusCode::kUnknown, "new"}};
  sum.Merge(other);
  EXPECT_EQ(sum.Total().offered, 4000);
  EXPECT_EQ(sum.classes[1].unsent_in_flight, 60);
  EXPECT_EQ(sum.classes[0].errors.at(absl::StatusCode::kInternal), 80);
  EXPECT_EQ(sum.measured, milliseconds(4001));
  EXPECT_TRUE(sum.interrupted);
  EXPECT_EQ(sum.generator.threads, 2);
  EXPECT_EQ(sum.generator.BusyCores(), 0.5);
  EXPECT_EQ(sum.first_errors.at(absl::StatusCode::kInternal), "it threw");
  EXPECT_EQ(sum.first_errors.at(absl::StatusCode::kUnknown), "new");
}

}  // namespace
}  // namespace tournant::client
