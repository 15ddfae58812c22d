#include "cpp/tensor_codec.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/half.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

template <typename T>
T Parsed(Datatype type, absl::string_view text) {
  std::string raw;
  const absl::Status status = AppendElement(type, text, raw);
  EXPECT_TRUE(status.ok()) << status;
  T value{};
  EXPECT_EQ(raw.size(), sizeof(T));
  if (raw.size() == sizeof(T)) std::memcpy(&value, raw.data(), sizeof(T));
  return value;
}

std::string Refusal(Datatype type, absl::string_view text) {
  std::string raw = "before";
  const absl::Status status = AppendElement(type, text, raw);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(raw, "before") << "nothing may be appended";
  return std::string(status.message());
}

std::string RoundTrip(Datatype type, absl::string_view text) {
  std::string raw;
  const absl::Status status = AppendElement(type, text, raw);
  EXPECT_TRUE(status.ok()) << status;
  absl::string_view rest = raw;
  std::string back;
  EXPECT_TRUE(TakeElement(type, rest, back));
  EXPECT_TRUE(rest.empty());
  return back;
}

TEST(TensorCodec, ParsesIntegersOfEveryWidthToTheirLimits) {
  EXPECT_EQ(Parsed<int8_t>(Datatype::kInt8, "-128"), -128);
  EXPECT_EQ(Parsed<uint8_t>(Datatype::kUint8, "255"), 255);
  EXPECT_EQ(Parsed<int16_t>(Datatype::kInt16, "32767"), 32767);
  EXPECT_EQ(Parsed<uint16_t>(Datatype::kUint16, "65535"), 65535);
  EXPECT_EQ(Parsed<int32_t>(Datatype::kInt32, " 42 "), 42);
  EXPECT_EQ(Parsed<uint32_t>(Datatype::kUint32, "4294967295"), 4294967295U);
  EXPECT_EQ(Parsed<int64_t>(Datatype::kInt64, "-9223372036854775808"),
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Parsed<uint64_t>(Datatype::kUint64, "18446744073709551615"),
            std::numeric_limits<uint64_t>::max());
}

TEST(TensorCodec, RefusesIntegersOutOfRange) {
  EXPECT_EQ(Refusal(Datatype::kInt8, "128"), "'128' is out of the range of INT8");
  EXPECT_EQ(Refusal(Datatype::kInt16, "40000.0"), "'40000.0' is out of the range of INT16");
  EXPECT_EQ(Refusal(Datatype::kInt64, "9223372036854775808"),
            "'9223372036854775808' is out of the range of INT64");
  EXPECT_EQ(Refusal(Datatype::kUint32, "-1"), "'-1' is out of the range of UINT32");
}

TEST(TensorCodec, TakesWholeNumbersThatAFloatingColumnWrote) {
  EXPECT_EQ(Parsed<int64_t>(Datatype::kInt64, "383505.0"), 383505);
  EXPECT_EQ(Parsed<int32_t>(Datatype::kInt32, "1e3"), 1000);
  EXPECT_EQ(Refusal(Datatype::kInt64, "1.5"), "'1.5' is not a value of INT64");
}

TEST(TensorCodec, RefusesWhatIsNoNumber) {
  EXPECT_EQ(Refusal(Datatype::kFp32, "abc"), "'abc' is not a value of FP32");
  EXPECT_EQ(Refusal(Datatype::kFp64, ""), "'' is not a value of FP64");
  EXPECT_EQ(Refusal(Datatype::kInt32, "12x"), "'12x' is not a value of INT32");
  EXPECT_EQ(Refusal(Datatype::kFp32, "1,5"), "'1,5' is not a value of FP32");
  EXPECT_EQ(Refusal(Datatype::kBool, "maybe"), "'maybe' is not a value of BOOL");
}

TEST(TensorCodec, EscapesAndCutsWhatItQuotes) {
  EXPECT_EQ(Refusal(Datatype::kInt32, "a\nb"), "'a\\nb' is not a value of INT32");
  EXPECT_LT(Refusal(Datatype::kInt32, std::string(1000, 'x')).size(), 100U);
}

