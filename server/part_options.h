#pragma once

#include <string>

#include "admission/admission.h"
#include "config.h"
#include "models/loader.h"
#include "pipeline/blocking_predictor.h"
#include "predictions/open_prediction_log.h"
#include "predictions/prediction_log.h"
#include "rpc/model_server.h"
#include "status/rest_service.h"

namespace tournant {

// What the settings are to each part of the server. What parts need of each other is main's.
BlockingPredictor::Options HttpCallOptions(const Config& config, Tracer* tracer);
RestService::Options RestOptions(const Config& config);
ModelServer::Options ServerOptions(const Config& config);
AdmissionControl::Options AdmissionOptions(const Config& config);
PredictionLog::Options PredictionLogOptions(const Config& config);
ModelLoader::Options LoaderOptions(const Config& config);

// Null in a build without Kafka.
KafkaOpener KafkaOpenerOf(const Config& config);
// What values in the prediction log are hashed with; a new one each time where no file gives it.
std::string SaltOf(const Config& config);

}  // namespace tournant
