#include "models/data_type.h"

#include <gtest/gtest.h>

#include "inference/model_config.pb.h"

namespace tournant {
namespace {

TEST(DataType, HasTheNumbersOfTheProtocol) {
  for (int number = 1; number <= 14; ++number) {
    const auto type = static_cast<DataType>(number);
    const std::string& proto = inference::DataType_Name(static_cast<inference::DataType>(number));
    const std::string name(DataTypeName(type));
    EXPECT_EQ(proto, type == DataType::kBytes ? "TYPE_STRING" : "TYPE_" + name);
    EXPECT_EQ(DataTypeFromName(name), type);
  }
}

TEST(DataType, KnowsTheSizeOfAnElement) {
  EXPECT_EQ(ElementSize(DataType::kBool), 1);
  EXPECT_EQ(ElementSize(DataType::kBf16), 2);
  EXPECT_EQ(ElementSize(DataType::kFp32), 4);
  EXPECT_EQ(ElementSize(DataType::kUint64), 8);
  EXPECT_EQ(ElementSize(DataType::kBytes), 0);
}

TEST(DataType, AnUnknownNameIsInvalid) {
  for (const char* name : {"", "fp32", "STRING", "FLOAT", "INVALID"}) {
    EXPECT_EQ(DataTypeFromName(name), DataType::kInvalid) << name;
  }
}

}  // namespace
}  // namespace tournant
