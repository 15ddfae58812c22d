#include "feast/value_bytes.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "feast/types/Value.pb.h"
#include "feast/value_type.h"

namespace tournant {
namespace {

using feast::types::Value;

ValuePeek Peek(absl::string_view hex) { return PeekValue(absl::HexStringToBytes(hex)); }

TEST(ValueBytes, NoBytesAreNull) {
  EXPECT_EQ(PeekValue("").kind, StoredValue::kNull);
  EXPECT_EQ(PeekValue("").field, 0);
}

TEST(ValueBytes, ZeroFalseAndEmptyTextAreValues) {
  EXPECT_EQ(Peek("2000").kind, StoredValue::kValue);
  EXPECT_EQ(Peek("2000").field, 4);
  EXPECT_EQ(Peek("3800").field, 7);
  EXPECT_EQ(Peek("1200").kind, StoredValue::kValue);
  EXPECT_EQ(Peek("290000000000000000").field, 5);
}

TEST(ValueBytes, TheExplicitNullAndNoTimeAreNull) {
  EXPECT_EQ(Peek("980100").kind, StoredValue::kNull);
  EXPECT_EQ(Peek("980100").field, 19);
  EXPECT_EQ(Peek("4080808080808080808001").kind, StoredValue::kNull);
  EXPECT_EQ(Peek("40c1e59dbd06").kind, StoredValue::kValue);
  // The smallest int64 is a number like any other outside a timestamp.
  EXPECT_EQ(Peek("2080808080808080808001").kind, StoredValue::kValue);
}

TEST(ValueBytes, NamesTheMemberOfEachKindOfEncoding) {
  EXPECT_EQ(Peek("20ffffffffffffffffff01").field, static_cast<int>(ValueType::kInt64));
  EXPECT_EQ(Peek("29000000000000e03f").field, static_cast<int>(ValueType::kDouble));
  EXPECT_EQ(Peek("350000003f").field, static_cast<int>(ValueType::kFloat));
  EXPECT_EQ(Peek("82010a0a080000803f00000040").field, static_cast<int>(ValueType::kFloatList));
  EXPECT_EQ(Peek("8a01040a020100").field, static_cast<int>(ValueType::kBoolList));
}

TEST(ValueBytes, AMemberOfANewerFeastIsAValue) {
  EXPECT_EQ(Peek("9a060141").kind, StoredValue::kValue);
  EXPECT_EQ(Peek("9a060141").field, 99);
}

TEST(ValueBytes, TheLastOfSeveralMembersCounts) {
  EXPECT_EQ(Peek("2007980100").kind, StoredValue::kNull);
  EXPECT_EQ(Peek("9801002007").field, 4);
}

TEST(ValueBytes, CutBytesAreDamaged) {
  for (const char* hex : {"20", "2080", "29000000", "35", "1203", "120361", "82010a0a08", "00",
                          "0000", "07", "23", "ffffffffffffffffffff01"}) {
    EXPECT_EQ(Peek(hex).kind, StoredValue::kDamaged) << hex;
  }
}

TEST(ValueBytes, AgreesWithProtobufOnEveryScalar) {
  Value value;
  value.set_unix_timestamp_val(std::numeric_limits<int64_t>::min() + 1);
  EXPECT_EQ(PeekValue(value.SerializeAsString()).kind, StoredValue::kValue);
  value.set_bytes_val(std::string(100000, 'x'));
  EXPECT_EQ(PeekValue(value.SerializeAsString()).field, 1);
  value.mutable_zoned_timestamp_val()->set_zone("UTC");
  EXPECT_EQ(PeekValue(value.SerializeAsString()).field, 48);
}

TEST(ValueType, NumbersAndNamesAreFeasts) {
  for (int number = 0; number <= 48; ++number) {
    if (!feast::types::ValueType::Enum_IsValid(number)) continue;
    EXPECT_EQ(
        ValueTypeName(static_cast<ValueType>(number)),
        feast::types::ValueType::Enum_Name(static_cast<feast::types::ValueType::Enum>(number)));
  }
  EXPECT_EQ(ValueTypeName(static_cast<ValueType>(9)), "UNKNOWN");
  EXPECT_EQ(ValueTypeName(static_cast<ValueType>(4711)), "UNKNOWN");
}

TEST(ValueType, TellsElementsAndListsApart) {
  EXPECT_EQ(ElementKindOf(ValueType::kFloatList), ElementKind::kNumber);
  EXPECT_TRUE(IsList(ValueType::kFloatList));
  EXPECT_FALSE(IsList(ValueType::kFloat));
  EXPECT_FALSE(IsList(ValueType::kFloatSet));
  EXPECT_EQ(ElementKindOf(ValueType::kDecimal), ElementKind::kText);
  EXPECT_EQ(ElementKindOf(ValueType::kUnixTimestampList), ElementKind::kTimestamp);
  EXPECT_EQ(ElementKindOf(ValueType::kMap), ElementKind::kOther);
  EXPECT_EQ(ElementKindOf(static_cast<ValueType>(4711)), ElementKind::kOther);
}

}  // namespace
}  // namespace tournant
