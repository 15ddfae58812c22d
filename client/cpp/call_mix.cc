#include "cpp/call_mix.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "cpp/connection_flags.h"
#include "cpp/draw.h"

namespace tournant::client {
namespace {

constexpr std::array<absl::string_view, 4> kClasses = {"critical-plus", "critical",
                                                       "sheddable-plus", "sheddable"};

absl::StatusOr<CallClass> ParseClass(absl::string_view text, std::chrono::milliseconds deadline) {
  const auto wrong = [text](const auto&... why) {
    return absl::InvalidArgumentError(absl::StrCat("'", Quote(text), "': ", why...));
  };
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  if (parts.size() > 3) return wrong("is not CLASS[:SHARE[:DEADLINE]]");
  if (std::find(kClasses.begin(), kClasses.end(), parts[0]) == kClasses.end()) {
    return wrong("the class is none of ", absl::StrJoin(kClasses, ", "));
  }
  CallClass made{.criticality = std::string(parts[0]), .share = 1, .deadline = deadline};
  if (parts.size() > 1 &&
      (!absl::SimpleAtod(parts[1], &made.share) || !std::isfinite(made.share) || made.share <= 0)) {
    return wrong("the share is no number above 0");
  }
  if (parts.size() > 2) {
    absl::Duration given;
    if (!absl::ParseDuration(parts[2], &given)) {
      return wrong("the deadline is no time with its unit, such as 100ms");
    }
    if (absl::Status checked = CheckDeadline(given); !checked.ok()) {
      return wrong("the deadline has to be ", checked.message());
    }
    made.deadline = absl::ToChronoMilliseconds(given);
  }
  return made;
}

}  // namespace

absl::StatusOr<std::vector<CallClass>> ParseMix(absl::string_view text,
                                                std::chrono::milliseconds deadline) {
  if (text.empty())
    return std::vector<CallClass>{{.criticality = {}, .share = 1, .deadline = deadline}};
  std::vector<CallClass> classes;
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    absl::StatusOr<CallClass> made = ParseClass(entry, deadline);
    if (!made.ok()) return made.status();
    classes.push_back(*std::move(made));
  }
  return classes;
}

CallMix::CallMix(const std::vector<CallClass>& classes) {
  double sum = 0;
  for (const CallClass& one : classes) up_to_.push_back(sum += one.share);
}

size_t CallMix::Choose(Rng& rng) const {
  if (up_to_.size() == 1) return 0;
  const double drawn = DrawFraction(rng) * up_to_.back();
  const auto above = std::upper_bound(up_to_.begin(), up_to_.end(), drawn);
  return std::min(static_cast<size_t>(above - up_to_.begin()), up_to_.size() - 1);
}

}  // namespace tournant::client
