#include "pipeline/shown_id.h"

#include "predictions/hashed_values.h"
#include "predictions/model_log.h"

namespace tournant {

std::string ShownId(const Prediction& prediction) {
  const std::string& id = prediction.request.id;
  if (id.empty() || prediction.hashes_id == nullptr) return id;
  return HashedValue(prediction.hashes_id->salt(), id);
}

void LearnHowIdIsShown(const ModelVersion& model, Prediction& prediction) {
  if (model.log != nullptr && model.log->Hashes(ModelLog::kRequestId)) {
    prediction.hashes_id = model.log;
  }
}

}  // namespace tournant
