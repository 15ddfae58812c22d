#pragma once

#include <string>

#include "pipeline/prediction.h"

namespace tournant {

// What log lines, spans and /status.json show for a call's id: the id, or, where the model's config
// asks for it (`prediction_log.hash` with `request_id`), the same hash as the prediction log keeps,
// so that one can be looked up by the other. On the call's loop.
std::string ShownId(const Prediction& prediction);

// Lets ShownId know what the model that the call asks for says. Before anything shows the call.
void LearnHowIdIsShown(const ModelVersion& model, Prediction& prediction);

}  // namespace tournant
