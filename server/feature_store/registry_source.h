#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "feast/registry.h"

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

 private:
  RegistrySource(std::string path, Check check, std::string state,
                 std::shared_ptr<const FeatureRegistry> registry);

  const std::string path_;
  const Check check_;

  Mutex look_mutex_;  // Held through a look, before mutex_.
  // States of the file: which it has, as far as can be told from outside.
  std::string used_ ABSL_GUARDED_BY(look_mutex_);  // When what is in use was read.
  std::string seen_ ABSL_GUARDED_BY(look_mutex_);  // At the last look.
  // When it was last found to be broken or gone.
  std::optional<std::string> refused_ ABSL_GUARDED_BY(look_mutex_);

  mutable Mutex mutex_;
  std::shared_ptr<const FeatureRegistry> registry_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tournant
