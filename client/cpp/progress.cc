#include "cpp/progress.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainLine = std::chrono::seconds(5);
constexpr int kBarCells = 30;
constexpr absl::string_view kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(std::ostream* out, bool terminal, const Clock& clock)
    : out_(out),
      terminal_(terminal),
      clock_(clock),
      start_(clock.Now()),
      next_(start_ + (terminal ? Duration(kRedraw) : Duration(kPlainLine))) {}

void Progress::Update(const Snapshot& snapshot) {
  if (out_ == nullptr) return;
  const TimePoint now = clock_.Now();
  if (now < next_) return;
  next_ = now + (terminal_ ? Duration(kRedraw) : Duration(kPlainLine));
  const std::string line = ProgressLine(snapshot, now - start_, terminal_ ? kBarCells : 0);
  if (terminal_) {
    *out_ << kClearLine << line << std::flush;
    drawn_ = true;
  } else {
    *out_ << line << std::endl;
  }
}

void Progress::Finish() {
  if (drawn_) *out_ << kClearLine << std::flush;
  drawn_ = false;
}

std::string ProgressLine(const Progress::Snapshot& snapshot, Duration elapsed, int width) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string line;
  double done = 0;
  if (snapshot.total_bytes > 0) {
    done = std::min(
        1.0, static_cast<double>(snapshot.bytes) / static_cast<double>(snapshot.total_bytes));
    if (width > 0) {
      const int full = static_cast<int>(done * width);
      absl::StrAppend(&line, "[", std::string(static_cast<size_t>(full), '#'),
                      std::string(static_cast<size_t>(width - full), '.'), "] ");
    }
    absl::StrAppendFormat(&line, "%3d %%  ", static_cast<int>(done * 100));
  }
  absl::StrAppend(&line, Thousands(snapshot.rows), " rows");
  if (seconds > 0) {
    absl::StrAppend(&line, "  ",
                    Thousands(static_cast<int64_t>(static_cast<double>(snapshot.rows) / seconds)),
                    " rows/s");
  }
  if (snapshot.failed > 0) absl::StrAppend(&line, "  ", Thousands(snapshot.failed), " failed");
  if (done > 0 && done < 1) {
    absl::StrAppendFormat(&line, "  %.0f s left", seconds * (1 - done) / done);
  }
  return line;
}

}  // namespace tournant::client
