#include "predictions/kafka/property_check.h"

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tournant {
namespace {

struct Ours {
  absl::string_view name;
  absl::string_view why;
};

constexpr absl::string_view kSink = "brokers and topic come with --prediction_log";
constexpr absl::string_view kInSync = "an idempotent producer waits for all in-sync replicas";
constexpr absl::string_view kReports = "each message needs its delivery report";
constexpr absl::string_view kQueue = "a message above it would wait for ever";

// That "durable" means what it says, and that a batch comes to an end, hangs on these.
constexpr Ours kOurs[] = {
    {"bootstrap.servers", kSink},
    {"metadata.broker.list", kSink},
    // Its brokers are in this process and keep nothing.
    {"test.mock.num.brokers", kSink},
    {"enable.idempotence", kInSync},
    {"acks", kInSync},
    {"request.required.acks", kInSync},
    {"transactional.id", kInSync},
    {"delivery.report.only.error", kReports},
    // librdkafka keeps what is in there until somebody fetches it.
    {"log.queue", "nothing reads such a queue"},
    {"queue.buffering.max.kbytes", kQueue},
};

absl::Status Refused(const KafkaProperty& property, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(property.where.empty() ? "kafka" : property.where,
                                                 ": '", property.name, "' ", why));
}

bool IsTimeout(absl::string_view name) {
  return name == "message.timeout.ms" || name == "delivery.timeout.ms";
}

}  // namespace

absl::Status CheckKafkaProperties(const std::vector<KafkaProperty>& properties) {
  for (const KafkaProperty& property : properties) {
    for (const Ours& ours : kOurs) {
      if (property.name != ours.name) continue;
      return Refused(property, absl::StrCat("is set by the server: ", ours.why));
    }
    // As librdkafka reads a number. What is none it refuses as well.
    constexpr int kAnyBase = 0;
    if (IsTimeout(property.name) && std::strtol(property.value.c_str(), nullptr, kAnyBase) <= 0) {
      return Refused(property,
                     "is milliseconds, from 1 on: without an end to its attempts, a record would "
                     "hold up all that come after it");
    }
  }
  return absl::OkStatus();
}

}  // namespace tournant
