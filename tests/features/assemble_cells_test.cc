// Where each cell came from, for the prediction log.

#include "features/assemble_test.h"
#include "gmock/gmock.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

TEST_F(AssembleTest, TellsOfEachCellWhereItCameFromAndWhenItWasTrue) {
  Bind(
      "column { request: \"d\" } column { feature: \"v:a\" default: -1 indicator: true } "
      "column { feature: \"v:b\" default: -2 max_age { seconds: 60 } } "
      "column { age_seconds: \"v:a\" default: -3 }",
      DataType::kFp32, 5);
  EXPECT_EQ(plan_->cells_per_row(), 3);
  Fetch(3);
  Live(0, 0, 1.5, 10);
  Live(0, 1, 2.5, 20);
  fetched_->SetOrigin(0, 1, CellOrigin::kCached);
  Live(1, 0, 7, 5);
  Live(1, 2, 8, 100);
  const auto bound = BindRequest(*plan_, request_);
  const auto assembled = Assemble(*plan_, request_, *bound, rows_, fetched_, kNow, true);
  ASSERT_TRUE(assembled.ok()) << assembled.status();
  using enum CellSource;
  EXPECT_THAT(assembled->cells.sources, ElementsAre(kLive, kCached, kDefaulted,     // v:a
                                                    kLive, kDefaulted, kDefaulted,  // v:b
                                                    kLive, kCached, kDefaulted));   // its age
  const auto at = [](int64_t age) { return (kNowSeconds - age) * 1'000'000; };
  EXPECT_THAT(assembled->cells.event_times_us,
              ElementsAre(at(10), at(20), 0, at(5), 0, 0, at(10), at(20), 0));
}

TEST_F(AssembleTest, CellsFromTheCallerAreToldApart) {
  Bind("column { feature: \"v:a\" default: -1 } column { feature: \"v:b\" default: -2 }",
       DataType::kFp32, 2);
  Fetch(2);
  request_.push_back(Floats("v:b", {3, 4}));
  auto bound = BindRequest(*plan_, request_);
  auto assembled = Assemble(*plan_, request_, *bound, rows_, fetched_, kNow, true);
  using enum CellSource;
  EXPECT_THAT(assembled->cells.sources,
              ElementsAre(kDefaulted, kDefaulted, kFromRequest, kFromRequest));
  request_.pop_back();
  request_.push_back(Floats("x", {1, 2, 3, 4}));
  request_.back().tensor.shape = {2, 2};
  bound = BindRequest(*plan_, request_);
  assembled = Assemble(*plan_, request_, *bound, rows_, fetched_, kNow, true);
  ASSERT_TRUE(assembled.ok()) << assembled.status();
  EXPECT_THAT(assembled->cells.sources,
              ElementsAre(kFromRequest, kFromRequest, kFromRequest, kFromRequest));
}

TEST_F(AssembleTest, TellsNothingOfCellsUnlessItIsAsked) {
  Bind("column { feature: \"v:a\" default: -1 }", DataType::kFp32, 1);
  EXPECT_TRUE(Run().cells.empty());
}

}  // namespace
}  // namespace tournant
