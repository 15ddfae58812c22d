#include "cpp/load_progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cpp/number_text.h"

namespace tournant::client {
namespace {

constexpr int kBarCells = 20;
constexpr absl::string_view kClearLine = "\r\x1b[K";

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

LoadProgress::LoadProgress(std::ostream& out, const Clock& clock, Duration warm_up,
                           Duration duration)
    : out_(out), clock_(clock) {
  moment_.warm_up = warm_up;
  moment_.total = warm_up + duration;
}

void LoadProgress::Start(TimePoint start) { start_ = last_ = start; }

void LoadProgress::Draw(const LiveCounts::Window& window) {
  const TimePoint now = clock_.Now();
  moment_.elapsed = std::max(Duration(0), now - start_);
  moment_.window = now - last_;
  moment_.failed += window.failed;
  moment_.unsent += window.unsent;
  last_ = now;
  out_ << kClearLine << Line(moment_, window) << std::flush;
  drawn_ = true;
}

void LoadProgress::Finish() {
  if (drawn_) out_ << kClearLine << std::flush;
  drawn_ = false;
}

std::string LoadProgress::Line(const Moment& moment, const LiveCounts::Window& window) {
  const double total = Seconds(moment.total);
  const double elapsed = std::min(Seconds(moment.elapsed), total);
  const auto full = static_cast<size_t>(total > 0 ? elapsed / total * kBarCells : 0);
  std::string line = absl::StrFormat("[%s%s] %.1f of %.1f s", std::string(full, '#'),
                                     std::string(kBarCells - full, '.'), elapsed, total);
  if (moment.elapsed >= moment.total) {
    absl::StrAppend(&line, "  waiting for the last answers");
  } else if (moment.elapsed < moment.warm_up) {
    absl::StrAppend(&line, "  warming up");
  }
  const auto rate = [&moment](int64_t count) {
    const double seconds = std::max(1e-3, Seconds(moment.window));
    return Thousands(static_cast<int64_t>(static_cast<double>(count) / seconds));
  };
  absl::StrAppendFormat(&line, "  %s sent/s  %s ok/s  %s in flight", rate(window.sent),
                        rate(window.ok), Thousands(window.in_flight));
  if (window.latencies.count() > 0) {
    absl::StrAppendFormat(
        &line, "  p99 %.2f ms",
        std::chrono::duration<double, std::milli>(window.latencies.Percentile(0.99)).count());
  }
  if (moment.failed > 0) absl::StrAppend(&line, "  ", Thousands(moment.failed), " errors");
  if (moment.unsent > 0) absl::StrAppend(&line, "  ", Thousands(moment.unsent), " unsent");
  return line;
}

}  // namespace tournant::client
