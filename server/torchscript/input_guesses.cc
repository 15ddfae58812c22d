#include "torchscript/input_guesses.h"

#include <algorithm>
#include <optional>

namespace tournant {
namespace {

constexpr int kMostVisits = 20'000;

using Dims = std::vector<int64_t>;

bool IsFloat(DataType type) {
  return type == DataType::kFp32 || type == DataType::kFp64 || type == DataType::kFp16 ||
         type == DataType::kBf16;
}

// Numbers, or indices of a table; more than these only where the dims are known.
std::vector<DataType> TypesFor(const TensorSpec& input, const ModuleTensors& tensors) {
  if (input.type != DataType::kInvalid) return {input.type};
  std::vector<DataType> types = {tensors.float_type, DataType::kInt64};
  if (input.dims.empty()) return types;
  for (const DataType type : {DataType::kBool, DataType::kInt32, DataType::kFp32, DataType::kFp64,
                              DataType::kFp16, DataType::kBf16, DataType::kUint8}) {
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  }
  return types;
}

// Of one row: vectors, images, sequences of vectors.
std::vector<Dims> RowDims(DataType type, const std::vector<int64_t>& sizes) {
  if (type == DataType::kBytes) return {{1}};
  std::vector<Dims> dims = {{-1}};
  for (const int64_t size : sizes) dims.push_back({size});
  if (!IsFloat(type)) {
    dims.push_back({-1, -1});
    return dims;
  }
  for (const int64_t channels : {int64_t{3}, int64_t{1}}) dims.push_back({channels, -1, -1});
  for (const int64_t size : sizes) {
    if (size != 3 && size != 1) dims.push_back({size, -1, -1});
  }
  for (const int64_t size : sizes) dims.push_back({-1, size});
  for (const int64_t size : sizes) dims.push_back({size, -1});
  dims.push_back({-1, -1});
  return dims;
}

std::vector<Dims> VectorDims(DataType type, const std::vector<int64_t>& sizes) {
  std::vector<Dims> dims = {{-1}};
  if (type == DataType::kBytes) return dims;
  for (const int64_t size : sizes) dims.push_back({size});
  return dims;
}

std::vector<Dims> DimsFor(DataType type, const std::vector<int64_t>& sizes, GuessForm form) {
  if (form == GuessForm::kVector) return VectorDims(type, sizes);
  std::vector<Dims> dims = RowDims(type, sizes);
  if (form == GuessForm::kRow) return dims;
  if (type == DataType::kBytes) return VectorDims(type, sizes);
  for (Dims& one : dims) one.insert(one.begin(), -1);
  for (Dims& one : VectorDims(type, sizes)) dims.push_back(std::move(one));
  return dims;
}

// Visits the combinations of one sum of places.
class SumVisitor {
 public:
  SumVisitor(const GuessChoices& choices,
             const std::function<GuessVerdict(const std::vector<InputGuess>&)>& visit)
      : choices_(choices), visit_(visit), guesses_(choices.size()) {}

  // Gives `sum` to the inputs from `input` on.
  GuessVerdict Visit(size_t sum, size_t input) {
    if (++visits_ > kMostVisits) return GuessVerdict::kStop;
    if (input == choices_.size()) {
      return sum == 0 ? visit_(guesses_) : GuessVerdict::kNext;
    }
    const auto& choices = choices_[input];
    const bool last = input + 1 == choices_.size();
    for (size_t place = last ? sum : 0; place <= sum && place < choices.size(); ++place) {
      guesses_[input] = choices[place];
      const GuessVerdict verdict = Visit(sum - place, input + 1);
      if (verdict != GuessVerdict::kNext) return verdict;
    }
    return GuessVerdict::kNext;
  }

 private:
  const GuessChoices& choices_;
  const std::function<GuessVerdict(const std::vector<InputGuess>&)>& visit_;
  std::vector<InputGuess> guesses_;
  int visits_ = 0;
};

GuessVerdict VisitAlike(const GuessChoices& choices,
                        const std::function<GuessVerdict(const std::vector<InputGuess>&)>& visit) {
  size_t most = 0;
  for (const auto& one : choices) most = std::max(most, one.size());
  for (size_t place = 1; place < most; ++place) {  // 0 is the sum of 0.
    std::vector<InputGuess> guesses;
    for (const auto& one : choices) guesses.push_back(one[std::min(place, one.size() - 1)]);
    const GuessVerdict verdict = visit(guesses);
    if (verdict != GuessVerdict::kNext) return verdict;
  }
  return GuessVerdict::kNext;
}

}  // namespace

GuessChoices ChoicesFor(const std::vector<TensorSpec>& inputs, const ModuleTensors& tensors,
                        GuessForm form) {
  GuessChoices choices;
  for (const TensorSpec& input : inputs) {
    std::vector<InputGuess>& of_input = choices.emplace_back();
    const std::vector<DataType> types = TypesFor(input, tensors);
    size_t longest = 0;
    std::vector<std::vector<Dims>> by_type;
    for (const DataType type : types) {
      by_type.push_back(input.dims.empty() ? DimsFor(type, tensors.sizes, form)
                                           : std::vector<Dims>{input.dims});
      longest = std::max(longest, by_type.back().size());
    }
    for (size_t place = 0; place < longest; ++place) {
      for (size_t t = 0; t < types.size(); ++t) {
        if (place < by_type[t].size()) of_input.push_back({types[t], by_type[t][place]});
      }
    }
  }
  return choices;
}

bool ForEachGuess(const GuessChoices& choices,
                  const std::function<GuessVerdict(const std::vector<InputGuess>&)>& visit) {
  SumVisitor by_sum(choices, visit);
  GuessVerdict verdict = by_sum.Visit(0, 0);
  if (verdict == GuessVerdict::kNext && choices.size() > 1) verdict = VisitAlike(choices, visit);
  size_t largest = 0;
  for (const auto& one : choices) largest += one.size() - 1;
  for (size_t sum = 1; sum <= largest && verdict == GuessVerdict::kNext; ++sum) {
    verdict = by_sum.Visit(sum, 0);
  }
  return verdict == GuessVerdict::kFound;
}

}  // namespace tournant
