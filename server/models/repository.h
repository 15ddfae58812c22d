#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "models/found_model.h"

namespace tournant {

// The directory that holds the models, in one of three layouts:
//
//   DIR/<model>/<version>/model.pt   Triton's
//   DIR/<version>/model.pt           one model, whose versions lie in DIR
//   DIR/model.pt                     one model of one version, whose files lie in DIR
//
// The last two are what KServe's storage initializer leaves when a URI names one model; they are
// recognized only where that model was given a name. Looks at the files afresh on each call and
// reads none of them. Immutable; any thread, but it blocks.
class Repository {
 public:
  // `model_name` is empty for Triton's layout.
  explicit Repository(const std::filesystem::path& directory, std::string model_name = "");

  // Absolute; the paths of all models begin with it.
  const std::filesystem::path& directory() const { return directory_; }

  // Every model, by name. Hidden directories and files beside the models are left alone. An error
  // means that the directory itself cannot be read.
  absl::StatusOr<std::vector<FoundModel>> Scan() const;
  // What to say when Scan found none: that, and what to do where the directory is a model's own.
  std::string WhyEmpty() const;
  // One model; NOT_FOUND, and without a directory, when there is none of that name.
  FoundModel Find(const std::string& name) const;
  // The names only.
  absl::StatusOr<std::vector<std::string>> Names() const;

 private:
  enum class Layout { kModels, kVersions, kFlat };
  Layout LayoutOf(const std::vector<std::filesystem::directory_entry>& entries) const;
  FoundModel OnlyModel(Layout layout) const;
  absl::StatusOr<std::vector<std::filesystem::directory_entry>> Entries() const;

  const std::filesystem::path directory_;
  const std::string model_name_;
};

}  // namespace tournant
