#pragma once

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace tournant {

// Collects what is wrong with one config, and what in it has no effect, each with its place in the
// file. Owned by the parser for one file; one thread only.
class ConfigProblems final : public google::protobuf::io::ErrorCollector {
 public:
  using Location = google::protobuf::TextFormat::ParseLocation;

  // `file` is the name of the text in messages.
  explicit ConfigProblems(std::string file) : file_(std::move(file)) {}

  // Lines and columns count from 0 here, and from 1 for people; -1 is no place.
  void AddError(int line, int column, const std::string& message) override;
  void AddWarning(int line, int column, const std::string& message) override;

  void Refuse(Location at, absl::string_view text) { Add(at, text, errors_); }
  void Warn(Location at, absl::string_view text) { Add(at, text, warnings_); }

  bool ok() const { return errors_.empty(); }
  // INVALID_ARGUMENT with a line for each error, in the order of the file; OK without any.
  absl::Status status() const;
  // A line for each warning, in the order of the file.
  std::vector<std::string> warnings() const { return Lines(warnings_); }

 private:
  // By line and column; problems of one place stay in the order in which they were found.
  using Problems = std::multimap<std::pair<int, int>, std::string>;

  static void Add(Location at, absl::string_view text, Problems& problems);
  std::vector<std::string> Lines(const Problems& problems) const;

  const std::string file_;
  Problems errors_;
  Problems warnings_;
};

}  // namespace tournant
