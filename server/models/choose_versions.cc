#include "models/choose_versions.h"

#include <algorithm>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tournant {

absl::StatusOr<std::vector<FoundVersion>> ChooseVersions(const VersionPolicy& policy,
                                                         const std::vector<FoundVersion>& found) {
  std::vector<FoundVersion> chosen;
  switch (policy.kind) {
    case VersionPolicy::Kind::kAll:
      chosen = found;
      break;
    case VersionPolicy::Kind::kLatest: {
      const auto wanted = static_cast<size_t>(std::max<int64_t>(policy.latest, 1));
      const size_t left_out = found.size() - std::min(wanted, found.size());
      chosen.assign(found.begin() + static_cast<std::ptrdiff_t>(left_out), found.end());
      break;
    }
    case VersionPolicy::Kind::kSpecific:
      std::copy_if(
          found.begin(), found.end(), std::back_inserter(chosen), [&](const FoundVersion& version) {
            return std::find(policy.specific.begin(), policy.specific.end(), version.number) !=
                   policy.specific.end();
          });
      break;
  }
  if (chosen.empty()) {
    return absl::NotFoundError(absl::StrCat("none of the versions that version_policy names (",
                                            absl::StrJoin(policy.specific, ", "),
                                            ") has a directory"));
  }
  return chosen;
}

}  // namespace tournant
