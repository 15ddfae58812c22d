// What the caller sends, for columns and in place of features and whole inputs.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "features/assemble_test.h"
#include "gmock/gmock.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

TEST_F(AssembleTest, AGivenValueThatAFloatCannotHoldIsRefusedByName) {
  Bind("column { feature: \"v:a\" default: 5 }", DataType::kFp32, 1);
  for (const char* name : {"v:a", "x"}) {  // A column, and the whole input.
    Fetch(1);
    request_.push_back(Numbers<double>(name, DataType::kFp64, {1e308}));
    const absl::Status status = TryRun().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(status), "inputs[2].contents");
    EXPECT_EQ(status.message(), absl::StrCat("input '", name,
                                             "', row 0: 1e+308 is out of range for the FP32 of "
                                             "'x'"));
  }
}

TEST_F(AssembleTest, ANanFromTheCallerIsRefusedUnlessItIsAllowed) {
  Bind("column { request: \"d\" }", DataType::kFp32, 1);
  request_[0] = Floats("d", {NAN});
  EXPECT_EQ(TryRun().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TryRun().status().message(), "input 'd', row 0: NaN is not allowed in the FP32 of 'x'");
  Bind("column { request: \"d\" }", DataType::kFp32, 1, "allow_nan: true ");
  request_[0] = Floats("d", {NAN});
  EXPECT_TRUE(std::isnan(RunFloats()[0]));
}

TEST_F(AssembleTest, AnOptionalRequestThatIsLeftOutIsFilledAndIsNoCell) {
  Bind("column { request: \"o\" default: 1040 }", DataType::kFp32, 1);
  EXPECT_THAT(RunFloats(), ElementsAre(1040));
  EXPECT_FALSE(Run().provenance.degraded);
  request_.push_back(Numbers<double>("o", DataType::kFp64, {7.5}));
  EXPECT_THAT(RunFloats(), ElementsAre(7.5));
}

TEST_F(AssembleTest, AFeatureFromTheRequestWinsOverTheStore) {
  Bind("column { feature: \"v:a\" default: 5 } column { feature: \"v:b\" default: 6 }",
       DataType::kFp32, 2);
  Fetch(2);
  for (size_t row = 0; row < 2; ++row) {
    Live(0, row, 1);
    Live(1, row, 2);
  }
  request_.push_back(Numbers<int64_t>("v:a", DataType::kInt64, {70, 71}));
  const AssembledInputs assembled = Run();
  EXPECT_THAT(Elements<float>(assembled.inputs[0]), ElementsAre(70, 2, 71, 2));
  EXPECT_EQ(assembled.provenance.from_request, 2);
  EXPECT_EQ(assembled.provenance.live, 2);
}

TEST_F(AssembleTest, AWholeInputFromTheRequestWinsOverItsColumns) {
  Bind(
      "column { request: \"d\" } column { feature: \"v:a\" default: 5 } "
      "column { feature: \"v:b\" default: 6 }",
      DataType::kFp32, 3);
  Fetch(2);
  fetched_ = absl::UnavailableError("down");
  request_.push_back(Numbers<double>("x", DataType::kFp64, {1, 2, 3, 4, 5, 6}, 3));
  const AssembledInputs assembled = Run();
  EXPECT_THAT(Elements<float>(assembled.inputs[0]), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(assembled.inputs[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(assembled.provenance.from_request, 4);
  EXPECT_FALSE(assembled.provenance.degraded);
}

TEST_F(AssembleTest, AnOverrideThatDoesNotFitIsNamed) {
  Bind("column { feature: \"v:a\" default_int: 5 }", DataType::kInt64, 1);
  request_.push_back(Numbers<double>("v:a", DataType::kFp64, {2.5}));
  EXPECT_EQ(TryRun().status().message(),
            "input 'v:a', row 0: 2.5 is not a whole number, for the INT64 of 'x'");
  request_.back() = Numbers<double>("v:a", DataType::kFp64, {2, 3});
  EXPECT_EQ(TryRun().status().message(), "input 'v:a': expected 1 elements of FP64, got 16 bytes");
  request_.back() = Texts("v:a", {"2"});
  EXPECT_EQ(TryRun().status().code(), absl::StatusCode::kInvalidArgument);
  request_.back() = {"v:a", {DataType::kFp16, {1, 1}, "xx"}};
  EXPECT_EQ(TryRun().status().message(), "input 'v:a': FP16 cannot be read");
}

TEST(Assemble, ARequestTensorNamedLikeABoundInputIsThatRequest) {
  const auto plan = MustCompile(
      "request { name: \"x\" data_type: TYPE_INT32 dims: 1 }\n"
      "input { name: \"x\" column { request: \"x\" } }",
      Config({{"x", DataType::kFp32, {1}}}));
  EXPECT_TRUE(plan->overrides().empty());
  const std::vector<NamedTensor> request = {Numbers<int32_t>("x", DataType::kInt32, {9})};
  const auto bound = BindRequest(*plan, request);
  const auto assembled = Assemble(*plan, request, *bound, 1, FetchedFeatures(), kNow);
  EXPECT_THAT(Elements<float>(assembled->inputs[0]), ElementsAre(9));
}

}  // namespace
}  // namespace tournant
