#include "cpp/random_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "cpp/draw.h"
#include "cpp/tensor_codec.h"
#include "cpp/written_tensor.h"

namespace tournant::client {
namespace {

constexpr int64_t kMaxBytes = 64 << 20;
constexpr int kLetters = 8;

std::string RandomText(Datatype type, Rng& rng) {
  const auto below = [&rng](uint64_t bound) { return rng.Next() % bound; };
  switch (type) {
    case Datatype::kFp16:
    case Datatype::kBf16:
    case Datatype::kFp32:
    case Datatype::kFp64:
      return absl::StrCat(DrawFraction(rng));
    case Datatype::kBool:
      return absl::StrCat(below(2));
    case Datatype::kBytes: {
      std::string letters;
      for (int i = 0; i < kLetters; ++i) letters += static_cast<char>('a' + below(26));
      return letters;
    }
    default:
      return absl::StrCat(below(10));
  }
}

// Without the batch dimension.
absl::StatusOr<std::vector<int64_t>> DimsOf(const TensorSignature& input, const OpenSizes& sizes) {
  const auto given = sizes.find(input.name);
  size_t used = 0;
  std::vector<int64_t> dims = input.dims;
  for (int64_t& size : dims) {
    if (size >= 0) continue;
    if (given == sizes.end() || used == given->second.size()) {
      return WrongInput(input.name, absl::StrCat("its dimensions [", absl::StrJoin(input.dims, ","),
                                                 "] are of any size; give them as --dim=",
                                                 input.name, "=SIZE[xSIZE...]"));
    }
    size = given->second[used++];
  }
  if (given != sizes.end() && used < given->second.size()) {
    return WrongInput(input.name,
                      absl::StrCat("--dim gives ", given->second.size(), " sizes, and [",
                                   absl::StrJoin(input.dims, ","), "] has ", used, " of any size"));
  }
  return dims;
}

absl::StatusOr<int64_t> ElementsOf(const TensorSignature& input,
                                   const std::vector<int64_t>& shape) {
  const auto element = static_cast<int64_t>(
      input.type == Datatype::kBytes ? sizeof(uint32_t) + kLetters : ElementSize(input.type));
  int64_t elements = 1;
  for (const int64_t size : shape) {
    if (size > 0 && elements > kMaxBytes / element / size) {
      return WrongInput(input.name,
                        absl::StrCat("[", absl::StrJoin(shape, ","), "] takes more than 64 MiB"));
    }
    elements *= size;
  }
  return elements;
}

bool TakesInput(const ModelSignature& signature, const std::string& name) {
  return std::any_of(signature.inputs.begin(), signature.inputs.end(),
                     [&name](const TensorSignature& input) { return input.name == name; });
}

absl::Status CheckRows(const ModelSignature& signature, int64_t rows) {
  if (rows == 1 || rows <= signature.max_batch_size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      signature.batches()
          ? absl::StrCat("--rows: ", rows, " is more than ", signature.max_batch_size,
                         ", the largest batch of model '", signature.name, "'")
          : absl::StrCat("--rows: model '", signature.name, "' takes no batches"));
}

}  // namespace

absl::StatusOr<OpenSizes> ParseOpenSizes(absl::string_view text) {
  OpenSizes sizes;
  for (const absl::string_view entry : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const size_t equals = entry.rfind('=');
    const auto wrong = [entry] {
      return absl::InvalidArgumentError(
          absl::StrCat("'", Quote(entry), "' is not NAME=SIZE[xSIZE...] with sizes from 1"));
    };
    if (equals == absl::string_view::npos) return wrong();
    std::vector<int64_t>& list = sizes[std::string(entry.substr(0, equals))];
    if (!list.empty()) return wrong();
    for (const absl::string_view number : absl::StrSplit(entry.substr(equals + 1), 'x')) {
      int64_t size = 0;
      if (!absl::SimpleAtoi(number, &size) || size < 1) return wrong();
      list.push_back(size);
    }
  }
  return sizes;
}

absl::StatusOr<inference::ModelInferRequest> RandomRequest(const ModelSignature& signature,
                                                           int64_t rows, const OpenSizes& sizes,
                                                           Rng& rng) {
  if (absl::Status checked = CheckRows(signature, rows); !checked.ok()) return checked;
  for (const auto& [name, unused] : sizes) {
    if (!TakesInput(signature, name)) {
      return absl::InvalidArgumentError(absl::StrCat("--dim: model '", signature.name,
                                                     "' has no input '", Quote(name),
                                                     "'; it has: ", signature.InputNames()));
    }
  }
  inference::ModelInferRequest request;
  request.set_model_name(signature.name);
  request.set_model_version(signature.version);
  for (const TensorSignature& input : signature.inputs) {
    absl::StatusOr<std::vector<int64_t>> shape = DimsOf(input, sizes);
    if (!shape.ok()) return shape.status();
    if (signature.batches()) shape->insert(shape->begin(), rows);
    const absl::StatusOr<int64_t> elements = ElementsOf(input, *shape);
    if (!elements.ok()) return elements.status();
    WrittenTensor written{.raw = {}, .elements = *elements, .nesting = {}};
    for (int64_t i = 0; i < *elements; ++i) {
      absl::Status added = AppendElement(input.type, RandomText(input.type, rng), written.raw);
      if (!added.ok()) return WrongInput(input.name, added.message());
    }
    absl::Status added = AddShaped(input.name, input.type, *shape, std::move(written), request);
    if (!added.ok()) return added;
  }
  return request;
}

std::string InputShapes(const inference::ModelInferRequest& request) {
  std::string text;
  for (const auto& input : request.inputs()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", input.name(), " ", input.datatype(), " [",
                    absl::StrJoin(input.shape(), ","), "]");
  }
  return text;
}

}  // namespace tournant::client
