#pragma once

#include <functional>
#include <vector>

#include "models/tensor.h"
#include "torchscript/module_tensors.h"
#include "torchscript/trial_input.h"

namespace tournant {

// What guesses are of.
enum class GuessForm {
  kRow,     // One row of a batch.
  kWhole,   // A tensor with or without rows.
  kVector,  // A tensor of one dimension.
};

// For each input what it may be, the likelier first. What `inputs` say is kept.
using GuessChoices = std::vector<std::vector<InputGuess>>;
GuessChoices ChoicesFor(const std::vector<TensorSpec>& inputs, const ModuleTensors& tensors,
                        GuessForm form);

enum class GuessVerdict { kNext, kFound, kStop };
// Visits combinations of choices: first those that are alike for all inputs, then all of them, by
// the sum of their places. A bound keeps many inputs from taking for ever. True on kFound.
bool ForEachGuess(const GuessChoices& choices,
                  const std::function<GuessVerdict(const std::vector<InputGuess>&)>& visit);

}  // namespace tournant
