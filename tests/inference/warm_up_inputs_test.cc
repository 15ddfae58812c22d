#include "inference/warm_up_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fakes/temp_dir.h"
#include "inference/test_jobs.h"

namespace tournant {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using Contents = WarmUpInput::Contents;

TEST(ZeroInputs, HaveTheShapesOfTheConfigAndItsWarmUpSizeForOpenDimensions) {
  ModelConfig config;
  config.max_batch_size = 4;
  config.inputs = {{"a", DataType::kFp32, {3, -1}, false}, {"s", DataType::kBytes, {2}, true}};
  config.warm_up_size = 7;
  const auto inputs = ZeroInputs(config, 2);
  ASSERT_TRUE(inputs.has_value());
  EXPECT_EQ((*inputs)[0].shape, (Shape{2, 3, 7}));
  EXPECT_EQ((*inputs)[0].bytes, std::string(2 * 3 * 7 * 4, '\0'));
  EXPECT_EQ((*inputs)[1].shape, (Shape{2, 2}));
  EXPECT_EQ(StringValues((*inputs)[1]), (std::vector<std::string>{"", "", "", ""}));
}

TEST(ZeroInputs, HaveNoBatchDimensionWhereTheModelHasNone) {
  ModelConfig config;
  config.inputs = {{"a", DataType::kBool, {5}, false}};
  EXPECT_EQ((*ZeroInputs(config, 1))[0].shape, Shape{5});
}

TEST(ZeroInputs, AreNotMadeWhereNoSizeIsKnownToRun) {
  ModelConfig config;
  config.inputs = {{"a", DataType::kFp32, {-1}, false}};
  config.warm_up_size = std::nullopt;
  EXPECT_FALSE(ZeroInputs(config, 1).has_value());
}

TEST(ZeroInputs, AreNotMadeWhenTheyAreHuge) {
  ModelConfig config;
  config.max_batch_size = 4;
  config.inputs = {{"a", DataType::kFp32, {int64_t{1} << 40}, false}};
  EXPECT_FALSE(ZeroInputs(config, 2).has_value());
  config.inputs[0].dims = {int64_t{1} << 62, 8};
  EXPECT_FALSE(ZeroInputs(config, 2).has_value());
}

// The only input of a sample for a model that takes just that.
class SampleOfOneInput : public ::testing::Test {
 protected:
  absl::StatusOr<Tensor> Make(WarmUpInput input, int64_t rows = 1, int64_t max_batch_size = 0,
                              uint64_t seed = 1) {
    ModelConfig config;
    config.max_batch_size = max_batch_size;
    config.inputs = {{"x", input.type, input.dims, false}};
    WarmUpSample sample{.name = "s", .batch_size = rows, .inputs = {}};
    sample.inputs["x"] = std::move(input);
    SeededRng rng(seed);
    auto inputs = SampleInputs(sample, config, model_.path(), rng);
    if (!inputs.ok()) return inputs.status();
    return std::move((*inputs)[0]);
  }
  std::string Refusal(WarmUpInput input) {
    const auto made = Make(std::move(input));
    EXPECT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument) << made.status();
    return std::string(made.status().message());
  }

  const TempDir model_;
};

TEST_F(SampleOfOneInput, OfZerosHasItsRows) {
  const auto tensor = Make({DataType::kFp32, {2}}, 3, 4);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(tensor->shape, (Shape{3, 2}));
  EXPECT_EQ(tensor->bytes, std::string(24, '\0'));
}

TEST_F(SampleOfOneInput, WithoutABatchDimensionHasItsOwnShape) {
  EXPECT_EQ(Make({DataType::kBool, {2}})->shape, Shape{2});
  EXPECT_EQ(Make({DataType::kBool, {0, 2}})->bytes, "");
}

TEST_F(SampleOfOneInput, OfRandomWholeNumbersHoldsZerosAndOnes) {
  for (const DataType type :
       {DataType::kBool, DataType::kUint8, DataType::kInt16, DataType::kUint32, DataType::kInt64}) {
    const auto tensor = Make({type, {100}, Contents::kRandom});
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    ASSERT_EQ(tensor->bytes.size(), 100 * ElementSize(type));
    int ones = 0;
    for (size_t i = 0; i < tensor->bytes.size(); ++i) {
      if (tensor->bytes[i] == 0) continue;
      EXPECT_EQ(tensor->bytes[i], 1);
      EXPECT_EQ(i % ElementSize(type), 0u);
      ++ones;
    }
    EXPECT_GT(ones, 20);
    EXPECT_LT(ones, 80);
  }
}

