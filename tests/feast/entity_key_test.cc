#include "feast/entity_key.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "feast/murmur.h"
#include "feast/types/EntityKey.pb.h"
#include "feast/types/Value.pb.h"

namespace tournant {
namespace {

using feast::types::Value;
using ::testing::HasSubstr;

Value Text(const std::string& text) {
  Value value;
  value.set_string_val(text);
  return value;
}
Value Int32(int32_t number) {
  Value value;
  value.set_int32_val(number);
  return value;
}
Value Int64(int64_t number) {
  Value value;
  value.set_int64_val(number);
  return value;
}

// The key in hex, or the error's text.
std::string Key(KeyVersion version, std::vector<JoinKey> keys, const std::vector<Value>& values) {
  const EntityKeyLayout layout(version, std::move(keys));
  std::vector<const Value*> pointers;
  for (const Value& value : values) pointers.push_back(&value);
  std::string bytes;
  const absl::Status status = layout.Append(pointers, &bytes);
  return status.ok() ? absl::BytesToHexString(bytes) : std::string(status.message());
}

std::string Hex(absl::string_view ascii) { return absl::BytesToHexString(ascii); }

std::vector<nlohmann::json> RecordedKeys() {
  std::ifstream file(std::string(TOURNANT_TEST_DATA_DIR) + "/keys.jsonl");
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(nlohmann::json::parse(line));
  return rows;
}

TEST(EntityKey, EqualsEveryKeyThatFeastWroteToSqliteAndRedis) {
  const auto registry =
      FeatureRegistry::ReadFile(std::string(TOURNANT_TEST_DATA_DIR) + "/registry.db", "nycflights");
  ASSERT_TRUE(registry.ok()) << registry.status();
  const std::vector<nlohmann::json> rows = RecordedKeys();
  ASSERT_GE(rows.size(), 20u);
  for (const nlohmann::json& row : rows) {
    const auto* view = (*registry)->FindView(row["view"].get<std::string>());
    ASSERT_NE(view, nullptr) << row["view"];
    feast::types::EntityKey recorded;
    ASSERT_TRUE(
        google::protobuf::util::JsonStringToMessage(row["entity_key"].dump(), &recorded).ok());

    const EntityKeyLayout layout(KeyVersion::kV3, view->join_keys);
    std::vector<const Value*> values;
    for (const JoinKey& key : layout.join_keys()) {
      for (int i = 0; i < recorded.join_keys_size(); ++i) {
        if (recorded.join_keys(i) == key.name) values.push_back(&recorded.entity_values(i));
      }
    }
    ASSERT_EQ(values.size(), layout.join_keys().size());
    std::string bytes;
    ASSERT_TRUE(layout.Append(values, &bytes).ok());
    EXPECT_EQ(absl::BytesToHexString(bytes), row["sqlite_entity_key_hex"].get<std::string>())
        << row["view"];
    if (row["redis_key_hex"].is_string()) {
      EXPECT_EQ(absl::BytesToHexString(bytes + (*registry)->project()),
                row["redis_key_hex"].get<std::string>());
    }
  }
}

TEST(EntityKey, RedisFieldsAreTheMurmurHashOfViewAndFeature) {
  size_t checked = 0;
  for (const nlohmann::json& row : RecordedKeys()) {
    for (const auto& [name, hex] : row["redis_fields_hex"].items()) {
      const uint32_t hash = Murmur3X86_32(name, 0);
      std::string bytes;
      for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(hash >> shift));
      EXPECT_EQ(absl::BytesToHexString(bytes), hex.get<std::string>()) << name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 50u);
}

TEST(EntityKey, EachVersionWritesAnInt64InItsOwnWay) {
  const std::vector<JoinKey> keys = {{"driver_id", ValueType::kInt64}};
  const std::string name = Hex("driver_id");
  EXPECT_EQ(Key(KeyVersion::kV1, keys, {Int64(1001)}),
            "02000000" + name + "0400000004000000e9030000");
  EXPECT_EQ(Key(KeyVersion::kV2, keys, {Int64(1001)}),
            "02000000" + name + "0400000008000000e903000000000000");
  EXPECT_EQ(Key(KeyVersion::kV3, keys, {Int64(1001)}),
            "010000000200000009000000" + name + "0400000008000000e903000000000000");
  EXPECT_EQ(Key(KeyVersion::kV3Legacy, keys, {Int64(1001)}),
            "0200000009000000" + name + "0400000008000000e903000000000000");
}

TEST(EntityKey, VersionOneCannotHoldAWideInt64) {
  const std::vector<JoinKey> keys = {{"driver_id", ValueType::kInt64}};
  EXPECT_THAT(Key(KeyVersion::kV1, keys, {Int64(5'000'000'000)}),
              HasSubstr("join key 'driver_id': key version 1"));
  EXPECT_EQ(Key(KeyVersion::kV2, keys, {Int64(5'000'000'000)}),
            "02000000" + Hex("driver_id") + "040000000800000000f2052a01000000");
}

TEST(EntityKey, SortsJoinKeysByTheirUtf8Bytes) {
  // Given the other way round; the values follow the sorted keys.
  const std::vector<JoinKey> keys = {{"user", ValueType::kInt64}, {"customer", ValueType::kString}};
  EXPECT_EQ(Key(KeyVersion::kV3, keys, {Text("test"), Int64(32768)}),
            "02000000"
            "0200000008000000" +
                Hex("customer") + "0200000004000000" + Hex("user") + "0200000004000000" +
                Hex("test") +
                "0400000008000000"
                "0080000000000000");
  EXPECT_EQ(Key(KeyVersion::kV1, keys, {Text("test"), Int64(32768)}),
            "02000000" + Hex("customer") + "02000000" + Hex("user") + "0200000004000000" +
                Hex("test") +
                "0400000004000000"
                "00800000");
}

TEST(EntityKey, CountsBytesNotCharactersOfNamesAndValues) {
  EXPECT_EQ(Key(KeyVersion::kV3, {{"\u7528\u6237ID", ValueType::kString}}, {Text("\u00e9")}),
            "010000000200000008000000e794a8e688b749440200000002000000c3a9");
}

TEST(EntityKey, TheKeyOfAViewWithoutEntitiesIsTheEmptyString) {
  EXPECT_EQ(Key(KeyVersion::kV3, {{"__dummy_id", ValueType::kString}}, {Text("")}),
            "01000000020000000a000000" + Hex("__dummy_id") + "0200000000000000");
}

TEST(EntityKey, TakesTheWidthOfIntegersFromTheRegistry) {
  const std::string as_int32 = Key(KeyVersion::kV3, {{"n", ValueType::kInt32}}, {Int32(-5)});
  EXPECT_EQ(as_int32,
            "01000000"
            "0200000001000000"
            "6e"
            "0300000004000000"
            "fbffffff");
  EXPECT_EQ(Key(KeyVersion::kV3, {{"n", ValueType::kInt32}}, {Int64(-5)}), as_int32);

  const std::string as_int64 = Key(KeyVersion::kV3, {{"n", ValueType::kInt64}}, {Int64(-5)});
  EXPECT_EQ(as_int64,
            "01000000"
            "0200000001000000"
            "6e"
            "0400000008000000"
            "fbffffffffffffff");
  EXPECT_EQ(Key(KeyVersion::kV3, {{"n", ValueType::kInt64}}, {Int32(-5)}), as_int64);

  // Without a type in the registry the caller's width is all there is.
  EXPECT_EQ(Key(KeyVersion::kV3, {{"n", ValueType::kInvalid}}, {Int64(-5)}), as_int64);
}

TEST(EntityKey, AnInt64TooWideForAnInt32KeyStaysAnotherKey) {
  const int64_t wide = int64_t{std::numeric_limits<int32_t>::max()} + 1;
  EXPECT_EQ(Key(KeyVersion::kV3, {{"n", ValueType::kInt32}}, {Int64(wide)}),
            "01000000"
            "0200000001000000"
            "6e"
            "0400000008000000"
            "0000008000000000");
}

TEST(EntityKey, WritesBytesAndTimestampsWithTheirOwnTypes) {
  Value bytes;
  bytes.set_bytes_val(std::string("\x00\xff", 2));
  EXPECT_EQ(Key(KeyVersion::kV3, {{"b", ValueType::kBytes}}, {bytes}),
            "01000000"
            "0200000001000000"
            "62"
            "0100000002000000"
            "00ff");
  Value time;
  time.set_unix_timestamp_val(1);
  const std::string expected =
      "01000000"
      "0200000001000000"
      "74"
      "0800000008000000"
      "0100000000000000";
  EXPECT_EQ(Key(KeyVersion::kV3, {{"t", ValueType::kUnixTimestamp}}, {time}), expected);
  EXPECT_EQ(Key(KeyVersion::kV3, {{"t", ValueType::kUnixTimestamp}}, {Int64(1)}), expected);
}

TEST(EntityKey, RefusesValuesThatCanBeNoKeyAndNamesTheJoinKey) {
  Value number;
  number.set_double_val(1);
  EXPECT_THAT(Key(KeyVersion::kV3, {{"flight", ValueType::kInt64}}, {number}),
              HasSubstr("'flight' is a DOUBLE"));
  EXPECT_THAT(Key(KeyVersion::kV3, {{"flight", ValueType::kInt64}}, {Value()}),
              HasSubstr("'flight' is null"));
  Value null;
  null.set_null_val(feast::types::NULL_);
  EXPECT_THAT(Key(KeyVersion::kV3, {{"flight", ValueType::kInt64}}, {null}),
              HasSubstr("'flight' is null"));
}

TEST(EntityKey, KnowsFourVersionsByName) {
  EXPECT_EQ(*ParseKeyVersion("1"), KeyVersion::kV1);
  EXPECT_EQ(*ParseKeyVersion("2"), KeyVersion::kV2);
  EXPECT_EQ(*ParseKeyVersion("3"), KeyVersion::kV3);
  EXPECT_EQ(*ParseKeyVersion("3-legacy"), KeyVersion::kV3Legacy);
  EXPECT_EQ(ParseKeyVersion("4").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Murmur, EqualsThePublishedVectors) {
  EXPECT_EQ(Murmur3X86_32("", 0), 0u);
  EXPECT_EQ(Murmur3X86_32("", 1), 0x514e28b7u);
  EXPECT_EQ(Murmur3X86_32("feature_view_1:feature_10", 0), 0x395f6d26u);  // bytes 26 6d 5f 39
  EXPECT_EQ(Murmur3X86_32("driver_hourly_stats:conv_rate", 0), 0xdae36061u);
  EXPECT_EQ(Murmur3X86_32("driver_hourly_stats:trips", 0), 0x1f3f25b9u);
}

}  // namespace
}  // namespace tournant
