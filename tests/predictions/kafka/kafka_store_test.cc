// The sink for Kafka against librdkafka's own mock cluster, which speaks the protocol over TCP.

#include "predictions/kafka/kafka_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fakes/manual_clock.h"
#include "predictions/open_prediction_log.h"
#include "predictions/prediction_log.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"
#include "tournant/prediction.pb.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTopic[] = "predictions";
constexpr auto kLong = std::chrono::hours(1);

// A cluster of one broker with one partition, and what has arrived there.
class MockCluster {
 public:
  MockCluster() {
    char error[256];
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
    cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
  }
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void GoDown() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void ComeUp() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  // The next requests to produce are answered with `error`.
  void Refuse(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, kProduce, 1, error);
  }
  // So are the next three requests of producers for their numbers.
  void RefuseThreeProducers(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, kInitProducerId, 3, error, error, error);
  }

  // The first `count` messages, decoded.
  std::vector<LoggedPrediction> Read(size_t count) const {
    char error[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), error, sizeof error);
    rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    rd_kafka_topic_t* topic = rd_kafka_topic_new(consumer, kTopic, nullptr);
    rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING);
    std::vector<LoggedPrediction> read;
    while (read.size() < count) {
      rd_kafka_message_t* message = rd_kafka_consume(topic, 0, 1000);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        EXPECT_TRUE(
            read.emplace_back().ParseFromArray(message->payload, static_cast<int>(message->len)));
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consume_stop(topic, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(consumer);
    return read;
  }

 private:
  // The requests' numbers in the protocol.
  static constexpr int16_t kProduce = 0;
  static constexpr int16_t kInitProducerId = 22;
  rd_kafka_t* handle_;
  rd_kafka_mock_cluster_t* cluster_;
};

class KafkaStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<PredictionLog> Open(std::chrono::milliseconds delivery_timeout) {
    auto store = KafkaStore::Open({.brokers = cluster_.brokers(),
                                   .topic = kTopic,
                                   .delivery_timeout = delivery_timeout,
                                   .properties = {{"reconnect.backoff.max.ms", "50"},
                                                  {"reconnect.backoff.ms", "10"},
                                                  {"retry.backoff.ms", "10"}},
                                   .least_pause = std::chrono::milliseconds(1),
                                   .longest_pause = std::chrono::milliseconds(2)});
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = store->get();
    PredictionLog::Options options;
    options.flush_interval = std::chrono::milliseconds(0);
    options.least_pause = options.longest_pause = std::chrono::milliseconds(1);
    return PredictionLog::Start(options, clock_, *std::move(store), EncodeRecord);
  }
  void FailForGood() {
    rd_kafka_test_fatal_error(store_->producer().handle(),
                              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "for a test");
  }
  static PredictionRecord WithPlace(PredictionLog& log) {
    PredictionRecord record = SampleRecord();
    auto place = log.Reserve(1000, true);
    EXPECT_TRUE(place.ok()) << place.status();
    record.place = *std::move(place);
    return record;
  }
  static bool Adds(const PredictionLogCounters& c) {
    return c.enqueued == c.durable + c.dropped() + c.in_memory;
  }

  const SystemClock clock_;
  MockCluster cluster_;
  KafkaStore* store_ = nullptr;  // The log's.
};

TEST_F(KafkaStoreTest, CountsRecordsAsDurableWhenTheBrokerHasThem) {
  const auto log = Open(std::chrono::seconds(60));
  for (int i = 1; i <= 20; ++i) log->Record(SampleRecord(std::to_string(i)));
  log->Flush();
  EXPECT_EQ(log->counters().durable, 20u);
  EXPECT_TRUE(log->Close(kLong));
  const std::vector<LoggedPrediction> read = cluster_.Read(20);
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].sequence(), i + 1);
    EXPECT_EQ(read[i].request_id(), std::to_string(i + 1));
  }
}

TEST_F(KafkaStoreTest, WhileTheBrokerIsAwayOnlyRecordsWithAPlaceAreKept) {
  cluster_.GoDown();
  const auto log = Open(std::chrono::milliseconds(20));
  log->Record(SampleRecord("without"));
  log->Record(WithPlace(*log));
  while (log->counters().dropped_io == 0 || log->counters().retries == 0) {
    std::this_thread::yield();
    ASSERT_TRUE(Adds(log->counters()));
  }
  EXPECT_THAT(log->StatusJson(), HasSubstr("kafka topic 'predictions'"));
  cluster_.ComeUp();
  log->Flush();
  const PredictionLogCounters counters = log->counters();
  EXPECT_EQ(counters.durable, 1u);
  EXPECT_EQ(counters.dropped_io, 1u);
  EXPECT_TRUE(Adds(counters));
}

