#include "models/child_check.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <fstream>

#include "fakes/temp_dir.h"

namespace tournant {
namespace {

// A shell that sees the argument --check_model=DIR as $0.
absl::Status RunShell(const std::string& script, std::stop_token stop = {}) {
  const SystemClock clock;
  ChildCheckOptions options;
  options.executable = "/bin/sh";
  options.arguments = {"-c", script};
  options.timeout = std::chrono::hours(1);  // None of them takes as long on any machine.
  return CheckInChild(options, {"/models/m/1"}, clock, stop);
}

// Time passes at every look, so that a deadline comes without waiting.
class RacingClock final : public Clock {
 public:
  TimePoint Now() const override { return now_ += std::chrono::hours(1); }
  WallTime WallNow() const override { return {}; }

 private:
  mutable TimePoint now_{};
};

TEST(ChildCheck, IsFineWhenTheChildEndsWithZero) {
  EXPECT_TRUE(RunShell("test \"$0\" = --check_model=/models/m/1").ok());
  EXPECT_TRUE(RunShell("echo error: not really; exit 0").ok());
}

TEST(ChildCheck, HandsOnTheErrorLines) {
  EXPECT_EQ(RunShell("echo error: one; echo model m; echo error: two; exit 2"),
            absl::InvalidArgumentError("one\ntwo"));
}

TEST(ChildCheck, SaysHowAChildWithoutAReasonEnded) {
  EXPECT_EQ(RunShell("exit 7"),
            absl::InvalidArgumentError("the dry run in a child process ended with status 7 and no "
                                       "reason"));
  EXPECT_EQ(RunShell("kill -SEGV $$"),
            absl::InvalidArgumentError(
                "the dry run in a child process died of signal 11 (Segmentation fault)"));
}

TEST(ChildCheck, WithoutAnErrorLineGivesTheLastLineOfStderrOrStdout) {
  EXPECT_EQ(RunShell("echo out; echo first >&2; echo 'no such flag' >&2; echo >&2; exit 2"),
            absl::InvalidArgumentError(
                "the dry run in a child process ended with status 2: no such flag"));
  EXPECT_EQ(
      RunShell("echo first; echo second; exit 2"),
      absl::InvalidArgumentError("the dry run in a child process ended with status 2: second"));
  EXPECT_EQ(RunShell("echo error: one; echo two >&2; exit 2"), absl::InvalidArgumentError("one"));
}

TEST(ChildCheck, CutsALongLastLineAndTakesControlCharactersOut) {
  EXPECT_EQ(RunShell("printf '\\001\"%01000d' 0 >&2; exit 2").message(),
            "the dry run in a child process ended with status 2: ?\"" + std::string(298, '0'));
}

TEST(ChildCheck, HandsOnStderrOnlyWhenTheChildFails) {
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(RunShell("echo chatter >&2").ok());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(RunShell("echo one >&2; printf two >&2; echo error: x; exit 2").ok());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "one\ntwo\n");
}

TEST(ChildCheck, KeepsTheServersSettingsFromTheChild) {
  ASSERT_EQ(setenv("TOURNANT_FEATURE_REGISTRY", "x", 1), 0);
  ASSERT_EQ(setenv("NOT_TOURNANT_AT_ALL", "kept", 1), 0);
  EXPECT_EQ(RunShell("echo \"error: ${TOURNANT_FEATURE_REGISTRY-unset} $NOT_TOURNANT_AT_ALL\"; "
                     "exit 2"),
            absl::InvalidArgumentError("unset kept"));
  unsetenv("TOURNANT_FEATURE_REGISTRY");
  unsetenv("NOT_TOURNANT_AT_ALL");
}

TEST(ChildCheck, TakesMuchOutputWithoutBlocking) {
  EXPECT_EQ(
      RunShell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; exit 3"),
      absl::InvalidArgumentError("the dry run in a child process ended with status 3: 0123456789"));
}

TEST(ChildCheck, DoesNotWaitForAGrandchildThatKeepsTheOutput) {
  const TempDir folder;
  const std::string file = (folder.path() / "pid").native();
  EXPECT_TRUE(RunShell("sleep 1000 & echo $! >" + file + "; exit 0").ok());
  pid_t grandchild = 0;
  std::ifstream(file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  EXPECT_EQ(kill(grandchild, SIGKILL), 0);  // It was still there.
}

TEST(ChildCheck, KillsAChildThatTakesTooLong) {
  const RacingClock clock;
  ChildCheckOptions options;
  options.executable = "/bin/sh";
  options.timeout = std::chrono::seconds(5);
  options.arguments = {"-c", "exec sleep 1000"};
  EXPECT_EQ(CheckInChild(options, {"/models/m/1"}, clock).message(),
            "the dry run in a child process took longer than 5 s");
}

TEST(ChildCheck, IsBrokenOffByAStop) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(RunShell("exec sleep 1000", stop.get_token()).code(), absl::StatusCode::kCancelled);
}

TEST(ChildCheck, SaysWhenThereIsNothingToRun) {
  const SystemClock clock;
  ChildCheckOptions options;
  options.executable = "/nonexistent/server";
  EXPECT_EQ(CheckInChild(options, {"/m"}, clock).message(),
            "cannot run /nonexistent/server: No such file or directory");
}

}  // namespace
}  // namespace tournant
