#include "models/repository.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/model_config.h"
#include "models/scan_model.h"
#include "models/version_number.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kServesOneModel =
    "--model_name=NAME serves a directory that holds one model's own versions or files";

// A directory beside the models that could be one, or a link to such, which is refused by name.
bool IsCandidate(const fs::directory_entry& entry) {
  std::error_code error;
  return !IsHidden(entry) && entry.is_directory(error);
}

FoundModel ScanEntry(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().native();
  std::error_code error;
  if (!fs::is_symlink(entry.symlink_status(error))) return ScanModel(entry.path(), name);
  FoundModel link;
  link.name = name;
  link.directory = entry.path();
  link.status = absl::FailedPreconditionError("is a symbolic link, which is refused");
  return link;
}

// Tells whoever started the server on one model's own directory how that is served.
FoundModel WithAdvice(FoundModel model, bool holds_model_file) {
  if (!absl::IsNotFound(model.status)) return model;
  if (ParseVersionNumber(model.name)) {
    model.status = absl::NotFoundError(
        absl::StrCat("holds no versions as a model would; if it is one itself, ", kServesOneModel));
  } else if (holds_model_file) {
    model.status = absl::NotFoundError(absl::StrCat(model.status.message(), "; its parent holds ",
                                                    ModelConfig().model_filename, " itself, and ",
                                                    kServesOneModel));
  }
  return model;
}

bool HoldsModelFile(const std::vector<fs::directory_entry>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [model_file = ModelConfig().model_filename](const auto& entry) {
                       return entry.path().filename().native() == model_file;
                     });
}

}  // namespace

Repository::Repository(const fs::path& directory, std::string model_name)
    : directory_(AbsoluteDirectory(directory)), model_name_(std::move(model_name)) {}

absl::StatusOr<std::vector<fs::directory_entry>> Repository::Entries() const {
  auto entries = DirectoryEntries(directory_);
  if (entries.ok()) return entries;
  return Annotate(entries.status(), absl::StrCat("model repository ", directory_.native()));
}

Repository::Layout Repository::LayoutOf(const std::vector<fs::directory_entry>& entries) const {
  if (model_name_.empty()) return Layout::kModels;
  if (HasVersions(entries)) return Layout::kVersions;
  const bool models = std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    if (!IsCandidate(entry)) return false;
    const auto within = DirectoryEntries(entry.path());
    return within.ok() && HasVersions(*within);
  });
  return models ? Layout::kModels : Layout::kFlat;
}

FoundModel Repository::OnlyModel(Layout layout) const {
  return layout == Layout::kFlat ? ScanFlatModel(directory_, model_name_)
                                 : ScanModel(directory_, model_name_);
}

absl::StatusOr<std::vector<FoundModel>> Repository::Scan() const {
  const auto entries = Entries();
  if (!entries.ok()) return entries.status();
  std::vector<FoundModel> models;
  if (const Layout layout = LayoutOf(*entries); layout != Layout::kModels) {
    models.push_back(OnlyModel(layout));
    return models;
  }
  const bool advise = model_name_.empty();
  const bool holds_model_file = HoldsModelFile(*entries);
  for (const fs::directory_entry& entry : *entries) {
    if (!IsCandidate(entry)) continue;
    FoundModel model = ScanEntry(entry);
    models.push_back(advise ? WithAdvice(std::move(model), holds_model_file) : std::move(model));
  }
  return models;
}

std::string Repository::WhyEmpty() const {
  const std::string text =
      absl::StrCat("model repository ", directory_.native(), " holds no model");
  const auto entries = Entries();
  if (!model_name_.empty() || !entries.ok() || !HoldsModelFile(*entries)) return text;
  return absl::StrCat(text, " but a model's own files; ", kServesOneModel);
}

FoundModel Repository::Find(const std::string& name) const {
  FoundModel model;
  model.name = name;
  model.status = CheckModelName(name);
  if (!model.status.ok()) return model;
  const auto entries = Entries();
  if (!entries.ok()) {
    model.status = entries.status();
    return model;
  }
  if (const Layout layout = LayoutOf(*entries); layout != Layout::kModels) {
    if (name == model_name_) return OnlyModel(layout);
  } else {
    const auto found = std::find_if(entries->begin(), entries->end(), [&](const auto& entry) {
      return IsCandidate(entry) && entry.path().filename().native() == name;
    });
    if (found != entries->end()) return ScanEntry(*found);
  }
  model.status = absl::NotFoundError("the model repository has no such model");
  return model;
}

absl::StatusOr<std::vector<std::string>> Repository::Names() const {
  const auto entries = Entries();
  if (!entries.ok()) return entries.status();
  std::vector<std::string> names;
  if (LayoutOf(*entries) != Layout::kModels) {
    names.push_back(model_name_);
    return names;
  }
  for (const fs::directory_entry& entry : *entries) {
    if (IsCandidate(entry)) names.push_back(entry.path().filename().native());
  }
  return names;
}

}  // namespace tournant