TEST_F(KafkaStoreTest, TheStatusSaysThatTheBrokerIsAwayBeforeARecordIsGivenUp) {
  cluster_.GoDown();
  const auto log = Open(kLong);
  const auto error = [&] {
    return nlohmann::json::parse(log->StatusJson())["error"].get<std::string>();
  };
  EXPECT_EQ(error(), "");
  log->Record(SampleRecord());
  while (error().find(cluster_.brokers()) == std::string::npos) std::this_thread::yield();
  EXPECT_THAT(error(), HasSubstr("kafka topic 'predictions': "));
  EXPECT_EQ(log->counters().in_memory, 1u);
  cluster_.ComeUp();
  log->Flush();
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_EQ(error(), "");
}

TEST_F(KafkaStoreTest, AMessageThatTheBrokerWillNeverTakeIsNotSentAgain) {
  const auto log = Open(std::chrono::seconds(60));
  cluster_.Refuse(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  log->Record(WithPlace(*log));
  log->Flush();
  EXPECT_EQ(log->counters().dropped_io, 1u);
  EXPECT_EQ(log->counters().retries, 0u);
  log->Record(WithPlace(*log));
  log->Flush();
  EXPECT_EQ(log->counters().durable, 1u);
}

TEST_F(KafkaStoreTest, WhatIsNotDeliveredWhenTheTimeToCloseIsUpCountsAsShutdown) {
  cluster_.GoDown();
  const auto log = Open(std::chrono::hours(1));
  for (int i = 0; i < 10; ++i) log->Record(WithPlace(*log));
  EXPECT_TRUE(log->Close(std::chrono::milliseconds(300)));
  const PredictionLogCounters counters = log->counters();
  EXPECT_EQ(counters.dropped_shutdown, 10u);
  EXPECT_EQ(counters.in_memory, 0u);
  EXPECT_TRUE(Adds(counters));
}

TEST_F(KafkaStoreTest, ANewProducerTakesThePlaceOfOneThatHasFailedForGood) {
  const auto log = Open(std::chrono::seconds(60));
  log->Record(SampleRecord("1"));
  log->Flush();
  FailForGood();
  log->Record(SampleRecord("2"));
  log->Flush();
  EXPECT_EQ(store_->producers(), 2);
  EXPECT_EQ(log->counters().durable, 2u);
  EXPECT_TRUE(Adds(log->counters()));
  const std::vector<LoggedPrediction> read = cluster_.Read(2);
  EXPECT_EQ(read[0].request_id(), "1");
  EXPECT_EQ(read[1].request_id(), "2");
}

TEST_F(KafkaStoreTest, WhatWasUnderWayWhenTheProducerFailedIsSentOnceMore) {
  const auto log = Open(std::chrono::seconds(60));
  // An idempotent producer that is told this of its first messages cannot go on.
  cluster_.Refuse(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  for (int i = 1; i <= 10; ++i) log->Record(SampleRecord(std::to_string(i)));
  log->Flush();
  EXPECT_EQ(store_->producers(), 2);
  EXPECT_EQ(log->counters().durable, 10u);
  EXPECT_EQ(log->counters().dropped(), 0u);
  EXPECT_EQ(cluster_.Read(10).size(), 10u);
}

TEST_F(KafkaStoreTest, WhatTwoProducersInARowCannotSendIsCountedAndTheNextOneGoesOn) {
  cluster_.RefuseThreeProducers(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  const auto log = Open(std::chrono::seconds(60));
  // The first one fails by itself. The second and the third get the record.
  while (store_->producer().fatal_error().ok()) std::this_thread::yield();
  log->Record(SampleRecord("lost"));
  log->Flush();
  EXPECT_EQ(log->counters().dropped_io, 1u);
  EXPECT_THAT(log->StatusJson(), HasSubstr("kafka topic 'predictions'"));
  EXPECT_TRUE(Adds(log->counters()));
  log->Record(SampleRecord("kept"));
  log->Flush();
  EXPECT_EQ(store_->producers(), 4);
  EXPECT_EQ(log->counters().durable, 1u);
  EXPECT_TRUE(Adds(log->counters()));
  EXPECT_EQ(cluster_.Read(1)[0].request_id(), "kept");
}

TEST_F(KafkaStoreTest, ARecordSaysWhichRunItIsOf) {
  std::vector<std::unique_ptr<PredictionLog>> logs;
  const KafkaOpener opener = [](const LogSink& sink) {
    return KafkaStore::Open({.brokers = sink.brokers, .topic = sink.topic});
  };
  for (int i = 0; i < 2; ++i) {
    auto log = OpenPredictionLog(
        {.kind = LogSink::Kind::kKafka, .brokers = cluster_.brokers(), .topic = kTopic}, {}, clock_,
        opener);
    ASSERT_TRUE(log.ok()) << log.status();
    (*log)->Record(SampleRecord());
    (*log)->Flush();
    logs.push_back(*std::move(log));
  }
  const std::vector<LoggedPrediction> read = cluster_.Read(2);
  EXPECT_EQ(read[0].sequence(), read[1].sequence());
  EXPECT_NE(read[0].run(), read[1].run());
  EXPECT_NE(read[0].run(), "");
}

// Of a store with such lines in its file of properties.
std::string ErrorOf(std::vector<KafkaProperty> properties) {
  for (size_t i = 0; i < properties.size(); ++i) {
    properties[i].where = absl::StrCat("kafka.properties:", i + 7);
  }
  const auto store = KafkaStore::Open(
      {.brokers = "127.0.0.1:9", .topic = kTopic, .properties = std::move(properties)});
  return std::string(store.status().message());
}
std::string ErrorOf(const std::string& name, const std::string& value) {
  return ErrorOf({{name, value}});
}

TEST(KafkaStore, KeepsValuesOutOfItsErrors) {
  const std::string unknown = ErrorOf("sasl.pasword", "hunter2");
  EXPECT_THAT(unknown, HasSubstr("kafka.properties:7: "));
  EXPECT_THAT(unknown, HasSubstr("sasl.pasword"));
  EXPECT_THAT(unknown, Not(HasSubstr("hunter2")));
  const std::string invalid = ErrorOf("security.protocol", "hunter2");
  EXPECT_THAT(invalid, HasSubstr("kafka.properties:7: "));
  EXPECT_THAT(invalid, Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf("acks", "0"), HasSubstr("kafka.properties:7: 'acks' is set by the server"));
  EXPECT_EQ(ErrorOf("sasl.password", "hunter2"), "");
}

TEST(KafkaStore, KeepsPartsOfValuesAndLongOnesOutOfItsErrors) {
  std::string longer;
  for (int i = 0; i < 200; ++i) longer += "hunter2";
  const std::vector<std::pair<std::string, std::string>> bad = {{"debug", "broker,hunter2"},
                                                                {"topic.blacklist", "ab,(hunter2"},
                                                                {"security.protocol", longer},
                                                                {"partitioner", longer}};
  for (const auto& [name, value] : bad) {
    const std::string error = ErrorOf(name, value);
    EXPECT_THAT(error, HasSubstr(absl::StrCat("kafka.properties:7: librdkafka does not take this "
                                              "value of '",
                                              name, "'")));
    EXPECT_THAT(error, Not(HasSubstr("hunter2")));
  }
}

TEST(KafkaStore, SaysWhichPropertiesDoNotGoTogetherAndWhereTheyStand) {
  EXPECT_EQ(ErrorOf({{"client.rack", "r"}, {"linger.ms", "20000"}}),
            "kafka: librdkafka makes no producer of these properties together; look at "
            "'message.timeout.ms', 'linger.ms' (kafka.properties:8)");
  // Here librdkafka names none, but quotes the value.
  const std::string unsupported =
      ErrorOf({{"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "hunter2"}});
  EXPECT_THAT(unsupported, HasSubstr("look at 'security.protocol' (kafka.properties:7), "
                                     "'sasl.mechanisms' (kafka.properties:8)"));
  EXPECT_THAT(unsupported, Not(HasSubstr("hunter2")));
}

TEST(KafkaStore, RefusesWhatWouldKeepItFromEndingABatch) {
  for (const char* name : {"delivery.report.only.error", "log.queue", "queue.buffering.max.kbytes",
                           "test.mock.num.brokers"}) {
    EXPECT_THAT(ErrorOf(name, "1"),
                HasSubstr(absl::StrCat("kafka.properties:7: '", name, "' is set by the server: ")));
  }
  EXPECT_EQ(ErrorOf("queue.buffering.max.messages", "1"), "") << "then one waits for the other";
  for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
    for (const char* endless : {"0", "0x0", "-1", ""}) {
      EXPECT_THAT(ErrorOf(name, endless), HasSubstr("is milliseconds, from 1 on")) << endless;
    }
    EXPECT_EQ(ErrorOf(name, "30000"), "");
  }
}

TEST(KafkaStore, SaysWhatIsWrongWithItsSettings) {
  const auto store = KafkaStore::Open(
      {.brokers = "127.0.0.1:9", .topic = kTopic, .properties = {{"no.such.property", "1"}}});
  EXPECT_EQ(store.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("no.such.property"));
}

}  // namespace
}  // namespace tournant
