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

TEST(RecordCodec, CutsTheFeaturesOutOfTheInputsThatTheyFill) {
  const LoggedPrediction message = Encoded(RecordWithFeatures());
  ASSERT_EQ(message.columns_size(), 2);
  const LoggedColumn& seats = message.columns(0);
  EXPECT_EQ(seats.feature(), "plane:seats");
  EXPECT_EQ(seats.input(), "dense");
  EXPECT_EQ(seats.values().datatype(), "FP32");
  EXPECT_EQ(seats.values().raw(), FloatTensor("", {150, 200}).tensor.bytes);
  EXPECT_EQ(seats.values().shape(0), 2);
  EXPECT_EQ(seats.values().shape(1), 1);
  ASSERT_EQ(seats.source_size(), 2);
  EXPECT_EQ(seats.source(1), LoggedColumn::DEFAULTED);
  EXPECT_EQ(seats.event_time_unix_us(0), 1'699'999'999'000'000);
  const LoggedColumn& age = message.columns(1);
  EXPECT_TRUE(age.age_seconds());
  EXPECT_EQ(age.values().raw(), FloatTensor("", {30, 31}).tensor.bytes);
  ASSERT_EQ(age.source_size(), 1) << "one for all rows";
  EXPECT_EQ(age.source(0), LoggedColumn::LIVE);
  ASSERT_EQ(message.entity_keys_size(), 1);
  EXPECT_EQ(message.entity_keys(0).join_key(), "plane");
  EXPECT_EQ(message.entity_keys(0).input(), "tailnum");
  EXPECT_EQ(message.feature_service(), "flights_v1");
  EXPECT_EQ(message.bindings(), "00ff");
}

TEST(RecordCodec, CutsTextsOutOfATensorOfTexts) {
  ModelLog::Options options;
  PredictionRecord record = RecordWithFeatures();
  options.layout.inputs = {{"texts", 2}};
  options.layout.columns = {{"plane:maker", false, 0, 1, 1}};
  record.log = std::make_shared<const ModelLog>(std::move(options));
  record.assembled = {TextTensor("", {"a", "Boeing", "b", "Airbus"}).tensor};
  const LoggedPrediction message = Encoded(std::move(record));
  EXPECT_EQ(message.columns(0).values().raw(), TextTensor("", {"Boeing", "Airbus"}).tensor.bytes);
}

TEST(RecordCodec, HasNoColumnsOfACallThatFailedBeforeItsInputsWereComputed) {
  PredictionRecord record = RecordWithFeatures();
  record.assembled.clear();
  record.cells = {};
  const LoggedPrediction message = Encoded(std::move(record));
  EXPECT_EQ(message.columns_size(), 0);
  EXPECT_EQ(message.bindings(), "00ff");
}

TEST(RecordCodec, LeavesOutAColumnOfATensorThatIsNotWhatTheBindingsSay) {
  PredictionRecord record = RecordWithFeatures();
  record.assembled[0].bytes.resize(12);
  const LoggedPrediction message = Encoded(std::move(record));
  EXPECT_EQ(message.columns(0).values().raw(), "");
  EXPECT_EQ(message.columns(0).values().omitted_bytes(), 12u);
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
