#pragma once

#include <vector>

#include "absl/status/status.h"
#include "models/model_config.h"
#include "torchscript/module_tensors.h"
#include "torchscript/probe.h"
#include "torchscript/signature.h"

namespace tournant {

// Whether the type or the dims of an input are not known yet, or whether there is a batch
// dimension.
bool NeedsSearch(const ModelConfig& config);

// Finds by trial what `config` leaves out about its inputs, whose names are known: types and dims
// that are likely, given the sizes of the model's own tensors, are tried on small numbers until the
// model runs. A size that may change is any size. Where max_batch_size is open, the model gets
// batches if several rows at once give what each gives alone, and a batch of 0 otherwise. The
// trials are bounded. INVALID_ARGUMENT, with what to write, when nothing ran.
absl::Status FindInputs(const ModuleTensors& tensors, const std::vector<ForwardArgument>& arguments,
                        const ForwardFunction& forward, ModelConfig& config);

}  // namespace tournant
