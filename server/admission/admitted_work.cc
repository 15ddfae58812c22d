#include "admission/admitted_work.h"

#include <algorithm>
#include <bit>
#include <chrono>

namespace tournant {

size_t AdmittedWork::BucketOf(Duration patience) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::max(patience, Duration::zero()));
  const auto bucket =
      static_cast<size_t>(std::bit_width(static_cast<uint64_t>(milliseconds.count())));
  return std::min(bucket, kBuckets - 1);
}

Duration AdmittedWork::Ahead(Urgency urgency, size_t bucket) const {
  Duration ahead{0};
  if (total_ == Duration::zero()) return ahead;
  for (size_t before = 0; before < IndexOf(urgency); ++before) ahead += sums_[before];
  const auto& same = work_[IndexOf(urgency)];
  for (size_t i = 0; i <= bucket; ++i) ahead += same[i];
  return ahead;
}

}  // namespace tournant
