#include "inference/batch_trace.h"

#include <gmock/gmock.h>

#include "fakes/kept_spans.h"
#include "inference/gate.h"
#include "inference/served.h"
#include "inference/test_jobs.h"
#include "telemetry/tracer.h"

namespace tournant {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class BatchTraceTest : public ::testing::Test {
 protected:
  std::shared_ptr<InferenceJob> Job(const ModelHandle& version, int64_t value, bool traced) {
    const auto job = Int64Job(version, {value}, calls_.In(seconds(1)));
    if (traced) job->trace = std::make_unique<JobTrace>(JobTrace{tracer_.NewTrace()});
    return job;
  }

  Calls calls_;
  KeptSpans sink_;
  Tracer tracer_{sink_, calls_.test.clock, {.seed = 9}};
  WorkerPool pool_{calls_.test.clock, {.tracer = &tracer_}};
};

TEST_F(BatchTraceTest, ABatchIsATraceOfItsOwnThatLinksToTheRecordedCallsInItAndTheyToIt) {
  Gate gate;
  const auto blocker = Served(pool_, Int64Version(TimesTen([&](const auto&) { gate.Pass(); })));
  const auto version = Served(pool_, Int64Version(TimesTen(), 8, "shared"));
  calls_.Start(pool_, Job(blocker, 1, false));
  gate.WaitForArrivals(1);
  const auto first = Job(version, 2, true);
  const auto second = Job(version, 3, true);
  calls_.Start(pool_, first);
  calls_.Start(pool_, second);
  calls_.Start(pool_, Job(version, 4, false));
  gate.OpenForGood();
  calls_.Finish();

  ASSERT_THAT(sink_.names(), ElementsAre("batch"));  // Nobody asked about the first execution.
  const Span batch = sink_.spans().front();
  EXPECT_EQ(batch.parent, SpanId{});
  EXPECT_THAT(batch.links, UnorderedElementsAre(first->trace->compute, second->trace->compute));
  EXPECT_EQ(AttributeOf(batch, "model_name"), "shared");
  EXPECT_EQ(AttributeOf(batch, "model_version"), "1");
  EXPECT_EQ(AttributeOf(batch, "rows"), "3");
  EXPECT_FALSE(batch.failed);
  EXPECT_EQ(BatchOf(*first), batch.context);
  EXPECT_EQ(BatchOf(*second), batch.context);
}

TEST_F(BatchTraceTest, AnExecutionThatFailsIsASpanThatSaysWhy) {
  const auto version = Served(pool_, Int64Version([](auto) -> absl::StatusOr<std::vector<Tensor>> {
                                return absl::InternalError("the model is broken");
                              }));
  const auto job = Job(version, 1, true);
  calls_.Start(pool_, job);
  calls_.Finish();
  const Span batch = sink_.spans().front();
  EXPECT_TRUE(batch.failed);
  EXPECT_EQ(batch.error, "the model is broken");
  EXPECT_EQ(BatchOf(*job), batch.context);
}

TEST_F(BatchTraceTest, ACallThatNoWorkerHasComputedHasNoBatch) {
  const auto version = Served(pool_, Int64Version(TimesTen()));
  const auto job = Job(version, 1, true);
  job->deadline = calls_.test.clock.Now() - seconds(1);
  auto& call = calls_.Start(pool_, job);
  calls_.Finish();
  EXPECT_FALSE(call.status().ok());
  EXPECT_THAT(sink_.spans(), IsEmpty());
  EXPECT_FALSE(BatchOf(*job));
}

}  // namespace
}  // namespace tournant
