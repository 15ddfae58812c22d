#include "features/element.h"

#include <cmath>
#include <limits>

#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

std::string Bytes(const Element& element, DataType type) {
  std::string bytes;
  return AppendElement(element, type, bytes) ? bytes : "refused";
}

TEST(Element, KeepsEveryBitOfAnId) {
  const int64_t id = (int64_t{1} << 53) + 1;  // No double.
  EXPECT_EQ(Bytes(Element::Integer(id), DataType::kInt64), Raw<int64_t>({id}));
  EXPECT_EQ(Bytes(Element::Integer(std::numeric_limits<int64_t>::min()), DataType::kInt64),
            Raw<int64_t>({std::numeric_limits<int64_t>::min()}));
}

TEST(Element, RoundsOnlyIntoFloatingTypes) {
  EXPECT_EQ(Bytes(Element::Floating(0.1), DataType::kFp32), Raw<float>({0.1f}));
  EXPECT_EQ(Bytes(Element::Integer(7), DataType::kFp64), Raw<double>({7.0}));
  EXPECT_EQ(Bytes(Element::Floating(3.0), DataType::kInt32), Raw<int32_t>({3}));
  EXPECT_EQ(Bytes(Element::Floating(3.5), DataType::kInt32), "refused");
  EXPECT_EQ(Bytes(Element::Floating(9223372036854775808.0), DataType::kInt64), "refused");
  EXPECT_EQ(Bytes(Element::Floating(NAN), DataType::kInt64), "refused");
}

TEST(Element, RefusesWhatAFloatWouldTurnIntoInfinity) {
  const double most = std::numeric_limits<float>::max();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Bytes(Element::Floating(1e308), DataType::kFp32), "refused");
  EXPECT_EQ(Bytes(Element::Floating(-1e39), DataType::kFp32), "refused");
  EXPECT_EQ(Bytes(Element::Floating(most), DataType::kFp32),
            Raw<float>({std::numeric_limits<float>::max()}));
  EXPECT_EQ(Bytes(Element::Floating(1e308), DataType::kFp64), Raw<double>({1e308}));
  EXPECT_EQ(Bytes(Element::Floating(-infinity), DataType::kFp32), Raw<float>({-INFINITY}));
  EXPECT_EQ(Bytes(Element::Integer(std::numeric_limits<int64_t>::max()), DataType::kFp32),
            Raw<float>({9223372036854775808.0f}));
}

TEST(Element, SaysWhatIsWrongWithAValueThatDoesNotFit) {
  const auto why = [](const Element& element, DataType given, DataType type) {
    return WhyUnfit(element, given, type, "'x'");
  };
  EXPECT_EQ(why(Element::Floating(NAN), DataType::kFp32, DataType::kFp32),
            "NaN is not allowed in 'x'");
  EXPECT_EQ(why(Element::Floating(NAN), DataType::kFp32, DataType::kInt32),
            "nan is not a whole number, for 'x'");
  EXPECT_EQ(why(Element::Floating(1e308), DataType::kFp64, DataType::kFp32),
            "1e+308 is out of range for 'x'");
  EXPECT_EQ(why(Element::Floating(1e30), DataType::kFp64, DataType::kInt64),
            "1e+30 is out of range for 'x'");
  EXPECT_EQ(why(Element::Integer(300), DataType::kInt64, DataType::kInt8),
            "300 is out of range for 'x'");
  EXPECT_EQ(why(Element::Text("1"), DataType::kBytes, DataType::kFp32),
            "a value of type BYTES does not fit into 'x'");
  EXPECT_EQ(why(Element::Integer(1), DataType::kInt64, DataType::kBytes),
            "a value of type INT64 does not fit into 'x'");
}

TEST(Element, RefusesIntegersOutOfRange) {
  EXPECT_EQ(Bytes(Element::Integer(int64_t{1} << 31), DataType::kInt32), "refused");
  EXPECT_EQ(Bytes(Element::Integer(-128), DataType::kInt8), Raw<int8_t>({-128}));
  EXPECT_EQ(Bytes(Element::Integer(128), DataType::kInt8), "refused");
  EXPECT_EQ(Bytes(Element::Integer(-1), DataType::kUint8), "refused");
  EXPECT_EQ(Bytes(Element::Integer(1), DataType::kBool), Raw<uint8_t>({1}));
  EXPECT_EQ(Bytes(Element::Integer(2), DataType::kBool), "refused");
}

TEST(Element, TextGoesIntoTextOnly) {
  EXPECT_EQ(Bytes(Element::Text("ab"), DataType::kBytes), std::string("\2\0\0\0ab", 6));
  EXPECT_EQ(Bytes(Element::Text("1"), DataType::kFp32), "refused");
  EXPECT_EQ(Bytes(Element::Integer(1), DataType::kBytes), "refused");
}

TEST(Element, KnowsWhichTypesEverFit) {
  EXPECT_TRUE(CanCast(ValueType::kInt64, DataType::kFp32));
  EXPECT_TRUE(CanCast(ValueType::kBool, DataType::kInt32));
  EXPECT_TRUE(CanCast(ValueType::kUnixTimestamp, DataType::kInt64));
  EXPECT_TRUE(CanCast(ValueType::kFloatList, DataType::kFp64));
  EXPECT_TRUE(CanCast(ValueType::kBytes, DataType::kBytes));
  EXPECT_FALSE(CanCast(ValueType::kUnixTimestamp, DataType::kInt32));
  EXPECT_FALSE(CanCast(ValueType::kDouble, DataType::kInt64));
  EXPECT_FALSE(CanCast(ValueType::kInt64, DataType::kBool));
  EXPECT_FALSE(CanCast(ValueType::kString, DataType::kFp32));
  EXPECT_FALSE(CanCast(ValueType::kMap, DataType::kFp32));
  EXPECT_FALSE(CanCast(DataType::kUint64, DataType::kInt64));
}

}  // namespace
}  // namespace tournant
