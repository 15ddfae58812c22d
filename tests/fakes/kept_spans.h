#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "telemetry/span.h"

namespace tournant {

// A sink that keeps what it is given. Any thread.
class KeptSpans final : public SpanSink {
 public:
  void Add(std::vector<Span> spans) override {
    MutexLock lock(mutex_);
    std::move(spans.begin(), spans.end(), std::back_inserter(spans_));
    added_.SignalAll();
  }
  std::vector<Span> spans() const {
    MutexLock lock(mutex_);
    return spans_;
  }
  // Blocks until there is one of this name; the first.
  Span WaitFor(const std::string& name) {
    MutexLock lock(mutex_);
    for (;;) {
      const auto found = std::find_if(spans_.begin(), spans_.end(),
                                      [&](const Span& span) { return span.name == name; });
      if (found != spans_.end()) return *found;
      added_.Wait(mutex_);
    }
  }
  // Blocks until there are `count` of this name; all of them.
  std::vector<Span> WaitForAll(const std::string& name, size_t count) {
    MutexLock lock(mutex_);
    for (;;) {
      std::vector<Span> found;
      std::copy_if(spans_.begin(), spans_.end(), std::back_inserter(found),
                   [&](const Span& span) { return span.name == name; });
      if (found.size() >= count) return found;
      added_.Wait(mutex_);
    }
  }
  std::vector<std::string> names() const {
    MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (const Span& span : spans_) names.push_back(span.name);
    return names;
  }

 private:
  mutable Mutex mutex_;
  CondVar added_;
  std::vector<Span> spans_ ABSL_GUARDED_BY(mutex_);
};

// The attribute as text; "" without one.
inline std::string AttributeOf(const Span& span, absl::string_view key) {
  for (const SpanAttribute& attribute : span.attributes) {
    if (attribute.key != key) continue;
    if (const auto* text = std::get_if<std::string>(&attribute.value)) return *text;
    if (const auto* number = std::get_if<int64_t>(&attribute.value)) return std::to_string(*number);
    return std::get<bool>(attribute.value) ? "true" : "false";
  }
  return "";
}

}  // namespace tournant
