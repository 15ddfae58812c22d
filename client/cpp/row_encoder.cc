#include "cpp/row_encoder.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "cpp/tensor_codec.h"

namespace tournant::client {
namespace {

// A row of more elements than this would not fit a message.
constexpr int64_t kMaxElement = 1 << 20;

// "dense[3]" -> dense, 3
bool SplitIndexed(absl::string_view header, absl::string_view& name, int64_t& element) {
  const size_t open = header.rfind('[');
  if (open == absl::string_view::npos || !absl::EndsWith(header, "]")) return false;
  name = header.substr(0, open);
  return absl::SimpleAtoi(header.substr(open + 1, header.size() - open - 2), &element) &&
         element >= 0 && element < kMaxElement;
}

}  // namespace

absl::StatusOr<RowEncoder> RowEncoder::Make(const ModelSignature& signature,
                                            std::span<const absl::string_view> header,
                                            absl::string_view label) {
  RowEncoder encoder(signature);
  if (absl::Status bound = encoder.Bind(header, label); !bound.ok()) return bound;
  return encoder;
}

absl::Status RowEncoder::Bind(std::span<const absl::string_view> header, absl::string_view label) {
  for (const absl::string_view cell : header) {
    const std::string name(absl::StripAsciiWhitespace(cell));
    const int column = static_cast<int>(header_.size());
    if (std::find(header_.begin(), header_.end(), name) != header_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the header names column '", Quote(name), "' twice"));
    }
    header_.push_back(name);
    absl::string_view tensor_name = name;
    int64_t element = 0;
    if (!label.empty() && name == label) {
      label_column_ = column;
      continue;
    }
    const TensorSignature* tensor = signature_.FindInput(name);
    if (tensor == nullptr && SplitIndexed(name, tensor_name, element)) {
      tensor = signature_.FindInput(tensor_name);
    } else if (tensor != nullptr && tensor->Width() > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("column '", name, "': the tensor has ", tensor->Width(),
                       " elements a row, so name its columns ", name, "[0] to ", name, "[",
                       tensor->Width() - 1, "]"));
    }
    if (tensor == nullptr) {
      ignored_.push_back(name);
      continue;
    }
    if (absl::Status added = AddColumn(*tensor, element, column); !added.ok()) return added;
  }
  if (!label.empty() && label_column_ < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file has no column '", Quote(label),
                     "' for the label; its columns: ", Quote(absl::StrJoin(header_, ", "), 400)));
  }
  absent_.assign(sources_.size(), '0');
  return CheckSources();
}

absl::Status RowEncoder::AddColumn(const TensorSignature& tensor, int64_t element, int column) {
  auto source = std::find_if(sources_.begin(), sources_.end(), [&](const Source& candidate) {
    return candidate.tensor.name == tensor.name;
  });
  if (source == sources_.end()) {
    sources_.push_back({tensor, {}, {}});
    source = sources_.end() - 1;
  }
  if (element >= static_cast<int64_t>(source->columns.size())) {
    source->columns.resize(static_cast<size_t>(element) + 1, -1);
  }
  int& place = source->columns[static_cast<size_t>(element)];
  if (place >= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("column '", header_[column], "': the header already names that element"));
  }
  place = column;
  return absl::OkStatus();
}

