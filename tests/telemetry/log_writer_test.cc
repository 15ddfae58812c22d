#include "telemetry/log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

#include "telemetry/async_log.h"
#include "telemetry/log.h"
#include "telemetry/log_ring.h"

namespace tournant {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::chrono::hours kForever{1};

std::string Peeked(const LogRing& ring, size_t most) {
  std::string text(most, '\0');
  text.resize(ring.Peek(text.data(), most));
  return text;
}

TEST(LogRing, GivesLinesBackInOrderAcrossItsEnd) {
  LogRing ring(10);
  EXPECT_TRUE(ring.Push("abcd\n"));
  EXPECT_TRUE(ring.Push("ef\n"));
  EXPECT_EQ(Peeked(ring, 100), "abcd\nef\n");
  ring.Pop(5);
  EXPECT_TRUE(ring.Push("ghi\n"));
  EXPECT_EQ(Peeked(ring, 100), "ef\nghi\n");
  ring.Pop(7);
  EXPECT_TRUE(ring.empty());
}

TEST(LogRing, TakesALineWholeOrNotAtAll) {
  LogRing ring(8);
  EXPECT_TRUE(ring.Push("abcde\n"));
  EXPECT_FALSE(ring.Push("fg\n"));
  EXPECT_TRUE(ring.Push("f\n"));
  EXPECT_FALSE(ring.Push("\n"));
}

TEST(LogRing, GivesWholeLinesUnlessOneIsTooLong) {
  LogRing ring(100);
  ring.Push("first\n");
  ring.Push("second is long\n");
  EXPECT_EQ(Peeked(ring, 10), "first\n");
  ring.Pop(6);
  EXPECT_EQ(Peeked(ring, 10), "second is ");
  ring.Pop(10);
  EXPECT_EQ(Peeked(ring, 10), "long\n");
}

class LogWriterTest : public ::testing::Test {
 protected:
  LogWriterTest() {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    reader_ = ends[0];
    writer_ = ends[1];
  }
  ~LogWriterTest() override {
    CloseReader();
    close(writer_);
  }

  void CloseReader() {
    if (reader_ >= 0) close(reader_);
    reader_ = -1;
  }
  // Until the pipe has room for nothing more.
  void FillPipe() const {
    const int flags = fcntl(writer_, F_GETFL);
    fcntl(writer_, F_SETFL, flags | O_NONBLOCK);
    const std::string filler(4096, '#');
    while (write(writer_, filler.data(), filler.size()) > 0) {
    }
    fcntl(writer_, F_SETFL, flags);
  }
  // Reads until `text` has come.
  std::string ReadUntil(const std::string& text) const {
    std::string read_so_far;
    std::array<char, 65536> buffer;
    while (read_so_far.find(text) == std::string::npos) {
      const ssize_t count = read(reader_, buffer.data(), buffer.size());
      if (count <= 0) break;
      read_so_far.append(buffer.data(), static_cast<size_t>(count));
    }
    return read_so_far;
  }

  int reader_ = -1;
  int writer_ = -1;
};

TEST_F(LogWriterTest, WritesLinesInOrder) {
  LogWriter writer({.descriptor = writer_});
  writer.Write("one\n");
  writer.Write("two\n");
  EXPECT_EQ(ReadUntil("two\n"), "one\ntwo\n");
}

TEST_F(LogWriterTest, NeverWaitsForAReaderAndTellsHowManyLinesItDropped) {
  FillPipe();
  LogWriter writer({.descriptor = writer_, .bytes = 512});
  const std::string line(99, 'x');
  for (int i = 0; i < 20; ++i) writer.Write(line + "\n");
  EXPECT_EQ(writer.dropped(), 15u);
  EXPECT_THAT(ReadUntil(line), HasSubstr("#"));
  ASSERT_TRUE(writer.Flush(kForever));
  writer.Write("after\n");
  const std::string rest = ReadUntil("after\n");
  EXPECT_THAT(rest, HasSubstr("log lines were dropped"));
  EXPECT_THAT(rest, HasSubstr("\"lines\":15"));
}

TEST_F(LogWriterTest, StopWritesWhatWaitsAndLinesThatComeLaterAreWrittenAtOnce) {
  LogWriter writer({.descriptor = writer_});
  writer.Write("before\n");
  writer.Stop(kForever);
  writer.Write("late\n");
  EXPECT_EQ(ReadUntil("late\n"), "before\nlate\n");
}

TEST_F(LogWriterTest, StopDoesNotWaitForAReaderForEver) {
  FillPipe();
  LogWriter writer({.descriptor = writer_});
  writer.Write("lost\n");
  writer.Stop(milliseconds(0));
}

TEST_F(LogWriterTest, AReaderWhoHasGoneIsNoReasonToStop) {
  std::signal(SIGPIPE, SIG_IGN);
  LogWriter writer({.descriptor = writer_});
  CloseReader();
  writer.Write("nobody hears this\n");
  EXPECT_TRUE(writer.Flush(kForever));
}

TEST_F(LogWriterTest, WritesALineThatIsLongerThanAPipesPieceWhole) {
  LogWriter writer({.descriptor = writer_});
  const std::string line = std::string(20000, 'y') + "\n";
  writer.Write(line);
  EXPECT_EQ(ReadUntil("\n"), line);
}

TEST(AsyncLogDeathTest, LinesThatWaitAreWrittenWhenTheProcessAborts) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        const AsyncLog log;
        for (int i = 0; i < 100; ++i) Log(LogLevel::kError, "last words", {{"number", i}});
        std::abort();
      },
      "\"number\":99");
}

TEST(AsyncLog, LinesAreOutWhenItEnds) {
  testing::internal::CaptureStderr();
  {
    const AsyncLog log;
    Log(LogLevel::kInfo, "at the end");
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("at the end"));
}

}  // namespace
}  // namespace tournant
