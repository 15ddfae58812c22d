#include "telemetry/span_queue.h"

#include <gmock/gmock.h>

#include <deque>
#include <string>

namespace tournant {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Longer than any test: what waits so long waits for an event.
constexpr std::chrono::hours kForever{1};

// A collector that answers as it is told; once its answers are used up it takes everything.
class FakeCollector {
 public:
  void Answer(absl::StatusOr<int64_t> answer) {
    MutexLock lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  // Exports wait from now on until the exporter is cancelled.
  void Hang() {
    MutexLock lock(mutex_);
    hangs_ = true;
  }
  // Names of the spans of each call, once there were so many calls.
  std::vector<std::vector<std::string>> WaitForCalls(size_t count) {
    MutexLock lock(mutex_);
    while (calls_.size() < count) changed_.Wait(mutex_);
    return calls_;
  }

  std::unique_ptr<SpanExporter> MakeExporter() { return std::make_unique<Exporter>(*this); }

 private:
  class Exporter final : public SpanExporter {
   public:
    explicit Exporter(FakeCollector& collector) : collector_(collector) {}
    absl::StatusOr<int64_t> Export(const std::vector<Span>& spans, Duration) override {
      return collector_.Take(spans);
    }
    void Cancel() override {
      MutexLock lock(collector_.mutex_);
      collector_.cancelled_ = true;
      collector_.changed_.SignalAll();
    }

   private:
    FakeCollector& collector_;
  };

  absl::StatusOr<int64_t> Take(const std::vector<Span>& spans) {
    MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (const Span& span : spans) names.push_back(span.name);
    calls_.push_back(std::move(names));
    changed_.SignalAll();
    while (hangs_ && !cancelled_) changed_.Wait(mutex_);
    if (cancelled_) return absl::CancelledError("cancelled");
    if (answers_.empty()) return 0;
    absl::StatusOr<int64_t> answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<absl::StatusOr<int64_t>> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<std::string>> calls_ ABSL_GUARDED_BY(mutex_);
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

std::vector<Span> Named(const std::vector<std::string>& names) {
  std::vector<Span> spans(names.size());
  for (size_t i = 0; i < names.size(); ++i) spans[i].name = names[i];
  return spans;
}

constexpr SpanQueue::Options kFullBatchesOnly{.max_spans = 4, .max_batch = 2, .period = kForever};
constexpr SpanQueue::Options kQuickRetries{
    .max_spans = 4, .max_batch = 1, .period = kForever, .backoff = {.first = milliseconds(0)}};
constexpr SpanQueue::Options kNoRetries{
    .max_spans = 4, .max_batch = 1, .period = kForever, .backoff = {kForever, kForever}};

using Dropped = SpanQueue::Dropped;

TEST(SpanQueue, SendsAFullBatchAtOnce) {
  FakeCollector collector;
  SpanQueue queue(collector.MakeExporter(), kFullBatchesOnly);
  queue.Add(Named({"a", "b", "c"}));
  EXPECT_THAT(collector.WaitForCalls(1), ElementsAre(ElementsAre("a", "b")));
}

TEST(SpanQueue, SendsWhatIsThereAfterAPeriod) {
  FakeCollector collector;
  SpanQueue queue(collector.MakeExporter(), {.max_batch = 100, .period = milliseconds(1)});
  queue.Add(Named({"a"}));
  EXPECT_THAT(collector.WaitForCalls(1), ElementsAre(ElementsAre("a")));
}

TEST(SpanQueue, SendsWhatItHoldsWhenItIsClosed) {
  FakeCollector collector;
  SpanQueue queue(collector.MakeExporter(), kFullBatchesOnly);
  queue.Add(Named({"a"}));
  queue.Close(kForever);
  EXPECT_THAT(collector.WaitForCalls(1), ElementsAre(ElementsAre("a")));
  EXPECT_EQ(queue.exported(), 1u);
  queue.Add(Named({"late"}));
  EXPECT_EQ(queue.dropped(Dropped::kShutdown), 1u);
  EXPECT_EQ(queue.waiting(), 0u);
}

TEST(SpanQueue, DropsAndCountsWhatDoesNotFitAndNeverWaits) {
  FakeCollector collector;
  collector.Hang();
  SpanQueue queue(collector.MakeExporter(), kFullBatchesOnly);
  queue.Add(Named({"a", "b"}));
  collector.WaitForCalls(1);  // These two are on their way, and four others may wait.
  queue.Add(Named({"c", "d", "e"}));
  queue.Add(Named({"f", "g", "h"}));
  EXPECT_EQ(queue.dropped(Dropped::kQueueFull), 2u);
  EXPECT_EQ(queue.waiting(), 6u);
  queue.Close(milliseconds(0));
  EXPECT_EQ(queue.exported(), 0u);
  EXPECT_EQ(queue.dropped(Dropped::kShutdown), 6u);
}

TEST(SpanQueue, TriesAgainWhileTheCollectorIsAwayAndLosesNothing) {
  FakeCollector collector;
  for (int i = 0; i < 3; ++i) collector.Answer(absl::UnavailableError("down"));
  SpanQueue queue(collector.MakeExporter(), kQuickRetries);
  queue.Add(Named({"a"}));
  EXPECT_THAT(collector.WaitForCalls(4), SizeIs(4));
  queue.Close(kForever);
  EXPECT_EQ(queue.exported(), 1u);
  EXPECT_EQ(queue.failures(), 3u);
}

TEST(SpanQueue, DropsWhatTheCollectorRefusesAndGoesOn) {
  FakeCollector collector;
  collector.Answer(absl::InvalidArgumentError("bad"));
  collector.Answer(1);  // Of one span it takes none.
  SpanQueue queue(collector.MakeExporter(), kNoRetries);
  queue.Add(Named({"a", "b", "c"}));
  queue.Close(kForever);
  EXPECT_EQ(queue.dropped(Dropped::kRefused), 2u);
  EXPECT_EQ(queue.exported(), 1u);
}

TEST(SpanQueue, GivesACollectorThatIsAwayOneMoreChanceWhenItCloses) {
  FakeCollector collector;
  collector.Answer(absl::UnavailableError("down"));
  SpanQueue queue(collector.MakeExporter(), kNoRetries);
  queue.Add(Named({"a"}));
  collector.WaitForCalls(1);
  queue.Close(kForever);
  EXPECT_EQ(queue.exported(), 1u);
}

TEST(SpanQueue, EndsInTimeWhenTheCollectorStaysAway) {
  FakeCollector collector;
  for (int i = 0; i < 9; ++i) collector.Answer(absl::UnavailableError("down"));
  SpanQueue queue(collector.MakeExporter(), kNoRetries);
  queue.Add(Named({"a", "b"}));
  collector.WaitForCalls(1);
  queue.Close(kForever);
  EXPECT_EQ(queue.exported(), 0u);
  EXPECT_EQ(queue.dropped(Dropped::kShutdown), 2u);
}

// How often `line` is in `text`.
int Count(const std::string& text, const std::string& line) {
  int count = 0;
  for (size_t at = text.find(line); at != std::string::npos; at = text.find(line, at + 1)) ++count;
  return count;
}

TEST(SpanQueue, SaysOnceThatTheCollectorIsAwayAndAtTheEndHowManySpansThatCost) {
  testing::internal::CaptureStderr();
  FakeCollector collector;
  for (int i = 0; i < 9; ++i) collector.Answer(absl::UnavailableError("down"));
  SpanQueue queue(collector.MakeExporter(), kNoRetries);
  queue.Add(Named({"a"}));
  collector.WaitForCalls(1);
  queue.Add(Named({"b", "c", "d", "e", "f"}));  // One of them does not fit.
  queue.Close(kForever);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(text, "cannot be reached"), 1) << text;
  EXPECT_EQ(Count(text, R"("message":"spans were dropped","spans":6,"queue_full":1,"refused":0,)"
                        R"("shutdown":5,"exported":0)"),
            1)
      << text;
}

TEST(SpanQueue, SaysThatTheCollectorIsBackAndNothingOfLossesWhereThereAreNone) {
  testing::internal::CaptureStderr();
  FakeCollector collector;
  for (int i = 0; i < 3; ++i) collector.Answer(absl::UnavailableError("down"));
  SpanQueue queue(collector.MakeExporter(), kQuickRetries);
  queue.Add(Named({"a", "b"}));
  collector.WaitForCalls(5);
  queue.Close(kForever);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(text, "cannot be reached; spans wait"), 1) << text;
  EXPECT_EQ(Count(text, "the trace collector is back"), 1) << text;
  EXPECT_EQ(Count(text, "spans were dropped"), 0) << text;
}

TEST(ExportBackoff, DoublesUpToItsLongest) {
  const ExportBackoff backoff{milliseconds(100), milliseconds(1000)};
  EXPECT_EQ(backoff.After(1), milliseconds(100));
  EXPECT_EQ(backoff.After(2), milliseconds(200));
  EXPECT_EQ(backoff.After(4), milliseconds(800));
  EXPECT_EQ(backoff.After(5), milliseconds(1000));
  EXPECT_EQ(backoff.After(1000000), milliseconds(1000));
}

TEST(MayExportAgain, HoldsForTroubleOnTheWayAndNotForARefusal) {
  EXPECT_TRUE(MayExportAgain(absl::UnavailableError("")));
  EXPECT_TRUE(MayExportAgain(absl::DeadlineExceededError("")));
  EXPECT_TRUE(MayExportAgain(absl::ResourceExhaustedError("")));
  EXPECT_FALSE(MayExportAgain(absl::InvalidArgumentError("")));
  EXPECT_FALSE(MayExportAgain(absl::UnimplementedError("")));
  EXPECT_FALSE(MayExportAgain(absl::PermissionDeniedError("")));
}

}  // namespace
}  // namespace tournant
