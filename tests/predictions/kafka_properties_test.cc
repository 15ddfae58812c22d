#include "predictions/kafka_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temp_dir.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseKafkaProperties(text, "k.properties").status().message());
}

TEST(KafkaProperties, AreLinesOfNamesAndValues) {
  const TempDir folder;
  folder.Write(
      "k.properties",
      "# How we get in.\n\nsecurity.protocol=SASL_SSL\r\n  sasl.password = a=b#c \nssl.ca=");
  const auto read = ReadKafkaProperties((folder.path() / "k.properties").native());
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 3u);
  EXPECT_EQ((*read)[0].name, "security.protocol");
  EXPECT_EQ((*read)[0].value, "SASL_SSL");
  EXPECT_THAT((*read)[0].where, HasSubstr("k.properties:3"));
  EXPECT_EQ((*read)[1].name, "sasl.password");
  EXPECT_EQ((*read)[1].value, "a=b#c");
  EXPECT_EQ((*read)[2].value, "");
}

TEST(KafkaProperties, OfALineThatIsNoneAreToldByFileAndLineAlone) {
  const std::string no_equals = ErrorOf("linger.ms=5\nsasl.password: hunter2\n");
  EXPECT_THAT(no_equals, HasSubstr("k.properties:2: "));
  EXPECT_THAT(no_equals, Not(HasSubstr("hunter2")));
  const std::string no_name = ErrorOf("hunter2 secret=x");
  EXPECT_THAT(no_name, HasSubstr("k.properties:1: before the '=' stands no name"));
  EXPECT_THAT(no_name, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf("a=1\nb=2\na=3"), HasSubstr("k.properties:3: 'a' stands in k.properties:1"));
  EXPECT_THAT(ErrorOf(absl::string_view("a=\0b", 4)), HasSubstr("k.properties:1: "));
}

TEST(KafkaProperties, OfAFileThatIsNotThereNameIt) {
  EXPECT_THAT(std::string(ReadKafkaProperties("/no/such/file").status().message()),
              HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace tournant
