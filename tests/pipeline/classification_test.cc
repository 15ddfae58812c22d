#include "pipeline/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "fakes/tensors.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

TEST(Classification, GivesTheHighestClassesOfEachRowWithSixDecimals) {
  const Tensor scores = MakeTensor<float>(DataType::kFp32, {2, 4},
                                          {0.1f, 0.7f, 0.15f, 0.05f, 3.f, -1.f, 2.5f, 2.75f});
  const Tensor top = Classify(scores, 2, true, {});
  EXPECT_THAT(top.shape, ElementsAre(2, 2));
  EXPECT_THAT(StringValues(top),
              ElementsAre("0.700000:1", "0.150000:2", "3.000000:0", "2.750000:3"));
}

TEST(Classification, NamesAClassThatHasALabel) {
  const std::vector<std::string> labels = {"cat", "", "dog"};
  const Tensor scores = MakeTensor<float>(DataType::kFp32, {1, 4}, {1, 4, 3, 2});
  EXPECT_THAT(StringValues(Classify(scores, 4, true, labels)),
              ElementsAre("4.000000:1", "3.000000:2:dog", "2.000000:3", "1.000000:0:cat"));
}

TEST(Classification, GivesNoMoreClassesThanThereAre) {
  const Tensor scores = MakeTensor<double>(DataType::kFp64, {1, 2}, {0.25, 0.75});
  const Tensor top = Classify(scores, std::numeric_limits<int64_t>::max(), true, {});
  EXPECT_THAT(top.shape, ElementsAre(1, 2));
  EXPECT_THAT(StringValues(top), ElementsAre("0.750000:1", "0.250000:0"));
}

TEST(Classification, TakesATensorWithoutBatchDimensionAsOneRow) {
  const Tensor scores = MakeTensor<int32_t>(DataType::kInt32, {2, 2}, {5, -7, 9, 0});
  const Tensor top = Classify(scores, 3, false, {});
  EXPECT_THAT(top.shape, ElementsAre(3));
  EXPECT_THAT(StringValues(top), ElementsAre("9:2", "5:0", "0:3"));
}

TEST(Classification, TakesAllDimensionsOfARowTogether) {
  const Tensor scores =
      MakeTensor<uint8_t>(DataType::kUint8, {2, 2, 2}, {1, 2, 3, 4, 8, 7, 6, 255});
  const Tensor top = Classify(scores, 1, true, {});
  EXPECT_THAT(top.shape, ElementsAre(2, 1));
  EXPECT_THAT(StringValues(top), ElementsAre("4:3", "255:3"));
}

TEST(Classification, PrintsIntegersOfEveryWidthWhole) {
  EXPECT_THAT(
      StringValues(Classify(MakeTensor<int8_t>(DataType::kInt8, {1, 2}, {-128, 65}), 2, true, {})),
      ElementsAre("65:1", "-128:0"));
  EXPECT_THAT(StringValues(Classify(MakeTensor<uint64_t>(DataType::kUint64, {1, 1},
                                                         {std::numeric_limits<uint64_t>::max()}),
                                    1, true, {})),
              ElementsAre("18446744073709551615:0"));
  EXPECT_THAT(StringValues(Classify(MakeTensor<int64_t>(DataType::kInt64, {1, 1},
                                                        {std::numeric_limits<int64_t>::min()}),
                                    1, true, {})),
              ElementsAre("-9223372036854775808:0"));
}

TEST(Classification, KeepsTheOrderOfEqualValuesAndPutsNaNLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor scores = MakeTensor<float>(DataType::kFp32, {1, 6}, {nan, 1, inf, 1, nan, -inf});
  EXPECT_THAT(StringValues(Classify(scores, 6, true, {})),
              ElementsAre("inf:2", "1.000000:1", "1.000000:3", "-inf:5", "nan:0", "nan:4"));
}

TEST(Classification, OfNothingIsNothing) {
  const Tensor no_rows = Classify(MakeTensor<float>(DataType::kFp32, {0, 4}, {}), 2, true, {});
  EXPECT_THAT(no_rows.shape, ElementsAre(0, 2));
  EXPECT_EQ(no_rows.bytes, "");
  const Tensor no_classes = Classify(MakeTensor<float>(DataType::kFp32, {3, 0}, {}), 2, true, {});
  EXPECT_THAT(no_classes.shape, ElementsAre(3, 0));
  EXPECT_EQ(no_classes.bytes, "");
}

TEST(Classification, NeedsNumbersThatCanBeOrderedAndPrinted) {
  for (const DataType type :
       {DataType::kInt8, DataType::kUint64, DataType::kFp32, DataType::kFp64}) {
    EXPECT_TRUE(CanClassify(type)) << DataTypeName(type);
  }
  for (const DataType type :
       {DataType::kBool, DataType::kBytes, DataType::kFp16, DataType::kBf16}) {
    EXPECT_FALSE(CanClassify(type)) << DataTypeName(type);
  }
}

}  // namespace
}  // namespace tournant
