#include "base/flags.h"

#include <gtest/gtest.h>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

ABSL_FLAG(int32_t, test_count, 3, "How many.");
ABSL_FLAG(int64_t, test_bytes, 5, "How many more.");
ABSL_FLAG(absl::Duration, test_wait, absl::Seconds(5), "How long.");
ABSL_FLAG(std::string, test_store, "none", "Where from.");
ABSL_FLAG(bool, test_strict, true, "Whether.");

namespace tournant {
namespace {

const std::vector<std::string> kNames = {"test_count", "test_bytes", "test_wait", "test_store",
                                         "test_strict"};

class Flags : public testing::Test {
 protected:
  // Back to the defaults. absl::FlagSaver would write a line about each flag to stderr.
  ~Flags() override {
    for (const std::string& name : kNames) {
      absl::CommandLineFlag* const flag = absl::FindCommandLineFlag(name);
      std::string error;
      EXPECT_TRUE(flag->ParseFrom(flag->DefaultValue(), &error)) << error;
    }
  }
  absl::StatusOr<CommandLine> Read(const std::vector<std::string>& arguments,
                                   const std::vector<std::string>& environment = {}) {
    return ReadFlags(kNames, arguments, environment);
  }
  void ExpectError(const std::vector<std::string>& arguments, const std::string& part,
                   const std::vector<std::string>& environment = {}) {
    const auto read = Read(arguments, environment);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(read.status().message().find(part), absl::string_view::npos) << read.status();
  }
};

TEST_F(Flags, KeepTheirDefaults) {
  ASSERT_TRUE(Read({}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_count), 3);
}

TEST_F(Flags, TakeAValueAfterEqualsOrAsTheNextArgument) {
  ASSERT_TRUE(Read({"--test_count=4", "--test_store", "sqlite:a=b"}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_count), 4);
  EXPECT_EQ(absl::GetFlag(FLAGS_test_store), "sqlite:a=b");
}

TEST_F(Flags, TakeHyphensForUnderscores) {
  ASSERT_TRUE(Read({"--test-count=5"}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_count), 5);
}

TEST_F(Flags, SwitchBooleansOffAndOn) {
  ASSERT_TRUE(Read({"--notest_strict"}).ok());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_strict));
  ASSERT_TRUE(Read({"--test_strict"}).ok());
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_strict));
  ASSERT_TRUE(Read({"--test_strict=false"}).ok());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_strict));
}

TEST_F(Flags, ComeFromTheEnvironmentUnlessGivenAsArguments) {
  const std::vector<std::string> environment = {"TOURNANT_TEST_COUNT=6",
                                                "TOURNANT_TEST_STORE=redis", "HOME=/"};
  ASSERT_TRUE(Read({"--test_count=7"}, environment).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_count), 7);
  EXPECT_EQ(absl::GetFlag(FLAGS_test_store), "redis");
}

TEST_F(Flags, WarnOfUnknownVariablesOfTheirOwnKind) {
  const auto read = Read({}, {"TOURNANT_SERVICE_HOST=10.0.0.1", "OTHER=1"});
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_NE(read->warnings[0].find("TOURNANT_SERVICE_HOST"), std::string::npos);
}

TEST_F(Flags, NameWhatIsUnknownStrayOrBad) {
  ExpectError({"--test_cuont=4"}, "--test_cuont");
  ExpectError({"model"}, "'model'");
  ExpectError({"--"}, "'--'");
  ExpectError({"-x"}, "'-x'");
  ExpectError({"--test_count=many"}, "--test_count: bad value 'many'");
  ExpectError({"--test_count"}, "--test_count needs a value");
  ExpectError({}, "TOURNANT_TEST_COUNT", {"TOURNANT_TEST_COUNT=x"});
}

TEST_F(Flags, SayWhatABadValueShouldHaveBeen) {
  ExpectError({"--test_wait=5"}, "--test_wait: bad value '5': a time with its unit is wanted");
  ExpectError({"--test_count=99999999999"}, "from -2147483648 to 2147483647");
  ExpectError({"--test_count=1.5"}, "a whole number");
  ExpectError({"--test_bytes=99999999999999999999"}, "to 9223372036854775807");
  ExpectError({"--test_strict=perhaps"}, "true or false");
  ExpectError({}, "TOURNANT_TEST_WAIT: bad value '5': a time", {"TOURNANT_TEST_WAIT=5"});
}

TEST_F(Flags, NoticeTheCallForHelp) {
  const auto read = Read({"--help"});
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->help);
}

TEST_F(Flags, DescribeThemselves) {
  const std::string help = FlagHelp("program", "does things", kNames);
  EXPECT_NE(help.find("program: does things"), std::string::npos);
  EXPECT_NE(help.find("--test_count=3\n      How many."), std::string::npos);
}

TEST(Arguments, LeaveOutTheProgram) {
  std::string program = "p";
  std::string argument = "--a";
  char* argv[] = {program.data(), argument.data()};
  EXPECT_EQ(Arguments(2, argv), std::vector<std::string>{"--a"});
  EXPECT_TRUE(Arguments(0, argv).empty());
}

TEST(MaskSecrets, HidesThePasswordOfAUrl) {
  EXPECT_EQ(MaskSecrets("redis://user:secret@host:1/0"), "redis://user:***@host:1/0");
  EXPECT_EQ(MaskSecrets("redis://:secret@host"), "redis://:***@host");
  EXPECT_EQ(MaskSecrets("redis://user:p@ss:w@host"), "redis://user:***@host");
  EXPECT_EQ(MaskSecrets("redis://user:s/e?c@host/0?registry=r"),
            "redis://user:***@host/0?registry=r");
  EXPECT_EQ(MaskSecrets("rediss://:secret@host:1/0"), "rediss://:***@host:1/0");
}

TEST(MaskSecrets, LeavesOtherValuesAlone) {
  for (const char* value : {"", "none", "sqlite:/a/b.db", "redis://host:6379/0",
                            "redis://user@host", "http://host/a:b@c"}) {
    EXPECT_EQ(MaskSecrets(value), value);
  }
}

TEST(CheckListenAddress, AcceptsHostAndPortAndNamesWhatIsNeither) {
  EXPECT_TRUE(CheckListenAddress("grpc_address", "127.0.0.1:0").ok());
  EXPECT_TRUE(CheckListenAddress("grpc_address", "[::1]:65535").ok());
  EXPECT_TRUE(CheckListenAddress("grpc_address", "localhost:8001").ok());
  for (const char* bad : {"", "foo", ":80", "a:", "a:b", "a:65536", "a:-1", "::1:80"}) {
    const absl::Status status = CheckListenAddress("grpc_address", bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_EQ(status.message(),
              absl::StrCat("--grpc_address: '", bad, "' is not HOST:PORT with a port up to 65535"));
  }
}

}  // namespace
}  // namespace tournant
