#include "rpc/trace_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_model.h"

namespace tournant {
namespace {

using inference::TraceSettingRequest;
using inference::TraceSettingResponse;
using ::testing::ElementsAre;

TEST(TraceSettings, SaysThatNothingIsTraced) {
  ModelRegistry registry;
  registry.Publish(MakeVersion("m", 1, EchoModel()));
  TraceSettingRequest request;
  for (const char* model : {"", "m"}) {
    request.set_model_name(model);
    TraceSettingResponse answer;
    ASSERT_TRUE(DescribeTracing(registry, request, answer).ok());
    EXPECT_THAT(answer.settings().at("trace_level").value(), ElementsAre("OFF"));
    EXPECT_THAT(answer.settings().at("trace_rate").value(), ElementsAre("1000"));
    EXPECT_THAT(answer.settings().at("trace_count").value(), ElementsAre("-1"));
    EXPECT_THAT(answer.settings().at("log_frequency").value(), ElementsAre("0"));
    EXPECT_THAT(answer.settings().at("trace_file").value(), ElementsAre(""));
    EXPECT_THAT(answer.settings().at("trace_mode").value(), ElementsAre("triton"));
  }
}

TEST(TraceSettings, KnowsOnlyTheModelsOfTheRegistry) {
  ModelRegistry registry;
  TraceSettingRequest request;
  request.set_model_name("nope");
  TraceSettingResponse answer;
  EXPECT_EQ(DescribeTracing(registry, request, answer),
            absl::NotFoundError("Request for unknown model: 'nope' is not found"));
}

TEST(TraceSettings, CannotBeChanged) {
  ModelRegistry registry;
  TraceSettingRequest request;
  TraceSettingResponse answer;
  (*request.mutable_settings())["trace_level"].add_value("TIMESTAMPS");
  EXPECT_EQ(DescribeTracing(registry, request, answer),
            absl::UnimplementedError(
                "tracing is not supported: trace settings can be read but not changed"));
  (*request.mutable_settings())["trace_file"].add_value("/etc/passwd");
  EXPECT_EQ(
      DescribeTracing(registry, request, answer),
      absl::UnimplementedError("trace file location can not be updated through network protocol"));
  EXPECT_TRUE(answer.settings().empty());
}

}  // namespace
}  // namespace tournant
