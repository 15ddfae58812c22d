#include "bench/bench_inputs.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tournant {
namespace {

// Scatters neighbours over the whole range (splitmix64), as ids of different rows are.
uint64_t Mixed(uint64_t value) {
  value += 0x9E37'79B9'7F4A'7C15;
  value = (value ^ (value >> 30)) * 0xBF58'476D'1CE4'E5B9;
  value = (value ^ (value >> 27)) * 0x94D0'49BB'1331'11EB;
  return value ^ (value >> 31);
}

template <class Value>
void Append(Value value, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

absl::StatusOr<std::vector<BenchInput>> ParseBenchInputs(absl::string_view text) {
  std::vector<BenchInput> inputs;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(part, ':');
    BenchInput input;
    const bool typed = fields.size() >= 3 && absl::SimpleAtoi(fields[2], &input.width);
    const bool floating = typed && fields.size() == 3 && fields[1] == "FP32";
    input.whole = typed && fields.size() == 4 && fields[1] == "INT64" &&
                  absl::SimpleAtoi(fields[3], &input.below);
    if ((!floating && !input.whole) || fields[0].empty() || input.width < 1 || input.below < 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--inputs: '", part, "' is neither NAME:FP32:WIDTH nor NAME:INT64:WIDTH:BELOW"));
    }
    input.name = std::string(fields[0]);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::string InputBytes(const BenchInput& input, int64_t first_row, int64_t rows) {
  std::string bytes;
  for (int64_t i = first_row * input.width; i < (first_row + rows) * input.width; ++i) {
    if (input.whole) {
      const uint64_t value = Mixed(static_cast<uint64_t>(i)) % static_cast<uint64_t>(input.below);
      Append(static_cast<int64_t>(value), bytes);
    } else {
      Append(static_cast<float>(i % 64) / 64, bytes);
    }
  }
  return bytes;
}

}  // namespace tournant
