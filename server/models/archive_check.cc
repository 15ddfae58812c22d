#include "models/archive_check.h"

#include <zip.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace tournant {
namespace {

constexpr absl::string_view kLocalFileHeader("PK\3\4", 4);

struct DiscardZip {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipArchive = std::unique_ptr<zip_t, DiscardZip>;

absl::StatusOr<ZipArchive> Open(absl::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr
                       ? nullptr
                       : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  absl::Status status;
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    status = absl::InvalidArgumentError(
        absl::StrCat("is a damaged ZIP archive: ", zip_error_strerror(&error)));
  }
  zip_error_fini(&error);
  if (!status.ok()) return status;
  return ZipArchive(archive);
}

absl::Status CheckName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  const bool escapes = name.empty() || name.front() == '/' || absl::StrContains(name, '\\') ||
                       std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (!escapes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("holds an entry '", Quote(name), "' that leaves its folder"));
}

}  // namespace

absl::Status CheckModelArchive(absl::string_view bytes, const ArchiveLimits& limits) {
  if (!absl::StartsWith(bytes, kLocalFileHeader)) {
    return absl::InvalidArgumentError(
        bytes.empty() ? "is empty"
                      : "is not a TorchScript archive: it does not begin as a ZIP file; save it "
                        "with torch.jit.save");
  }
  absl::StatusOr<ZipArchive> archive = Open(bytes);
  if (!archive.ok()) return archive.status();

  const zip_int64_t entries = zip_get_num_entries(archive->get(), 0);
  if (entries > limits.max_entries) {
    return absl::InvalidArgumentError(
        absl::StrCat("holds ", entries, " entries, more than the limit of ", limits.max_entries));
  }
  uint64_t unpacked = 0;
  std::set<std::string> roots;
  std::set<std::string> names;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(entries); ++i) {
    zip_stat_t entry;
    zip_stat_init(&entry);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(archive->get(), i, ZIP_FL_ENC_RAW, &entry) != 0 ||
        (entry.valid & kNeeded) != kNeeded) {
      return absl::InvalidArgumentError(
          absl::StrCat("is a damaged ZIP archive: no entry ", static_cast<uint64_t>(i)));
    }
    if (absl::Status name = CheckName(entry.name); !name.ok()) return name;
    names.insert(entry.name);
    roots.insert(std::string(*absl::StrSplit(entry.name, '/').begin()));
    if (__builtin_add_overflow(unpacked, entry.size, &unpacked)) unpacked = UINT64_MAX;
    if (unpacked == UINT64_MAX) break;
  }

  const uint64_t by_ratio = static_cast<uint64_t>(limits.free_unpacked_bytes) +
                            static_cast<uint64_t>(limits.max_unpack_ratio) * bytes.size();
  if (unpacked > static_cast<uint64_t>(limits.max_unpacked_bytes) || unpacked > by_ratio) {
    return absl::InvalidArgumentError(
        absl::StrCat("unpacks from ", bytes.size(), " to ", unpacked, " bytes, more than allowed"));
  }
  if (roots.size() != 1) {
    return absl::InvalidArgumentError("is not a TorchScript archive: it has not one top folder");
  }
  const std::string& root = *roots.begin();
  if (!names.contains(absl::StrCat(root, "/data.pkl")) ||
      !names.contains(absl::StrCat(root, "/constants.pkl"))) {
    return absl::InvalidArgumentError(
        "is not a TorchScript archive: data.pkl or constants.pkl is missing (a state_dict saved "
        "with torch.save is no program); save the scripted module with torch.jit.save");
  }
  return absl::OkStatus();
}

}  // namespace tournant
