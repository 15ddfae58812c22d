#include "torchscript/trial_input.h"

#include <gmock/gmock.h>

#include <cmath>

#include "torchscript/torchscript_test.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

TEST(TrialInput, ARowIsTheSameWhicheverComeWithIt) {
  for (int number = 1; number <= 14; ++number) {
    const InputGuess guess{static_cast<DataType>(number), {-1, 3}};
    const auto all = TrialInput(guess, 0, 3, 4);
    ASSERT_TRUE(all.has_value());
    EXPECT_THAT(all->shape, ElementsAre(3, 4, 3));
    std::string rows;
    for (int64_t row = 0; row < 3; ++row) rows += TrialInput(guess, row, 1, 4)->bytes;
    EXPECT_EQ(all->bytes, rows) << number;
    EXPECT_NE(TrialInput(guess, 0, 1, 4)->bytes, TrialInput(guess, 1, 1, 4)->bytes) << number;
  }
}

TEST(TrialInput, NumbersAreTheSameInEveryFloatingType) {
  const auto as_float = TrialInput({DataType::kFp32, {20}}, 0, -1, 1);
  const auto as_bfloat = TrialInput({DataType::kBf16, {20}}, 0, -1, 1);
  const auto as_half = TrialInput({DataType::kFp16, {20}}, 0, -1, 1);
  EXPECT_THAT(as_float->shape, ElementsAre(20));
  const auto floats = Values<float>(View(*as_float));
  const auto bfloats = Values<uint16_t>(View(*as_bfloat));
  const auto halves = Values<_Float16>(View(*as_half));
  for (size_t i = 0; i < floats.size(); ++i) {
    const uint32_t bits = uint32_t{bfloats[i]} << 16;
    float from_bfloat = 0;
    std::memcpy(&from_bfloat, &bits, sizeof(bits));
    EXPECT_EQ(from_bfloat, floats[i]);
    EXPECT_EQ(static_cast<float>(halves[i]), floats[i]);
    EXPECT_LE(std::abs(floats[i]), 1.125F);
  }
}

TEST(TrialInput, WholeNumbersAreIndicesOfAnyTable) {
  const auto ids = TrialInput({DataType::kInt64, {3}}, 1, 1, 1);
  EXPECT_THAT(Values<int64_t>(View(*ids)), ElementsAre(1, 0, 1));
}

TEST(TrialInput, IsNeverHuge) {
  EXPECT_FALSE(TrialInput({DataType::kFp32, {1 << 20, -1}}, 0, 1, 128).has_value());
  EXPECT_FALSE(TrialInput({DataType::kFp32, {int64_t{1} << 40, int64_t{1} << 40}}, 0, 1, 2));
}

TEST(NearlySame, AllowsForRoundingInFloatingPointAlone) {
  const Tensor a = Floats({2}, {1, 1e6});
  EXPECT_TRUE(NearlySame(DataType::kFp32, a.bytes, Floats({2}, {1.00001F, 1000010}).bytes));
  EXPECT_FALSE(NearlySame(DataType::kFp32, a.bytes, Floats({2}, {1.01F, 1e6}).bytes));
  EXPECT_FALSE(NearlySame(DataType::kFp32, a.bytes, Floats({1}, {1}).bytes));
  const float nan = std::nanf("");
  EXPECT_TRUE(NearlySame(DataType::kFp32, Floats({1}, {nan}).bytes, Floats({1}, {-nan}).bytes));
  EXPECT_FALSE(NearlySame(DataType::kFp32, Floats({1}, {nan}).bytes, Floats({1}, {1}).bytes));
  EXPECT_FALSE(NearlySame(DataType::kInt32, Floats({1}, {1}).bytes, Floats({1}, {2}).bytes));
}

}  // namespace
}  // namespace tournant
