#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tournant::client {

// Reads CSV (RFC 4180: commas, quotes doubled inside quotes, line breaks inside quotes; a line ends
// with LF or CRLF) one record at a time through one buffer, so that a file of any size costs the
// memory of its longest record. Empty lines are skipped. One thread.
class CsvReader {
 public:
  // `input` has to outlive this. A record longer than `max_record_bytes` is an error.
  explicit CsvReader(std::istream& input, size_t max_record_bytes = 16 << 20);

  // Moves to the next record; false at the end. The error of a quote that is never closed, or that
  // does not end its cell, names the line, and the reader ends there.
  absl::StatusOr<bool> Next();

  // Of the current record; they hold until Next is called.
  std::span<const absl::string_view> cells() const { return cells_; }
  // Where it begins, counted from 1.
  int64_t line() const { return line_; }
  // Taken from the input so far, for progress.
  uint64_t bytes_consumed() const { return consumed_; }

 private:
  bool Fill();  // False at the end of the input.
  absl::StatusOr<size_t>
  RecordEnd();  // Length of the record at position_, its line break included.
  absl::Status Split(size_t length);

  std::istream& input_;
  const size_t max_record_bytes_;
  std::string buffer_;
  size_t position_ = 0;  // Of the next record in buffer_.
  bool at_end_ = false;
  std::vector<absl::string_view> cells_;
  int64_t line_ = 0;
  int64_t next_line_ = 1;
  uint64_t consumed_ = 0;
};

// Appends `cell`, in quotes where it needs them.
void AppendCsvCell(absl::string_view cell, std::string& line);

}  // namespace tournant::client
