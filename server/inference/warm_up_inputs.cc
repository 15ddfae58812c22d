#include "inference/warm_up_inputs.h"

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "models/found_model.h"
#include "models/model_file.h"
#include "models/warm_up_sample.h"

namespace tournant {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 28;

// Bytes of a tensor, of empty strings for BYTES: their lengths, four zero bytes each. Nothing above
// the limit.
std::optional<size_t> SmallestSize(DataType type, const Shape& shape) {
  const DataType sized = type == DataType::kBytes ? DataType::kUint32 : type;
  const std::optional<int64_t> size = ByteSize(sized, shape);
  if (!size || *size > kMostBytes) return std::nullopt;
  return static_cast<size_t>(*size);
}

template <class Value>
void AppendValue(Value value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Up to eight small letters.
std::string RandomText(Rng& rng) {
  uint64_t left = rng.Next();
  std::string text(left % 9, '\0');
  for (char& letter : text) {
    left /= 26;
    letter = static_cast<char>('a' + left % 26);
  }
  return text;
}

// A floating-point number from 1 up to 2: the bits of 1, and a mantissa of `bits` random ones.
// Any bits at all could be a NaN or far from what a model can take.
template <class Value>
Value RandomFraction(Value one, int bits, Rng& rng) {
  return static_cast<Value>(one | (rng.Next() >> (64 - bits)));
}

void AppendRandom(DataType type, Rng& rng, std::string& bytes) {
  switch (type) {
    case DataType::kBytes:
      return AppendBytesElement(RandomText(rng), bytes);
    case DataType::kFp16:
      return AppendValue(RandomFraction<uint16_t>(0x3C00, 10, rng), bytes);
    case DataType::kBf16:
      return AppendValue(RandomFraction<uint16_t>(0x3F80, 7, rng), bytes);
    case DataType::kFp32:
      return AppendValue(RandomFraction<uint32_t>(0x3F80'0000, 23, rng), bytes);
    case DataType::kFp64:
      return AppendValue(RandomFraction<uint64_t>(0x3FF0'0000'0000'0000, 52, rng), bytes);
    default:
      break;
  }
  // 0 or 1: a larger whole number may be outside of a table that the model looks it up in.
  std::string value(ElementSize(type), '\0');
  value[0] = static_cast<char>(rng.Next() & 1);
  bytes += value;
}

// The bytes of one row, as its file holds them.
absl::StatusOr<std::string> ReadRow(const WarmUpInput& input,
                                    const std::filesystem::path& directory) {
  const std::filesystem::path folder = directory / kWarmUpFolder;
  const std::string shown = absl::StrCat(kWarmUpFolder, "/", Quote(input.file));
  absl::StatusOr<std::string> bytes = ReadModelFile(folder / input.file, kMostBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), shown);
  const Shape shape(input.dims.begin(), input.dims.end());
  const std::string of = absl::StrCat(ShapeText(shape), " of ", DataTypeName(input.type));
  if (input.type == DataType::kBytes) {
    std::vector<absl::string_view> elements;
    const absl::Status split =
        SplitBytesElements(*bytes, ElementCount(shape).value_or(-1), elements);
    if (!split.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(shown, ": is not one row, ", of, ": ", split.message()));
    }
  } else if (ByteSize(input.type, shape) != static_cast<int64_t>(bytes->size())) {
    return absl::InvalidArgumentError(absl::StrCat(shown, ": has ", bytes->size(),
                                                   " bytes; one row, ", of, ", has ",
                                                   ByteSize(input.type, shape).value_or(-1)));
  }
  return bytes;
}

absl::Status Fill(const WarmUpInput& input, int64_t rows, const std::filesystem::path& directory,
                  Rng& rng, Tensor& tensor) {
  const std::optional<size_t> size = SmallestSize(tensor.type, tensor.shape);
  const auto too_large = [] {
    return absl::InvalidArgumentError(absl::StrCat("would take more than ", kMostBytes, " bytes"));
  };
  if (!size) return too_large();
  if (input.contents == WarmUpInput::Contents::kZero) {
    tensor.bytes.assign(*size, '\0');
  } else if (input.contents == WarmUpInput::Contents::kRandom) {
    const int64_t count = *ElementCount(tensor.shape);
    for (int64_t i = 0; i < count; ++i) AppendRandom(tensor.type, rng, tensor.bytes);
  } else {
    const absl::StatusOr<std::string> row = ReadRow(input, directory);
    if (!row.ok()) return row.status();
    if (static_cast<int64_t>(row->size()) > kMostBytes / rows) return too_large();
    for (int64_t i = 0; i < rows; ++i) tensor.bytes += *row;
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<std::vector<Tensor>> ZeroInputs(const ModelConfig& config, int64_t rows) {
  if (!config.warm_up_size) return std::nullopt;
  std::vector<Tensor> inputs;
  for (const TensorSpec& spec : config.inputs) {
    Tensor& input = inputs.emplace_back();
    input.type = spec.type;
    if (config.max_batch_size > 0) input.shape.push_back(rows);
    for (const int64_t dim : spec.dims) input.shape.push_back(dim < 0 ? *config.warm_up_size : dim);
    const std::optional<size_t> size = SmallestSize(input.type, input.shape);
    if (!size) return std::nullopt;
    input.bytes.assign(*size, '\0');
  }
  return inputs;
}

absl::StatusOr<std::vector<Tensor>> SampleInputs(const WarmUpSample& sample,
                                                 const ModelConfig& config,
                                                 const std::filesystem::path& directory, Rng& rng) {
  if (absl::Status fits = CheckWarmUpSample(sample, config); !fits.ok()) return fits;
  std::vector<Tensor> inputs;
  for (const TensorSpec& spec : config.inputs) {
    Tensor& tensor = inputs.emplace_back();
    const auto given = sample.inputs.find(spec.name);
    if (given == sample.inputs.end()) continue;
    const WarmUpInput& input = given->second;
    tensor.type = input.type;
    if (config.max_batch_size > 0) tensor.shape.push_back(sample.batch_size);
    tensor.shape.insert(tensor.shape.end(), input.dims.begin(), input.dims.end());
    const absl::Status filled = Fill(input, sample.batch_size, directory, rng, tensor);
    if (!filled.ok()) {
      return Annotate(filled, absl::StrCat("input '", Quote(spec.name), "'"));
    }
  }
  return inputs;
}

}  // namespace tournant
