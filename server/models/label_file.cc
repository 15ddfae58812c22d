#include "models/label_file.h"

#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "base/text_lines.h"
#include "base/utf8.h"
#include "models/model_file.h"

namespace tournant {
namespace {

using Labels = std::shared_ptr<const std::vector<std::string>>;

// The largest vocabulary in use, ImageNet's 21,841 classes, takes 0.5 MB.
constexpr int64_t kMostBytes = int64_t{16} << 20;

absl::StatusOr<Labels> SplitLabels(absl::string_view text) {
  auto labels = std::make_shared<std::vector<std::string>>();
  while (!text.empty()) {
    const absl::string_view line = TakeLine(text);
    labels->emplace_back(line);
    if (!IsUtf8(line)) {
      return absl::InvalidArgumentError(absl::StrCat("line ", labels->size(), " is not UTF-8"));
    }
  }
  if (labels->empty()) return absl::InvalidArgumentError("holds no label");
  return labels;
}

absl::StatusOr<Labels> ReadLabelFile(const std::filesystem::path& path) {
  const absl::StatusOr<std::string> text = ReadModelFile(path, kMostBytes);
  if (!text.ok()) return text.status();
  return SplitLabels(*text);
}

}  // namespace

absl::Status ReadLabels(ModelConfig& config, const std::filesystem::path& directory) {
  std::map<std::string, Labels> files;
  for (TensorSpec& output : config.outputs) {
    const std::string& name = output.label_filename;
    if (name.empty()) continue;
    Labels& labels = files[name];
    if (labels == nullptr) {
      absl::StatusOr<Labels> read = ReadLabelFile(directory / name);
      if (!read.ok()) {
        return Annotate(read.status(),
                        absl::StrCat(directory.native(), "/", Quote(name), ": labels of output '",
                                     Quote(output.name), "'"));
      }
      labels = *std::move(read);
    }
    output.labels = labels;
  }
  return absl::OkStatus();
}

}  // namespace tournant
