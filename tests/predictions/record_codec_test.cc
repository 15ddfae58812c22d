#include "predictions/record_codec.h"

#include <gtest/gtest.h>

#include "predictions/sample_records.h"
#include "tournant/prediction.pb.h"

namespace tournant {
namespace {

LoggedPrediction Encoded(PredictionRecord record, uint64_t sequence = 1) {
  std::string payload;
  EXPECT_TRUE(EncodeRecord(std::move(record), sequence, payload).ok());
  LoggedPrediction message;
  EXPECT_TRUE(message.ParseFromString(payload));
  return message;
}

TEST(RecordCodec, KeepsEverythingThatARecordHolds) {
  const LoggedPrediction message = Encoded(SampleRecord("id"), 17);
  EXPECT_EQ(message.sequence(), 17u);
  EXPECT_EQ(message.wall_time_unix_ns(), 1'700'000'000'000'000'000);
  EXPECT_EQ(message.request_id(), "id");
  EXPECT_EQ(message.model_name(), "flights");
  EXPECT_EQ(message.model_version(), "3");
  EXPECT_EQ(message.rows(), 2u);
  EXPECT_EQ(message.status_code(), 0);
  ASSERT_EQ(message.inputs_size(), 2);
  EXPECT_EQ(message.inputs(0).name(), "carrier");
  EXPECT_EQ(message.inputs(0).datatype(), "BYTES");
  EXPECT_EQ(message.inputs(0).shape(0), 2);
  EXPECT_EQ(message.inputs(0).raw(), SampleRecord().inputs[0].tensor.bytes);
  ASSERT_EQ(message.outputs_size(), 1);
  EXPECT_EQ(message.outputs(0).datatype(), "FP32");
  EXPECT_EQ(message.features().features_live(), 20u);
  EXPECT_EQ(message.features().features_defaulted(), 4u);
  EXPECT_EQ(message.features().oldest_feature_age_ms(), 1500);
  EXPECT_TRUE(message.features().degraded());
  EXPECT_EQ(message.latency().accepted(), 5u);
  EXPECT_EQ(message.latency().validating(), 15u);
  EXPECT_EQ(message.latency().awaiting_features(), 700u);
  EXPECT_EQ(message.latency().queued(), 20u);
  EXPECT_EQ(message.latency().computing(), 300u);
  EXPECT_EQ(message.latency().responding(), 60u);
  EXPECT_EQ(message.latency().total(), 1100u);
}

TEST(RecordCodec, KeepsTheTraceThatACallBelongsTo) {
  PredictionRecord record = SampleRecord();
  record.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(Encoded(std::move(record)).traceparent(),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST(RecordCodec, SaysWhenThereWereNoFeaturesOrNoAge) {
  PredictionRecord ageless = SampleRecord();
  ageless.features.oldest_age_ms = -1;
  EXPECT_FALSE(Encoded(std::move(ageless)).features().has_oldest_feature_age_ms());
  PredictionRecord plain = SampleRecord();
  plain.has_features = false;
  EXPECT_FALSE(Encoded(std::move(plain)).has_features());
}

TEST(RecordCodec, WritesTextThatProtobufReadsAgain) {
  PredictionRecord record = SampleRecord("\xff\xfe");
  record.status_code = 3;
  record.status_message = "cut \xc3";
  record.inputs[0].name = "n\x80";
  const LoggedPrediction message = Encoded(std::move(record));
  EXPECT_EQ(message.request_id(), "\ufffd\ufffd");
  EXPECT_EQ(message.status_message(), "cut \ufffd");
  EXPECT_EQ(message.inputs(0).name(), "n\ufffd");
}

TEST(RecordCodec, MeasuresARecordByItsTensors) {
  const size_t empty = RecordBytes(PredictionRecord());
  EXPECT_GE(RecordBytes(RecordOfSize(10'000)), empty + 10'000);
  EXPECT_LT(RecordBytes(RecordOfSize(10'000)), empty + 10'500);
}

}  // namespace
}  // namespace tournant