absl::Status RowEncoder::CheckSources() const {
  std::vector<absl::Status> errors;
  for (const TensorSignature& input : signature_.inputs) {
    const bool given = std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
      return source.tensor.name == input.name;
    });
    if (!given && !input.optional) {
      errors.push_back(absl::InvalidArgumentError(
          absl::StrCat("the file has no column for the required input '", input.name, "'")));
    }
  }
  if (!errors.empty()) {
    errors.push_back(absl::InvalidArgumentError(
        absl::StrCat("its columns: ", Quote(absl::StrJoin(header_, ", "), 400))));
  }
  for (const Source& source : sources_) {
    const auto columns = static_cast<int64_t>(source.columns.size());
    const int64_t width = source.tensor.Width() < 0 ? columns : source.tensor.Width();
    if (columns > width) {
      errors.push_back(absl::InvalidArgumentError(absl::StrCat("column '", source.tensor.name, "[",
                                                               columns - 1, "]': the tensor has ",
                                                               width, " elements a row")));
      continue;
    }
    for (int64_t i = 0; i < width; ++i) {
      if (i < columns && source.columns[static_cast<size_t>(i)] >= 0) continue;
      errors.push_back(absl::InvalidArgumentError(absl::StrCat(
          "the file has no column '", source.tensor.name, "[", i, "]', one of ", width)));
      break;
    }
  }
  return JoinErrors(errors);
}

bool RowEncoder::Absent(const Source& source, std::span<const absl::string_view> cells) {
  if (!source.tensor.optional) return false;
  return std::all_of(source.columns.begin(), source.columns.end(),
                     [&](int column) { return cells[column].empty(); });
}

bool RowEncoder::Joins(std::span<const absl::string_view> cells) {
  if (rows_ == 0) return true;
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (Absent(sources_[i], cells) != (absent_[i] == '1')) return false;
  }
  return true;
}

absl::Status RowEncoder::AddCells(Source& source, std::span<const absl::string_view> cells) const {
  for (const int column : source.columns) {
    const absl::string_view cell = cells[column];
    if (cell.empty() && source.tensor.type != Datatype::kBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("column '", header_[column], "': the cell is empty",
                       source.tensor.optional ? "" : " and the input is not optional"));
    }
    if (absl::Status added = AppendElement(source.tensor.type, cell, source.raw); !added.ok()) {
      return Annotate(added, absl::StrCat("column '", header_[column], "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status RowEncoder::Add(std::span<const absl::string_view> cells) {
  if (cells.size() != header_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the row has ", cells.size(), " cells where the header has ", header_.size()));
  }
  sizes_.clear();  // What a row that fails half way is taken back to.
  for (size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    sizes_.push_back(source.raw.size());
    const bool absent = Absent(source, cells);
    if (rows_ == 0) absent_[i] = absent ? '1' : '0';
    if (absent) continue;
    const absl::Status added = AddCells(source, cells);
    if (added.ok()) continue;
    for (size_t j = 0; j <= i; ++j) sources_[j].raw.resize(sizes_[j]);
    return added;
  }
  ++rows_;
  return absl::OkStatus();
}

const inference::ModelInferRequest& RowEncoder::TakeRequest() {
  request_.Clear();  // Keeps the memory of what it held, as do the strings swapped below.
  request_.set_model_name(signature_.name);
  request_.set_model_version(signature_.version);
  for (size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    if (absent_[i] == '1') continue;
    auto* input = request_.add_inputs();
    input->set_name(source.tensor.name);
    input->set_datatype(std::string(DatatypeName(source.tensor.type)));
    const auto shape =
        signature_.ShapeOf(source.tensor, rows_, static_cast<int64_t>(source.columns.size()));
    input->mutable_shape()->Assign(shape.begin(), shape.end());
    request_.add_raw_input_contents()->swap(source.raw);
    source.raw.clear();
  }
  rows_ = 0;
  return request_;
}

std::optional<bool> RowEncoder::Label(std::span<const absl::string_view> cells) const {
  if (label_column_ < 0 || static_cast<size_t>(label_column_) >= cells.size()) return std::nullopt;
  const absl::string_view cell = absl::StripAsciiWhitespace(cells[label_column_]);
  if (absl::EqualsIgnoreCase(cell, "true")) return true;
  if (absl::EqualsIgnoreCase(cell, "false")) return false;
  double value = 0;
  if (!absl::SimpleAtod(cell, &value) || (value != 0 && value != 1)) return std::nullopt;
  return value == 1;
}

}  // namespace tournant::client
