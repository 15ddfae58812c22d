#pragma once

#include <cstdint>
#include <string>

#include "models/registry.h"
#include "pipeline/blocking_predictor.h"
#include "status/http_server.h"
#include "status/waiting_room.h"

namespace tournant {

// The REST form of the Open Inference Protocol:
//   GET  /v2                                    name, version, extensions
//   GET  /v2/models/NAME[/versions/V]           its tensors
//   GET  /v2/models/NAME[/versions/V]/ready     200 or 503
//   POST /v2/models/NAME[/versions/V]/infer     a prediction
// Errors are {"error": "..."}. Predictions take the way of all others, on an event loop; the HTTP
// server's thread reads and writes JSON and sleeps in between. When WaitingRoom is full they are
// refused with 503.
//
// Owned by main; outlives the HTTP server. Any of its threads.
class RestService {
 public:
  struct Options {
    bool infer = true;  // False: predictions are refused with 403.
    int64_t max_message_bytes = 64 << 20;
    int most_calls = 8;  // Predictions on their way at once.
  };

  // What is passed in outlives it.
  RestService(const ModelRegistry& registry, BlockingPredictor& predictor, Options options);

  HttpServer::Routes Routes();

 private:
  // What a path below /v2/models/ names.
  struct Target {
    std::string model;
    std::string version;  // Empty: the one that is served.
    std::string action;   // Empty, "ready" or "infer".
  };
  static absl::StatusOr<Target> Parse(absl::string_view path);

  struct Call {
    InferRequest asked;
    CallArrival arrival;
  };
  // All of it that is known without its body.
  static Call Begin(const HttpRequest& request, Target target);

  HttpResponse OfModel(const HttpRequest& request);
  HttpResponse Infer(const HttpRequest& request, Target target);
  // Of a call that has a place.
  HttpResponse Answer(const HttpRequest& request, Target target);
  // Lets a call whose body is not wanted, or does not come, end with `why` like every other.
  void Refuse(const HttpRequest& request, Target target, absl::Status why);
  absl::StatusOr<std::string> Predict(const HttpRequest& request, Target target, std::string body);

  const ModelRegistry& registry_;
  BlockingPredictor& predictor_;
  const Options options_;
  WaitingRoom room_;
};

}  // namespace tournant
