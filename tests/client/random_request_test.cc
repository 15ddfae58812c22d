#include "cpp/random_request.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cpp/tensor_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

ModelSignature Signature(std::vector<TensorSignature> inputs, int64_t max_batch_size = 8) {
  ModelSignature signature;
  signature.name = "m";
  signature.version = "2";
  signature.inputs = std::move(inputs);
  signature.max_batch_size = max_batch_size;
  return signature;
}

TensorSignature Input(const std::string& name, Datatype type, std::vector<int64_t> dims,
                      bool optional = false) {
  return {.name = name, .type = type, .dims = std::move(dims), .optional = optional};
}

absl::StatusOr<inference::ModelInferRequest> Random(const ModelSignature& signature,
                                                    int64_t rows = 1, const std::string& dim = "",
                                                    uint64_t seed = 1) {
  SeededRng rng(seed);
  return RandomRequest(signature, rows, *ParseOpenSizes(dim), rng);
}

TEST(RandomRequest, FillsEveryInputInItsShape) {
  const auto request =
      Random(Signature({Input("x", Datatype::kFp32, {4}), Input("name", Datatype::kBytes, {1}),
                        Input("shift", Datatype::kInt8, {2, 3}, true)}),
             5);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->model_name(), "m");
  EXPECT_EQ(request->model_version(), "2");
  EXPECT_EQ(InputShapes(*request), "x FP32 [5,4], name BYTES [5,1], shift INT8 [5,2,3]");
  EXPECT_EQ(request->raw_input_contents(0).size(), 5U * 4 * 4);
  EXPECT_EQ(request->raw_input_contents(1).size(), 5U * (4 + 8));
  EXPECT_EQ(request->raw_input_contents(2).size(), 5U * 6);
}

TEST(RandomRequest, ValuesAreFromZeroToOneOrDigitsOrLetters) {
  for (const Datatype type :
       {Datatype::kFp16, Datatype::kBf16, Datatype::kFp32, Datatype::kFp64, Datatype::kBool,
        Datatype::kUint8, Datatype::kInt8, Datatype::kInt64, Datatype::kUint64}) {
    const auto request = Random(Signature({Input("x", type, {500})}));
    ASSERT_TRUE(request.ok()) << request.status();
    absl::string_view raw = request->raw_input_contents(0);
    const bool floating = DatatypeName(type).find('F') != absl::string_view::npos;
    double number = 0;
    double sum = 0;
    for (int i = 0; i < 500; ++i, sum += number) {
      ASSERT_TRUE(TakeNumber(type, raw, number));
      EXPECT_GE(number, 0);
      EXPECT_LE(number, floating || type == Datatype::kBool ? 1 : 9);
    }
    const double mean = floating || type == Datatype::kBool ? 0.5 : 4.5;
    EXPECT_NEAR(sum / 500, mean, mean / 5) << DatatypeName(type);
  }
  const auto request = Random(Signature({Input("x", Datatype::kBytes, {1})}));
  EXPECT_THAT(request->raw_input_contents(0).substr(4),
              Each(::testing::AllOf(::testing::Ge('a'), ::testing::Le('z'))));
}

TEST(RandomRequest, IsTheSameForTheSameSeed) {
  const ModelSignature signature = Signature({Input("x", Datatype::kFp32, {16})});
  const auto text = [&](uint64_t seed) {
    return Random(signature, 1, "", seed)->SerializeAsString();
  };
  EXPECT_EQ(text(3), text(3));
  EXPECT_NE(text(3), text(4));
}

TEST(RandomRequest, TakesTheSizesOfDimensionsOfAnySize) {
  const ModelSignature signature = Signature(
      {Input("tokens", Datatype::kInt64, {-1}), Input("image", Datatype::kUint8, {3, -1, -1})});
  const auto request = Random(signature, 2, "image=4x5,tokens=7");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(InputShapes(*request), "tokens INT64 [2,7], image UINT8 [2,3,4,5]");
}

TEST(RandomRequest, OfAModelWithoutBatchesHasNoBatchDimension) {
  const ModelSignature signature = Signature({Input("x", Datatype::kFp32, {4})}, 0);
  EXPECT_EQ(InputShapes(*Random(signature)), "x FP32 [4]");
  EXPECT_THAT(Random(signature, 2).status().message(), HasSubstr("--rows: model 'm' takes no bat"));
}

TEST(RandomRequest, SaysWhichSizesDoNotFit) {
  const ModelSignature signature =
      Signature({Input("x", Datatype::kFp32, {2, -1}), Input("y", Datatype::kFp32, {1})});
  const std::map<std::string, std::string> cases = {
      {"", "input 'x': its dimensions [2,-1] are of any size; give them as --dim=x=SIZE"},
      {"x=3x4", "input 'x': --dim gives 2 sizes, and [2,-1] has 1 of any size"},
      {"x=3,y=1", "input 'y': --dim gives 1 sizes, and [1] has 0 of any size"},
      {"x=3,z=1", "--dim: model 'm' has no input 'z'; it has: x, y"},
      {"x=999999999999", "input 'x': [1,2,999999999999] takes more than 64 MiB"},
  };
  for (const auto& [dim, message] : cases) {
    EXPECT_THAT(std::string(Random(signature, 1, dim).status().message()), HasSubstr(message));
  }
  EXPECT_THAT(Random(signature, 9, "x=1").status().message(),
              HasSubstr("--rows: 9 is more than 8, the largest batch of model 'm'"));
}

TEST(ParseOpenSizes, NamesTheEntryThatIsWrong) {
  for (const std::string text : {"x", "x=", "x=0", "x=-1", "x=1x", "x=ax2", "x=1,x=2"}) {
    const auto sizes = ParseOpenSizes(text);
    EXPECT_EQ(sizes.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(sizes.status().message()), HasSubstr("is not NAME=SIZE[xSIZE...]"));
  }
  EXPECT_TRUE(ParseOpenSizes("")->empty());
}

}  // namespace
}  // namespace tournant::client
