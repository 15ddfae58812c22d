#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "features/assemble.h"
#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {

inline constexpr int64_t kNowSeconds = 1'000'000;
inline const WallTime kNow{std::chrono::seconds(kNowSeconds)};

// Bindings of one input `x`, a required request tensor `d`, an optional one `o` and the key `k`.
class AssembleTest : public ::testing::Test {
 protected:
  void Bind(const std::string& columns, DataType type, int64_t width, const std::string& input = "",
            int64_t max_batch_size = 8) {
    folder_.Write("words.txt", "AA\nUA\n");
    plan_ = MustCompile(
        "request { name: \"d\" data_type: TYPE_FP32 dims: 1 }\n"
        "request { name: \"o\" data_type: TYPE_FP64 dims: 1 optional: true }\n"
        "request { name: \"k\" data_type: TYPE_STRING dims: 1 }\n"
        "request { name: \"i\" data_type: TYPE_INT64 dims: 1 optional: true }\n"
        "entity { join_key: \"k\" request: \"k\" }\n"
        "input { name: \"x\" " +
            input + columns + " }\n",
        Config({{"x", type, {width}}}, max_batch_size), nullptr, folder_.path());
    ASSERT_NE(plan_, nullptr);
    Fetch(1);
  }
  void Fetch(int64_t rows) {
    rows_ = rows;
    fetched_ = FetchedFeatures(plan_->fetch().features.size(), static_cast<size_t>(rows));
    request_.clear();
    NamedTensor d = Floats("d", {});
    NamedTensor k = Texts("k", {});
    for (int64_t row = 0; row < rows; ++row) {
      d.tensor.bytes += Raw<float>({static_cast<float>(100 + row)});
      AppendBytesElement("key", k.tensor.bytes);
    }
    d.tensor.shape = k.tensor.shape = {rows, 1};
    request_.push_back(d);
    request_.push_back(k);
  }
  void Live(size_t feature, size_t row, double value, int64_t age_seconds = 0) {
    fetched_->SetFloating(feature, row, value);
    fetched_->SetTime(feature, row, (kNowSeconds - age_seconds) * 1'000'000, false);
  }
  absl::StatusOr<AssembledInputs> TryRun() {
    const auto bound = BindRequest(*plan_, request_);
    if (!bound.ok()) return bound.status();
    return Assemble(*plan_, request_, *bound, rows_, fetched_, kNow);
  }
  AssembledInputs Run() {
    auto assembled = TryRun();
    EXPECT_TRUE(assembled.ok()) << assembled.status();
    if (!assembled.ok()) return {};
    const FeatureProvenance& p = assembled->provenance;
    EXPECT_EQ(p.live + p.cached + p.stale + p.defaulted + p.from_request,
              rows_ * plan_->cells_per_row());
    return *std::move(assembled);
  }
  std::vector<float> RunFloats() { return Elements<float>(Run().inputs[0]); }

  TempDir folder_;
  std::shared_ptr<const FeaturePlan> plan_;
  int64_t rows_ = 1;
  absl::StatusOr<FetchedFeatures> fetched_ = FetchedFeatures();
  std::vector<NamedTensor> request_;
};

}  // namespace tournant
