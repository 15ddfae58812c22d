#pragma once

#include "predictions/prediction_record.h"
#include "tournant/prediction.pb.h"

namespace tournant {

// Cuts the features out of the record's assembled inputs, column by column, with where their cells
// came from; and says where the entity keys are. Nothing of a record without a layout.
void AddLoggedColumns(const PredictionRecord& record, LoggedPrediction& message);

}  // namespace tournant
