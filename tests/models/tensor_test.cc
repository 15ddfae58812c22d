#include "models/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tournant {
namespace {

using ::testing::ElementsAre;

std::optional<int64_t> Count(std::vector<int64_t> shape) { return ElementCount(shape); }
std::optional<int64_t> Size(DataType type, std::vector<int64_t> shape) {
  return ByteSize(type, shape);
}

TEST(Tensor, CountsElementsWithoutOverflow) {
  EXPECT_EQ(Count({}), 1);
  EXPECT_EQ(Count({2, 3, 4}), 24);
  EXPECT_EQ(Count({7, 0}), 0);
  EXPECT_EQ(Count({-1, 2}), std::nullopt);
  EXPECT_EQ(Count({int64_t{1} << 62, 4}), std::nullopt);
  EXPECT_EQ(Count({int64_t{1} << 62, 4, 0}), 0);
}

TEST(Tensor, KnowsBytesOfFixedSizeTypes) {
  EXPECT_EQ(Size(DataType::kFp64, {3, 2}), 48);
  EXPECT_EQ(Size(DataType::kFp64, {int64_t{1} << 60, 2}), std::nullopt);
  EXPECT_EQ(Size(DataType::kBytes, {3}), std::nullopt);
}

TEST(Tensor, BytesElementsSurviveTheirEncoding) {
  std::string bytes;
  AppendBytesElement("ab", bytes);
  AppendBytesElement("", bytes);
  AppendBytesElement(absl::string_view("\0x", 2), bytes);
  std::vector<absl::string_view> elements;
  ASSERT_TRUE(SplitBytesElements(bytes, 3, elements).ok());
  EXPECT_THAT(elements, ElementsAre("ab", "", absl::string_view("\0x", 2)));
}

TEST(Tensor, RefusesBytesThatDoNotAddUp) {
  std::string bytes;
  AppendBytesElement("ab", bytes);
  std::vector<absl::string_view> elements;
  EXPECT_EQ(SplitBytesElements(bytes, 2, elements).message(), "expected 2 string elements, got 1");
  EXPECT_EQ(SplitBytesElements(bytes, 0, elements).message(),
            "unexpected number of string elements, expected 0, got more");
  EXPECT_EQ(SplitBytesElements(bytes.substr(0, 5), 1, elements).message(),
            "incomplete string data at element 0: expected 2 bytes, 1 are left");
  EXPECT_EQ(SplitBytesElements(bytes.substr(0, 3), 1, elements).message(),
            "incomplete string length indicator at element 0");
  // A huge count reserves nothing.
  EXPECT_FALSE(SplitBytesElements(bytes, int64_t{1} << 60, elements).ok());
}

TEST(Tensor, ShapesFitDimsOfTheSameRankWhoseSizesAreTheirsOrAny) {
  const std::vector<int64_t> dims = {-1, 3};
  const auto fits = [&](const std::vector<int64_t>& shape) { return FitsDims(shape, dims); };
  EXPECT_TRUE(fits({0, 3}));
  EXPECT_TRUE(fits({7, 3}));
  EXPECT_FALSE(fits({7, 2}));
  EXPECT_FALSE(fits({3}));
  EXPECT_FALSE(fits({1, 7, 3}));
  EXPECT_TRUE(FitsDims({}, {}));
}

TEST(Tensor, WritesShapes) {
  EXPECT_EQ(ShapeText(std::vector<int64_t>{-1, 16}), "[-1,16]");
  EXPECT_EQ(ShapeText(Shape{}), "[]");
}

}  // namespace
}  // namespace tournant
