#include "predictions/open_prediction_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/rng.h"
#include "base/status.h"
#include "predictions/file_names.h"
#include "predictions/json_lines_store.h"
#include "predictions/posix_log_files.h"
#include "predictions/record_codec.h"

namespace tournant {
namespace {

absl::StatusOr<std::unique_ptr<PredictionLog>> OpenSink(const LogSink& sink,
                                                        PredictionLog::Options options,
                                                        const Clock& clock,
                                                        const KafkaOpener& kafka) {
  switch (sink.kind) {
    case LogSink::Kind::kFolder:
      break;
    case LogSink::Kind::kJsonLines: {
      options.sink = absl::StrCat("jsonl:", sink.path);
      const std::string run = UniqueRun(clock.WallNow(), RandomSeed());
      auto store = JsonLinesStore::Open(sink.path, run);
      if (!store.ok()) return store.status();
      return PredictionLog::Start(std::move(options), clock, *std::move(store),
                                  JsonLineEncoderOfRun(run));
    }
    case LogSink::Kind::kKafka: {
      options.sink = absl::StrCat("kafka:", sink.brokers, "/", sink.topic);
      if (kafka == nullptr) {
        return absl::InvalidArgumentError(
            "this server was built without Kafka: install librdkafka-dev and build it again");
      }
      auto store = kafka(sink);
      if (!store.ok()) return store.status();
      return PredictionLog::Start(std::move(options), clock, *std::move(store),
                                  EncoderOfRun(UniqueRun(clock.WallNow(), RandomSeed())));
    }
  }
  options.sink = sink.path;
  auto directory = PosixLogDirectory::Make(sink.path);
  if (!directory.ok()) return directory.status();
  return PredictionLog::Open(std::move(options), clock, *std::move(directory), EncodeRecord);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PredictionLog>> OpenPredictionLog(const LogSink& sink,
                                                                 PredictionLog::Options options,
                                                                 const Clock& clock,
                                                                 const KafkaOpener& kafka) {
  auto log = OpenSink(sink, std::move(options), clock, kafka);
  if (!log.ok()) return Annotate(log.status(), "prediction log");
  return log;
}

}  // namespace tournant
