#include "torchscript/reshape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Reshaped, KeepsTheBatch) {
  EXPECT_THAT(Reshaped({4}, {2, 2}, true, Shape{7, 4}), ElementsAre(7, 2, 2));
  EXPECT_THAT(Reshaped({2, 2}, {4}, true, Shape{7, 2, 2}), ElementsAre(7, 4));
  EXPECT_THAT(Reshaped({4}, {2, 2}, false, Shape{4}), ElementsAre(2, 2));
}

TEST(Reshaped, MakesScalars) {
  EXPECT_THAT(Reshaped({1}, {}, true, Shape{7, 1}), ElementsAre(7));
  EXPECT_THAT(Reshaped({1}, {}, false, Shape{1}), IsEmpty());
  EXPECT_THAT(Reshaped({}, {1}, true, Shape{7}), ElementsAre(7, 1));
}

TEST(Reshaped, OpenSizesStayInTheirOrder) {
  EXPECT_THAT(Reshaped({-1, 4, -1}, {-1, 2, 2, -1}, true, Shape{1, 5, 4, 6}),
              ElementsAre(1, 5, 2, 2, 6));
  EXPECT_THAT(Reshaped({-1, 1}, {-1}, false, Shape{0, 1}), ElementsAre(0));
}

TEST(Reshaped, AShapeThatDoesNotFitStaysAsItIs) {
  EXPECT_THAT(Reshaped({4}, {2, 2}, true, Shape{7, 5}), ElementsAre(7, 5));
  EXPECT_THAT(Reshaped({4}, {2, 2}, true, Shape{}), IsEmpty());
}

TEST(ReshapedInputs, LeaveOutWhatIsAbsent) {
  TensorSpec spec = {"x", DataType::kFp32, {1}};
  spec.model_dims = std::vector<int64_t>{};
  const TensorView given{DataType::kFp32, {3, 1}, "", nullptr};
  const auto reshaped = ReshapedInputs({spec, spec}, true, std::vector<TensorView>{given, {}});
  EXPECT_THAT(reshaped[0].shape, ElementsAre(3));
  EXPECT_EQ(reshaped[1].type, DataType::kInvalid);
  EXPECT_THAT(reshaped[1].shape, IsEmpty());
}

}  // namespace
}  // namespace tournant
