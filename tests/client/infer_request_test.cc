#include "cpp/infer_request.h"

#include <array>
#include <string>
#include <vector>

#include "client/fake_inference_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using ::testing::ElementsAre;

TEST(InferRequestBuilder, TakesShapesAndValuesInBracesAsItsHeaderShows) {
  InferRequestBuilder builder("flight_delay");
  builder.Add<float>("distance", {1, 1}, {1040.0F}).AddStrings("carrier", {1, 1}, {"UA"});
  const inference::ModelInferRequest request = builder.Build();
  EXPECT_EQ(request.model_name(), "flight_delay");
  ASSERT_EQ(request.inputs_size(), 2);
  EXPECT_EQ(request.inputs(0).datatype(), "FP32");
  EXPECT_THAT(request.inputs(0).shape(), ElementsAre(1, 1));
  EXPECT_THAT(FloatInput(request, "distance"), ElementsAre(1040.0F));
  EXPECT_EQ(request.inputs(1).datatype(), "BYTES");
  EXPECT_EQ(request.raw_input_contents(1), std::string("\x02\0\0\0UA", 6));
}

TEST(InferRequestBuilder, TakesContainersForShapesAndValues) {
  const std::array<int64_t, 2> shape = {2, 1};
  const std::vector<float> distances = {1, 2};
  const std::vector<absl::string_view> carriers = {"UA", "AA"};
  const auto request = InferRequestBuilder("m")
                           .Add<float>("a", shape, distances)
                           .Add<float>("b", {2, 1}, distances)
                           .AddStrings("c", shape, carriers)
                           .AddStrings("d", {2, 1}, carriers)
                           .Build();
  EXPECT_EQ(request.raw_input_contents(0), request.raw_input_contents(1));
  EXPECT_EQ(request.raw_input_contents(2), request.raw_input_contents(3));
  for (const auto& input : request.inputs()) EXPECT_THAT(input.shape(), ElementsAre(2, 1));
}

TEST(InferRequestBuilder, CarriesIdTimeoutAndOutputs) {
  const auto request = InferRequestBuilder("m", "3").Id("7").TimeoutMicros(500).Output("y").Build();
  EXPECT_EQ(request.model_version(), "3");
  EXPECT_EQ(request.id(), "7");
  EXPECT_EQ(request.parameters().at("timeout").int64_param(), 500);
  EXPECT_EQ(request.outputs(0).name(), "y");
}

}  // namespace
}  // namespace tournant::client
