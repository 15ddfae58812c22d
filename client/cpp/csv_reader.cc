#include "cpp/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tournant::client {
namespace {

constexpr size_t kChunkBytes = 1 << 18;
constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvReader::CsvReader(std::istream& input, size_t max_record_bytes)
    : input_(input), max_record_bytes_(max_record_bytes) {}

bool CsvReader::Fill() {
  if (at_end_) return false;
  buffer_.erase(0, position_);
  position_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kChunkBytes);
  input_.read(buffer_.data() + before, static_cast<std::streamsize>(kChunkBytes));
  const auto got = static_cast<size_t>(input_.gcount());
  buffer_.resize(before + got);
  if (consumed_ == 0 && before == 0 && buffer_.compare(0, 3, kByteOrderMark.data(), 3) == 0) {
    position_ = kByteOrderMark.size();
    consumed_ = kByteOrderMark.size();
  }
  at_end_ = got == 0;
  return got > 0;
}

absl::StatusOr<size_t> CsvReader::RecordEnd() {
  // A quote means something only in a cell that begins with one.
  bool quoted = false;
  bool cell_start = true;
  bool quoted_cell = false;
  size_t offset = 0;
  for (;;) {
    const char* const begin = buffer_.data() + position_;
    const size_t available = buffer_.size() - position_;
    for (; offset < available; ++offset) {
      const char c = begin[offset];
      if (cell_start) quoted_cell = c == '"';
      cell_start = false;
      if (c == '"') {
        if (quoted_cell) quoted = !quoted;
      } else if (!quoted) {
        if (c == '\n') return offset + 1;
        cell_start = c == ',';
      }
    }
    if (offset > max_record_bytes_) {
      return absl::InvalidArgumentError(absl::StrCat("line ", next_line_, ": a record longer than ",
                                                     max_record_bytes_, " bytes"));
    }
    if (!Fill()) break;
  }
  if (quoted) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", next_line_, ": a quote is opened and never closed"));
  }
  return offset;
}

absl::Status CsvReader::Split(size_t length) {
  char* read = buffer_.data() + position_;
  char* end = read + length;
  if (end > read && end[-1] == '\n') --end;
  if (end > read && end[-1] == '\r') --end;
  cells_.clear();
  for (;;) {
    if (read < end && *read == '"') {
      // Unescaped in place: what is written is never longer than what was read.
      char* const begin = ++read;
      char* write = begin;
      for (; read < end; ++read) {
        if (*read == '"') {
          if (read + 1 == end || read[1] != '"') break;
          ++read;
        }
        *write++ = *read;
      }
      ++read;  // The closing quote: RecordEnd has seen that quotes are paired.
      if (read < end && *read != ',') {
        return absl::InvalidArgumentError(
            absl::StrCat("line ", line_, ": a quoted cell goes on after its closing quote"));
      }
      cells_.emplace_back(begin, static_cast<size_t>(write - begin));
    } else {
      const auto* comma =
          static_cast<char*>(std::memchr(read, ',', static_cast<size_t>(end - read)));
      const char* const stop = comma != nullptr ? comma : end;
      cells_.emplace_back(read, static_cast<size_t>(stop - read));
      read += stop - read;
    }
    if (read >= end) break;
    ++read;  // The comma; a cell follows it even at the end of the line.
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next() {
  for (;;) {
    if (position_ == buffer_.size() && !Fill()) return false;
    absl::StatusOr<size_t> length = RecordEnd();
    if (!length.ok()) {
      at_end_ = true;
      buffer_.clear();
      position_ = 0;
      return length.status();
    }
    line_ = next_line_;
    const char* const record = buffer_.data() + position_;
    next_line_ += std::count(record, record + *length, '\n');
    const bool empty =
        absl::string_view(record, *length).find_first_not_of("\r\n") == absl::string_view::npos;
    absl::Status split = empty ? absl::OkStatus() : Split(*length);
    position_ += *length;
    consumed_ += *length;
    if (!split.ok()) return split;
    if (!empty) return true;
    if (*length == 0 && at_end_) return false;
  }
}

void AppendCsvCell(absl::string_view cell, std::string& line) {
  if (cell.find_first_of(",\"\r\n") == absl::string_view::npos) {
    line.append(cell.data(), cell.size());
    return;
  }
  line.push_back('"');
  for (const char c : cell) {
    if (c == '"') line.push_back('"');
    line.push_back(c);
  }
  line.push_back('"');
}

}  // namespace tournant::client
