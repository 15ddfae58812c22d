#include "rpc/log_settings.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

using inference::LogSettingsRequest;
using inference::LogSettingsResponse;

class LogSettingsTest : public ::testing::Test {
 protected:
  void TearDown() override { SetLogLevel(LogLevel::kInfo); }

  LogSettingsResponse Update(const LogSettingsRequest& request) {
    LogSettingsResponse answer;
    const absl::Status status = settings_.Update(request, answer);
    EXPECT_TRUE(status.ok()) << status;
    return answer;
  }
  std::string Refused(const LogSettingsRequest& request, absl::StatusCode code) {
    LogSettingsResponse answer;
    const absl::Status status = settings_.Update(request, answer);
    EXPECT_EQ(status.code(), code);
    EXPECT_TRUE(answer.settings().empty());
    return std::string(status.message());
  }
  static std::string Written() {
    testing::internal::CaptureStderr();
    Log(LogLevel::kDebug, "debug");
    Log(LogLevel::kInfo, "info");
    Log(LogLevel::kWarning, "warning");
    Log(LogLevel::kError, "error");
    std::string written;
    const std::string lines = testing::internal::GetCapturedStderr();
    for (const char* message : {"debug", "info", "warning", "error"}) {
      if (lines.find(std::string("\"message\":\"") + message) == std::string::npos) continue;
      written += message;
      written += ' ';
    }
    return written;
  }

  LogSettings settings_;
};

TEST_F(LogSettingsTest, AnswersAllSettingsWhenNothingIsToBeChanged) {
  const LogSettingsResponse answer = Update({});
  EXPECT_EQ(answer.settings_size(), 6);
  EXPECT_EQ(answer.settings().at("log_file").string_param(), "");
  EXPECT_TRUE(answer.settings().at("log_info").bool_param());
  EXPECT_TRUE(answer.settings().at("log_warning").bool_param());
  EXPECT_TRUE(answer.settings().at("log_error").bool_param());
  EXPECT_EQ(answer.settings().at("log_verbose_level").uint32_param(), 0u);
  EXPECT_EQ(answer.settings().at("log_format").string_param(), "default");
  EXPECT_EQ(Written(), "info warning error ");
}

TEST_F(LogSettingsTest, SwitchesEachLevelByItself) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_warning"].set_bool_param(false);
  EXPECT_FALSE(Update(request).settings().at("log_warning").bool_param());
  EXPECT_EQ(Written(), "info error ");
  (*request.mutable_settings())["log_info"].set_bool_param(false);
  (*request.mutable_settings())["log_error"].set_bool_param(false);
  Update(request);
  EXPECT_EQ(Written(), "");
  request.clear_settings();
  (*request.mutable_settings())["log_error"].set_bool_param(true);
  Update(request);
  EXPECT_EQ(Written(), "error ");
}

TEST_F(LogSettingsTest, WritesDebugLinesAtAnyVerboseLevel) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_verbose_level"].set_uint32_param(3);
  EXPECT_EQ(Update(request).settings().at("log_verbose_level").uint32_param(), 3u);
  EXPECT_EQ(Written(), "debug info warning error ");
  (*request.mutable_settings())["log_verbose_level"].set_uint32_param(0);
  Update(request);
  EXPECT_EQ(Written(), "info warning error ");
}

TEST_F(LogSettingsTest, RemembersTheFormat) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_format"].set_string_param("ISO8601");
  Update(request);
  EXPECT_EQ(Update({}).settings().at("log_format").string_param(), "ISO8601");
}

TEST_F(LogSettingsTest, RefusesUnknownSettingsAndWrongTypesByName) {
  const auto refused = [this](const char* name, const auto& set) {
    LogSettingsRequest request;
    set((*request.mutable_settings())[name]);
    return Refused(request, absl::StatusCode::kInvalidArgument);
  };
  EXPECT_EQ(refused("log_color", [](auto& value) { value.set_bool_param(true); }),
            "unknown log setting 'log_color'");
  EXPECT_EQ(refused("log_info", [](auto& value) { value.set_uint32_param(1); }),
            "expect boolean for 'log_info'");
  EXPECT_EQ(refused("log_verbose_level", [](auto& value) { value.set_string_param("1"); }),
            "expect uint32 for 'log_verbose_level'");
  EXPECT_EQ(refused("log_format", [](auto& value) { value.set_bool_param(true); }),
            "expect string for 'log_format'");
  EXPECT_EQ(refused("log_format", [](auto& value) { value.set_string_param("xml"); }),
            "invalid argument for log_format, got: xml");
}

TEST_F(LogSettingsTest, DoesNotMoveTheLogFile) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_file"].set_string_param("/etc/passwd");
  EXPECT_EQ(Refused(request, absl::StatusCode::kUnimplemented),
            "log file location can not be updated through network protocol");
}

TEST_F(LogSettingsTest, ChangesNothingWhenOneSettingIsWrong) {
  LogSettingsRequest request;
  (*request.mutable_settings())["log_info"].set_bool_param(false);
  (*request.mutable_settings())["log_warning"].set_string_param("no");
  Refused(request, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Written(), "info warning error ");
}

}  // namespace
}  // namespace tournant
