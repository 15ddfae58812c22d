#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "feast/registry.h"
#include "telemetry/counter.h"

namespace tournant {

// Feast's registry file as it is now. `feast apply` writes it in place, without a word to those who
// read it: so the file is looked at again and again, and read when it has changed and has looked
// the same twice. One that is broken leaves the one before in use.
//
// Owned by the server. Thread-safe.
class RegistrySource {
 public:
  // What a store demands of a registry.
  using Check = std::function<absl::Status(const FeatureRegistry&)>;

  // NOT_FOUND and INVALID_ARGUMENT as FeatureRegistry::ReadFile says them, or what `check` says. It
  // may be empty.
  static absl::StatusOr<std::unique_ptr<RegistrySource>> Open(std::string path,
                                                              const std::string& project,
                                                              Check check);

  // The one in use.
  std::shared_ptr<const FeatureRegistry> registry() const;

  // Looks at the file once. True when another registry is in use since. Logs what it finds.
  bool Look();

  // When the file in use was written, as the file system has it, in seconds since 1970.
  double written() const { return written_.load(); }
  // How often the file was read and then used, and found to be broken or gone.
  uint64_t used() const { return used_count_.value(); }
  uint64_t refused() const { return refused_count_.value(); }
  // Whether the file is not the one in use, since it is broken or gone.
  bool outdated() const { return outdated_.load(); }

 private:
  // A file as it looks from outside: equal for two looks between which nobody wrote it.
  struct FileState {
    std::string text;    // Empty when there is none.
    double written = 0;  // Seconds since 1970.
  };

  RegistrySource(std::string path, Check check, FileState state,
                 std::shared_ptr<const FeatureRegistry> registry);
  static FileState StateOf(const std::string& path);

  const std::string path_;
  const Check check_;

  Mutex look_mutex_;  // Held through a look, before mutex_.
  // States of the file: which it has, as far as can be told from outside.
  std::string used_ ABSL_GUARDED_BY(look_mutex_);  // When what is in use was read.
  std::string seen_ ABSL_GUARDED_BY(look_mutex_);  // At the last look.
  // When it was last found to be broken or gone.
  std::optional<std::string> refused_ ABSL_GUARDED_BY(look_mutex_);

  std::atomic<double> written_;
  Counter used_count_;
  Counter refused_count_;
  std::atomic<bool> outdated_{false};

  mutable Mutex mutex_;
  std::shared_ptr<const FeatureRegistry> registry_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
