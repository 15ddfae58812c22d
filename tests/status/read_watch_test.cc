#include "status/read_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "base/thread.h"

namespace tournant {
namespace {

class ReadWatchTest : public testing::Test {
 protected:
  ReadWatchTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0);
  }
  ~ReadWatchTest() override {
    for (const int end : ends_) close(end);
  }

  // As a library reads that wants all of it.
  struct Read {
    ssize_t size = -1;
    bool in_time = false;

    bool operator==(const Read&) const = default;
  };
  Read ReadAll(Duration time) {
    std::array<char, 8> bytes{};
    watch_.BeginRead(ends_[0], clock_.Now() + time);
    const ssize_t size = recv(ends_[0], bytes.data(), bytes.size(), MSG_WAITALL);
    return {size, watch_.EndRead()};
  }

  const SystemClock clock_;
  ReadWatch watch_{clock_};
  std::array<int, 2> ends_{};
};

TEST_F(ReadWatchTest, EndsAReadThatLastsTooLong) {
  ASSERT_EQ(send(ends_[1], "abc", 3, MSG_NOSIGNAL), 3);
  Read got;
  const Thread reader("reader", [&] {
    got = ReadAll(std::chrono::milliseconds(1));
    watch_.End();
  });
  watch_.Run();
  EXPECT_EQ(got, (Read{3, false}));
}

TEST_F(ReadWatchTest, LeavesWhatIsReadInTime) {
  std::array<Read, 2> got{};
  const Thread reader("reader", [&] {
    for (Read& read : got) {
      EXPECT_EQ(send(ends_[1], "12345678", 8, MSG_NOSIGNAL), 8);
      read = ReadAll(std::chrono::hours(1));
    }
    watch_.End();
  });
  watch_.Run();
  EXPECT_EQ(got, (std::array<Read, 2>{{{8, true}, {8, true}}}));
}

}  // namespace
}  // namespace tournant
