#include "models/scan_model.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/model_config.h"
#include "models/version_number.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 128;
// What the health service answers for itself under: the process, and the services that it has.
constexpr std::array<absl::string_view, 4> kOwnHealth = {
    "live", "ready", "inference.GRPCInferenceService", "grpc.health.v1.Health"};
// Deeper folders of a version are not looked at: nothing of a model lies there.
constexpr int kMaxDepth = 8;

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

WallTime ChangeTime(const struct stat& info) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(info.st_ctim.tv_sec) + std::chrono::nanoseconds(info.st_ctim.tv_nsec)));
}

// Collects what tells one state of files from another.
class Fingerprints {
 public:
  explicit Fingerprints(FoundModel& model) : model_(model) {}

  // Notes the file or folder itself; false for a folder, and for what has just gone.
  bool AddFile(const fs::directory_entry& entry, const std::string& prefix,
               std::string& fingerprint) {
    struct stat info{};
    if (lstat(entry.path().c_str(), &info) != 0) return false;
    model_.changed = std::max(model_.changed, ChangeTime(info));
    if (S_ISDIR(info.st_mode)) return false;
    const std::string line =
        absl::StrCat(prefix, entry.path().filename().native(), " ", info.st_size, " ",
                     info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec, " ", info.st_ino, "\n");
    model_.state += line;
    if (!IsHidden(entry)) fingerprint += line;
    return true;
  }

  // Everything below a folder.
  absl::Status AddFolder(const fs::path& folder, const std::string& prefix,
                         std::string& fingerprint, int depth = 0) {
    const auto entries = DirectoryEntries(folder);
    if (!entries.ok()) return entries.status();
    for (const fs::directory_entry& entry : *entries) {
      std::error_code error;
      if (AddFile(entry, prefix, fingerprint) || depth >= kMaxDepth) continue;
      if (!fs::is_directory(entry.symlink_status(error))) continue;
      const std::string name = entry.path().filename().native();
      // One that cannot be read has no files that could be used.
      (void)AddFolder(entry.path(), absl::StrCat(prefix, name, "/"), fingerprint, depth + 1);
    }
    return absl::OkStatus();
  }

  // The directory that all of this is in.
  void AddDirectory(const fs::path& directory) {
    struct stat info{};
    if (lstat(directory.c_str(), &info) != 0) return;
    model_.changed = std::max(model_.changed, ChangeTime(info));
  }

 private:
  FoundModel& model_;
};

FoundModel Nameless(const fs::path& directory, const std::string& name) {
  FoundModel model;
  model.name = name;
  model.directory = directory;
  model.status = CheckModelName(name);
  return model;
}

}  // namespace

absl::Status CheckModelName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes ||
      !absl::ascii_isalnum(static_cast<unsigned char>(name.front())) ||
      !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(name),
                     "' is no model name: letters, digits and ._- are allowed, beginning with a "
                     "letter or digit, 128 bytes at most"));
  }
  if (std::find(kOwnHealth.begin(), kOwnHealth.end(), name) != kOwnHealth.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", name, "' is no model name: the health service answers for itself under it"));
  }
  return absl::OkStatus();
}

fs::path AbsoluteDirectory(const fs::path& directory) {
  std::error_code error;
  fs::path absolute = fs::absolute(directory, error);
  if (error) absolute = directory;
  absolute = absolute.lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

absl::StatusOr<std::vector<fs::directory_entry>> DirectoryEntries(const fs::path& directory) {
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  std::vector<fs::directory_entry> entries;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    entries.push_back(*entry);
  }
  if (error) return absl::FailedPreconditionError(error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsHidden(const fs::directory_entry& entry) {
  return entry.path().filename().native().front() == '.';
}

bool HasVersions(const std::vector<fs::directory_entry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const fs::directory_entry& entry) {
    std::error_code error;
    return ParseVersionNumber(entry.path().filename().native()) && entry.is_directory(error);
  });
}

FoundModel ScanModel(const fs::path& directory, const std::string& name) {
  FoundModel model = Nameless(directory, name);
  if (!model.status.ok()) return model;
  const auto entries = DirectoryEntries(directory);
  if (!entries.ok()) {
    model.status = entries.status();
    return model;
  }
  Fingerprints fingerprints(model);
  fingerprints.AddDirectory(directory);
  for (const fs::directory_entry& entry : *entries) {
    const std::string file = entry.path().filename().native();
    const std::optional<int64_t> number = ParseVersionNumber(file);
    std::error_code error;
    const fs::file_status status = entry.symlink_status(error);
    if (number && (fs::is_directory(status) || fs::is_symlink(status))) {
      FoundVersion& version = model.versions.emplace_back();
      version.number = *number;
      version.directory = entry.path();
      absl::StrAppend(&model.state, file, "/\n");
      fingerprints.AddDirectory(entry.path());
      version.status = fs::is_symlink(status)
                           ? absl::FailedPreconditionError("is a symbolic link, which is refused")
                           : fingerprints.AddFolder(entry.path(), file + "/", version.fingerprint);
      continue;
    }
    if (fingerprints.AddFile(entry, "", model.fingerprint) || !fs::is_directory(status)) continue;
    if (file == kWarmUpFolder) {
      (void)fingerprints.AddFolder(entry.path(), file + "/", model.fingerprint);
    } else if (!IsHidden(entry)) {
      Log(LogLevel::kInfo, "left a directory alone: its name is no version",
          {{"model", name}, {"directory", Quote(file)}});
    }
  }
  if (model.versions.empty()) {
    std::error_code error;
    const std::string model_file = ModelConfig().model_filename;
    std::string text =
        "has no version directory (a number above 0, such as 1, that holds the model file)";
    if (fs::exists(directory / model_file, error)) {
      absl::StrAppend(&text, "; a directory that holds ", model_file, " itself needs --model_name");
    }
    model.status = absl::NotFoundError(text);
  }
  std::sort(model.versions.begin(), model.versions.end(),
            [](const FoundVersion& a, const FoundVersion& b) { return a.number < b.number; });
  return model;
}

FoundModel ScanFlatModel(const fs::path& directory, const std::string& name) {
  FoundModel model = Nameless(directory, name);
  if (!model.status.ok()) return model;
  FoundVersion& version = model.versions.emplace_back();
  version.number = 1;
  version.directory = directory;
  Fingerprints fingerprints(model);
  fingerprints.AddDirectory(directory);
  version.status = fingerprints.AddFolder(directory, "", version.fingerprint);
  return model;
}

}  // namespace tournant
