// Writes a prediction log until it is killed: by itself, so many microseconds after it was started,
// with SIGKILL. Whenever records are durable it says so on stdout, by the last one's number.
//
//   prediction_log_writer DIR RUN MICROSECONDS

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/clock.h"
#include "predictions/killed/written_record.h"
#include "predictions/open_prediction_log.h"

namespace tournant {
namespace {

void KillThisIn(int64_t microseconds) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) std::abort();
  itimerspec when{};
  when.it_value = {.tv_sec = microseconds / 1'000'000,
                   .tv_nsec = microseconds % 1'000'000 * 1000 + 1};
  if (timer_settime(timer, 0, &when, nullptr) != 0) std::abort();
}

int WriteUntilKilled(const std::string& folder, const std::string& run, int64_t microseconds) {
  KillThisIn(microseconds);
  const SystemClock clock;
  PredictionLog::Options options;
  options.flush_interval = std::chrono::milliseconds(0);
  options.files.rotate_bytes = 4000;
  options.files.compress = microseconds % 2 == 0;
  const auto log = OpenPredictionLog({.path = folder}, options, clock);
  if (!log.ok()) return 1;
  for (uint64_t sequence = 1;; ++sequence) {
    (*log)->Record(WrittenRecord(run, sequence));
    if (sequence % 3 != 0) continue;  // Several records in a block.
    (*log)->Flush();
    if (write(STDOUT_FILENO, &sequence, sizeof sequence) != sizeof sequence) return 1;
  }
}

}  // namespace
}  // namespace tournant

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return tournant::WriteUntilKilled(argv[1], argv[2], std::strtoll(argv[3], nullptr, 10));
}
