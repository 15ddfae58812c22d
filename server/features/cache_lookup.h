#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "features/brown_out.h"
#include "features/cached_row.h"
#include "features/feature_client.h"
#include "features/fetched_features.h"

namespace tournant {

// One call's rows in the caches of the views that it wants: what they know, what is left to fetch,
// and both together. Lives in the call's frame, refers to the request.
class CacheLookup {
 public:
  // One row in one view.
  struct Place {
    size_t row;
    size_t view;
    std::string key;
    std::shared_ptr<const CachedRow> fallback;  // Usable if nothing newer can be had; may be null.
  };

  // `wall_us`: since 1970.
  CacheLookup(const FetchRequest& request, TimePoint now, int64_t wall_us, BrownOutLevel level);

  static int64_t WallMicros(const Clock& clock);

  // What past its soft age was found and is to be fetched again behind.
  const std::vector<Place>& to_refresh() const { return to_refresh_; }

  // Whether something is left to fetch. The least fetch that has all of it: the rows that lack
  // something, and what any of them lacks. Refers to this object.
  bool complete() const { return rows_.empty(); }
  FetchRequest Remainder() const;

  // With the answer to that (see CheckSize), which goes into the caches, too. An error only where
  // nothing at all is known. At most one of both, once.
  absl::StatusOr<FetchedFeatures> Merge(absl::StatusOr<FetchedFeatures> fetched);
  absl::StatusOr<FetchedFeatures> Take() { return std::move(result_); }

  // Keeps row `fetched_row` of the answer to a fetch that began at that time. False, if it is no
  // answer for all of the view.
  static bool Store(const FetchPlan& plan, const FetchPlan::View& view, const std::string& key,
                    const FetchedFeatures& fetched, size_t fetched_row, TimePoint now,
                    int64_t wall_us);

 private:
  void LookUp(size_t view, BrownOutLevel level);
  void Lack(size_t row);
  void SubsetKeys();
  // The cached row becomes a part of the result.
  void Use(const Place& place, const CachedRow& row);
  // The cache knows that there is no such entity.
  void UseAbsence(const Place& place);
  void UseLastKnown(const Place& place, const FetchedFeatures& values);
  // The result has the answer, of which `fetched` is the row of `place`; null: there is none. Keeps
  // it, and adds what is known from before.
  void Complete(const Place& place, const FetchedFeatures* fetched, size_t fetched_row);
  void TakeAnswer(const FetchedFeatures& answer);
  void TakeError(const absl::Status& error);
  FetchedFeatures& result();

  const FetchRequest& request_;
  const FetchPlan& plan_;
  const size_t row_count_;
  const TimePoint now_;
  const int64_t wall_us_;
  FetchedFeatures result_;
  size_t used_ = 0;  // Rows of views that the result has from caches, or something last known.

  std::vector<uint8_t> wanted_;  // To be fetched.
  std::vector<size_t> rows_;     // To be fetched, ascending.
  std::vector<uint8_t> lacks_;   // For each row, whether it is one of them.
  std::vector<KeyColumn> keys_;  // Of those, if they are not all.
  std::vector<Place> places_;    // That lack something, in cached views.
  std::vector<Place> to_refresh_;
};

}  // namespace tournant