TEST_F(SampleOfOneInput, OfRandomFractionsHoldsNumbersFromOneToTwo) {
  using ::testing::AllOf;
  using ::testing::Ge;
  using ::testing::Lt;
  const auto floats = Make({DataType::kFp32, {100}, Contents::kRandom});
  EXPECT_THAT(ValuesOf<float>(*floats), Each(AllOf(Ge(1.0F), Lt(2.0F))));
  EXPECT_NE(ValuesOf<float>(*floats)[0], ValuesOf<float>(*floats)[1]);
  const auto doubles = Make({DataType::kFp64, {100}, Contents::kRandom});
  EXPECT_THAT(ValuesOf<double>(*doubles), Each(AllOf(Ge(1.0), Lt(2.0))));
  const auto halves = Make({DataType::kFp16, {100}, Contents::kRandom});
  EXPECT_THAT(ValuesOf<uint16_t>(*halves), Each(AllOf(Ge(0x3C00), Lt(0x4000))));
  const auto brains = Make({DataType::kBf16, {100}, Contents::kRandom});
  EXPECT_THAT(ValuesOf<uint16_t>(*brains), Each(AllOf(Ge(0x3F80), Lt(0x4000))));
}

TEST_F(SampleOfOneInput, OfRandomStringsHoldsLettersAndIsWellFormed) {
  const auto tensor = Make({DataType::kBytes, {50}, Contents::kRandom}, 2, 4);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  const std::vector<std::string> texts = StringValues(*tensor);
  EXPECT_EQ(texts.size(), 100u);
  size_t longest = 0;
  for (const std::string& text : texts) {
    longest = std::max(longest, text.size());
    for (const char letter : text) EXPECT_TRUE(letter >= 'a' && letter <= 'z');
  }
  EXPECT_EQ(longest, 8u);
}

TEST_F(SampleOfOneInput, IsTheSameForTheSameSeed) {
  const WarmUpInput input{DataType::kInt64, {64}, Contents::kRandom};
  EXPECT_EQ(Make(input)->bytes, Make(input)->bytes);
  EXPECT_NE(Make(input)->bytes, Make(input, 1, 0, 2)->bytes);
}

TEST_F(SampleOfOneInput, FromAFileGivesItsRowToEveryRow) {
  model_.Write("warmup/row", "abcd");
  const auto tensor = Make({DataType::kUint8, {2, 2}, Contents::kFile, "row"}, 2, 4);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(tensor->shape, (Shape{2, 2, 2}));
  EXPECT_EQ(tensor->bytes, "abcdabcd");
}

TEST_F(SampleOfOneInput, FromAFileMayBeStrings) {
  model_.Write("warmup/row", std::string("\2\0\0\0hi\0\0\0\0", 10));
  const auto tensor = Make({DataType::kBytes, {2}, Contents::kFile, "row"});
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(StringValues(*tensor), (std::vector<std::string>{"hi", ""}));
}

TEST_F(SampleOfOneInput, FromAFileHasTheSizeOfARow) {
  model_.Write("warmup/row", "abcde");
  EXPECT_EQ(Refusal({DataType::kUint8, {4}, Contents::kFile, "row"}),
            "input 'x': warmup/row: has 5 bytes; one row, [4] of UINT8, has 4");
  EXPECT_THAT(Refusal({DataType::kBytes, {1}, Contents::kFile, "row"}),
              HasSubstr("input 'x': warmup/row: is not one row, [1] of BYTES: "));
}

TEST_F(SampleOfOneInput, FromAFileThatIsMissingOrALinkIsRefused) {
  EXPECT_EQ(Make({DataType::kUint8, {4}, Contents::kFile, "row"}).status(),
            absl::NotFoundError("input 'x': warmup/row: no such file"));
  model_.Write("warmup/target", "abcd");
  std::filesystem::create_symlink("target", model_.path() / "warmup" / "row");
  EXPECT_THAT(std::string(Make({DataType::kUint8, {4}, Contents::kFile, "row"}).status().message()),
              HasSubstr("is a symbolic link"));
}

TEST_F(SampleOfOneInput, ThatIsHugeIsRefused) {
  for (const Contents contents : {Contents::kZero, Contents::kRandom, Contents::kFile}) {
    EXPECT_EQ(Refusal({DataType::kFp32, {int64_t{1} << 40}, contents, "row"}),
              "input 'x': would take more than 268435456 bytes");
    EXPECT_EQ(Refusal({DataType::kFp32, {int64_t{1} << 62, 8}, contents, "row"}),
              "input 'x': would take more than 268435456 bytes");
  }
}

TEST(SampleInputs, FollowTheOrderOfTheConfigAndMarkWhatIsLeftOut) {
  ModelConfig config;
  config.inputs = {{"b", DataType::kInt32, {1}, false},
                   {"o", DataType::kInt32, {1}, true},
                   {"a", DataType::kFp64, {1}, false}};
  WarmUpSample sample{.name = "s", .inputs = {}};
  sample.inputs["a"] = {DataType::kFp64, {1}};
  sample.inputs["b"] = {DataType::kInt32, {1}};
  SeededRng rng(1);
  const auto inputs = SampleInputs(sample, config, "", rng);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  ASSERT_EQ(inputs->size(), 3u);
  EXPECT_EQ((*inputs)[0].type, DataType::kInt32);
  EXPECT_EQ((*inputs)[1].type, DataType::kInvalid);
  EXPECT_EQ((*inputs)[2].type, DataType::kFp64);
}

}  // namespace
}  // namespace tournant
