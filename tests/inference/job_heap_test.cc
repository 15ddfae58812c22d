#include "inference/job_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "inference/queue_jobs.h"

namespace tournant {
namespace {

using std::chrono::seconds;

TEST(JobHeap, SumsUpRowsInItsOrder) {
  SeededRng rng(5);
  for (int round = 0; round < 50; ++round) {
    JobHeap heap("");
    std::vector<std::pair<JobOrder, int64_t>> sorted;
    const uint64_t jobs = rng.Next() % 40;
    for (uint64_t i = 0; i < jobs; ++i) {
      const auto job = JobAt(0, 1 + static_cast<int64_t>(rng.Next() % 3));
      const JobOrder order{kAllCriticalities[rng.Next() % kCriticalities],
                           rng.Next() % 2 == 0,
                           static_cast<uint32_t>(rng.Next() % 3),
                           rng.Next() % 2 == 0,
                           kNow + seconds(rng.Next() % 5),
                           i};
      heap.Push(job, order);
      if (rng.Next() % 5 == 0) {
        job->Claim();
      } else {
        sorted.emplace_back(order, job->rows);
      }
    }
    std::sort(sorted.begin(), sorted.end());
    std::vector<int64_t> expected;
    int64_t sum = 0;
    for (const auto& [order, rows] : sorted) {
      sum += rows;
      if (sum > 20) break;
      expected.push_back(sum);
    }
    EXPECT_EQ(heap.RunningRows(20), expected);
  }
}

}  // namespace
}  // namespace tournant