TEST(TensorCodec, ParsesFloatingPointToTheNearestValueOfItsWidth) {
  EXPECT_EQ(Parsed<float>(Datatype::kFp32, "0.1"), 0.1F);
  EXPECT_EQ(Parsed<double>(Datatype::kFp64, "0.1"), 0.1);
  EXPECT_EQ(Parsed<float>(Datatype::kFp32, "1e-60"), 0.0F);
  EXPECT_TRUE(std::isnan(Parsed<float>(Datatype::kFp32, "nan")));
  EXPECT_TRUE(std::isinf(Parsed<double>(Datatype::kFp64, "-inf")));
  EXPECT_EQ(Refusal(Datatype::kFp32, "1e60"), "'1e60' is out of the range of FP32");
  EXPECT_EQ(Refusal(Datatype::kFp16, "70000"), "'70000' is out of the range of FP16");
}

TEST(TensorCodec, WritesTheFewestDigitsThatReadBackEqual) {
  EXPECT_EQ(RoundTrip(Datatype::kFp32, "0.1"), "0.1");
  EXPECT_EQ(RoundTrip(Datatype::kFp64, "0.30000000000000004"), "0.30000000000000004");
  EXPECT_EQ(RoundTrip(Datatype::kInt64, "-7"), "-7");
  EXPECT_EQ(RoundTrip(Datatype::kUint8, "200"), "200");
  EXPECT_EQ(RoundTrip(Datatype::kBool, "TRUE"), "true");
  EXPECT_EQ(RoundTrip(Datatype::kBool, "0"), "false");
  EXPECT_EQ(RoundTrip(Datatype::kFp16, "1.5"), "1.5");
  EXPECT_EQ(RoundTrip(Datatype::kBf16, "-2"), "-2");
}

TEST(TensorCodec, KeepsBytesAsTheyAre) {
  EXPECT_EQ(RoundTrip(Datatype::kBytes, " a,\"b\" "), " a,\"b\" ");
  EXPECT_EQ(RoundTrip(Datatype::kBytes, ""), "");
  std::string raw;
  AppendBytes("N14", raw);
  EXPECT_EQ(raw, std::string("\x03\0\0\0N14", 7));
}

TEST(TensorCodec, TakesNothingFromBytesThatAreCutOff) {
  absl::string_view raw("\x05\0\0\0abc", 7);
  std::string text;
  EXPECT_FALSE(TakeElement(Datatype::kBytes, raw, text));
  EXPECT_EQ(raw.size(), 7U);
  absl::string_view three("abc");
  EXPECT_FALSE(TakeElement(Datatype::kFp32, three, text));
  double number = 0;
  EXPECT_FALSE(TakeNumber(Datatype::kFp64, three, number));
  EXPECT_TRUE(text.empty());
}

TEST(Half, AgreesWithKnownBitPatterns) {
  EXPECT_EQ(Fp16FromFloat(1.0F), 0x3c00);
  EXPECT_EQ(Fp16FromFloat(-2.0F), 0xc000);
  EXPECT_EQ(Fp16FromFloat(65504.0F), 0x7bff);
  EXPECT_EQ(Fp16FromFloat(65520.0F), 0x7c00);
  EXPECT_EQ(Fp16FromFloat(5.960464477539063e-08F), 0x0001);
  EXPECT_EQ(Fp16FromFloat(0.333251953125F), 0x3555);
  EXPECT_EQ(Bf16FromFloat(1.0F), 0x3f80);
  EXPECT_EQ(Bf16FromFloat(3.140625F), 0x4049);
}

TEST(Half, RoundsTiesToEven) {
  EXPECT_EQ(Fp16FromFloat(1.0F + 1.0F / 2048), 0x3c00);  // Halfway, down to even.
  EXPECT_EQ(Fp16FromFloat(1.0F + 3.0F / 2048), 0x3c02);  // Halfway, up to even.
  EXPECT_EQ(Bf16FromFloat(1.0F + 1.0F / 256), 0x3f80);
  EXPECT_EQ(Bf16FromFloat(1.0F + 3.0F / 256), 0x3f82);
}

TEST(Half, EveryFp16ValueSurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = FloatFromFp16(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(Fp16FromFloat(value), bits);
  }
}

TEST(Datatype, NamesRoundTripAndUnknownOnesAreInvalid) {
  for (const char* name : {"BOOL", "UINT8", "INT64", "FP16", "BF16", "FP64", "BYTES"}) {
    EXPECT_EQ(DatatypeName(DatatypeFromName(name)), name);
  }
  EXPECT_EQ(DatatypeFromName("STRING"), Datatype::kInvalid);
  EXPECT_EQ(DatatypeFromName("INVALID"), Datatype::kInvalid);
  EXPECT_EQ(DatatypeFromName(""), Datatype::kInvalid);
}

}  // namespace
}  // namespace tournant::client
