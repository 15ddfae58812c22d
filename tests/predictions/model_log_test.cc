#include "predictions/model_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "predictions/hashed_values.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"
#include "predictions/sampling.h"
#include "predictions/tensor_values.h"
#include "tournant/prediction.pb.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ModelLog::Options OptionsOf(std::map<std::string, std::string> parameters) {
  ModelLog::Options options;
  options.parameters = ReadPredictionLogParameters(parameters);
  options.salt = "a key of some length";
  return options;
}

LoggedPrediction Encoded(PredictionRecord record) {
  if (record.log != nullptr) record.log->Trim(record);
  std::string payload;
  EXPECT_TRUE(EncodeRecord(std::move(record), 1, payload).ok());
  LoggedPrediction message;
  EXPECT_TRUE(message.ParseFromString(payload));
  return message;
}

std::vector<std::string> NamesOf(const google::protobuf::RepeatedPtrField<LoggedTensor>& tensors) {
  std::vector<std::string> names;
  for (const LoggedTensor& tensor : tensors) names.push_back(tensor.name());
  return names;
}

TEST(Sampling, IsWhatAnybodyCanComputeFromTheId) {
  // SHA-256 of "abc" begins with ba7816bf: 0.728... of the whole range.
  EXPECT_FALSE(InSample("abc", 0.72));
  EXPECT_TRUE(InSample("abc", 0.73));
  EXPECT_TRUE(InSample("abc", 1));
  EXPECT_FALSE(InSample("abc", 0));
}

TEST(Sampling, KeepsAboutItsShareAndMoreWithAGreaterOne) {
  int tenth = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = absl::StrCat("request-", i);
    tenth += InSample(id, 0.1) ? 1 : 0;
    ASSERT_LE(InSample(id, 0.1), InSample(id, 0.2)) << id;
  }
  EXPECT_NEAR(tenth, 1000, 100);
}

TEST(ModelLogTest, KeepsEveryCallUnlessTheModelWantsAShare) {
  const ModelLog log({});
  EXPECT_TRUE(log.keeps_all());
  EXPECT_TRUE(log.Keeps({.request_id = "abc", .accepted = {}}));
}

TEST(ModelLogTest, KeepsErrorsDegradedAnswersAndSlowCallsOutsideTheShare) {
  const ModelLog log(OptionsOf({{"prediction_log.sample", "0"}, {"prediction_log.slow_ms", "10"}}));
  using std::chrono::milliseconds;
  const auto keeps = [&](bool remarkable, Duration took) {
    return log.Keeps({.request_id = "abc", .accepted = {}, .remarkable = remarkable, .took = took});
  };
  EXPECT_FALSE(keeps(false, milliseconds(9)));
  EXPECT_TRUE(keeps(false, milliseconds(10)));
  EXPECT_TRUE(keeps(true, milliseconds(1)));
}

TEST(ModelLogTest, LearnsWhatIsSlow) {
  const ModelLog log(OptionsOf({{"prediction_log.sample", "0"}}));
  const auto keeps = [&](Duration took) {
    return log.Keeps({.request_id = "abc", .accepted = {}, .took = took});
  };
  EXPECT_FALSE(keeps(std::chrono::seconds(1))) << "nothing is known yet";
  for (int i = 0; i < 5000; ++i) keeps(std::chrono::milliseconds(1));
  EXPECT_TRUE(keeps(std::chrono::milliseconds(5)));
  EXPECT_FALSE(keeps(std::chrono::microseconds(900)));
}

TEST(ModelLogTest, TellsCallsWithoutAnIdApartByTheirTime) {
  const ModelLog log(
      OptionsOf({{"prediction_log.sample", "0.5"}, {"prediction_log.slow_ms", "1000"}}));
  int kept = 0;
  for (int i = 0; i < 1000; ++i) {
    kept += log.Keeps({.request_id = "", .accepted = TimePoint(std::chrono::microseconds(i))});
  }
  EXPECT_NEAR(kept, 500, 100);
}

TEST(ModelLogTest, KeepsOnlyTheFieldsThatAreAllowed) {
  const LoggedPrediction message = Encoded(
      RecordWithFeatures(OptionsOf({{"prediction_log.fields", "distance,late,plane:seats"}})));
  EXPECT_THAT(NamesOf(message.inputs()), ElementsAre("distance"));
  EXPECT_THAT(NamesOf(message.outputs()), ElementsAre("late"));
  EXPECT_EQ(message.columns_size(), 2);
  EXPECT_EQ(message.entity_keys_size(), 0);
  const LoggedPrediction other =
      Encoded(RecordWithFeatures(OptionsOf({{"prediction_log.fields", "plane"}})));
  EXPECT_THAT(NamesOf(other.inputs()), ElementsAre("tailnum")) << "the tensor of the join key";
  EXPECT_EQ(other.columns_size(), 0);
  EXPECT_EQ(other.entity_keys_size(), 1);
  const LoggedPrediction nothing =
      Encoded(RecordWithFeatures(OptionsOf({{"prediction_log.fields", ""}})));
  EXPECT_EQ(nothing.inputs_size() + nothing.outputs_size() + nothing.columns_size(), 0);
}

TEST(ModelLogTest, HashesTextsNumbersAndFeaturesElementByElement) {
  const LoggedPrediction message = Encoded(RecordWithFeatures(
      OptionsOf({{"prediction_log.hash", "plane,distance,plane:seats,request_id"}})));
  const std::string key = "a key of some length";
  EXPECT_EQ(message.request_id(), HashedValue(key, "r"));
  EXPECT_EQ(message.request_id().size(), 32u);
  const LoggedTensor& tailnum = message.inputs(2);
  EXPECT_EQ(tailnum.name(), "tailnum");
  EXPECT_TRUE(tailnum.hashed());
  EXPECT_THAT((std::vector{TensorValues(tailnum)[0], TensorValues(tailnum)[1]}),
              ElementsAre(absl::StrCat("\"", HashedValue(key, "N1"), "\""),
                          absl::StrCat("\"", HashedValue(key, "N2"), "\"")));
  const LoggedTensor& distance = message.inputs(1);
  EXPECT_EQ(distance.datatype(), "BYTES");
  EXPECT_EQ(TensorValues(distance).size(), 2u);
  EXPECT_FALSE(message.inputs(0).hashed());
  EXPECT_TRUE(message.columns(0).values().hashed());
  EXPECT_EQ(TensorValues(message.columns(0).values()).size(), 2u);
  EXPECT_THAT(message.SerializeAsString(), Not(HasSubstr("N1")));
}

TEST(ModelLogTest, HashesATensorThatStandsForAWholeInput) {
  PredictionRecord record = RecordWithFeatures(OptionsOf({{"prediction_log.hash", "plane"}}));
  record.inputs.push_back(FloatTensor("dense", {1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_TRUE(Encoded(std::move(record)).inputs(3).hashed());
}

TEST(ModelLogTest, HashesDifferentlyUnderAnotherKey) {
  EXPECT_NE(HashedValue("one key", "N1"), HashedValue("another key", "N1"));
}

TEST(ModelLogTest, LeavesOutTheContentsOfTensorsThatAreTooLarge) {
  PredictionRecord record =
      RecordWithFeatures(OptionsOf({{"prediction_log.max_tensor_bytes", "12"}}));
  const size_t before = RecordBytes(record);
  record.log->Trim(record);
  EXPECT_LT(RecordBytes(record), before);
  const LoggedPrediction message = Encoded(std::move(record));
  EXPECT_EQ(message.inputs(0).name(), "carrier");
  EXPECT_EQ(message.inputs(0).omitted_bytes(), 14u);
  EXPECT_EQ(message.inputs(0).raw(), "");
  EXPECT_EQ(message.inputs(1).omitted_bytes(), 0u);
  EXPECT_EQ(message.inputs(1).raw().size(), 8u);
  EXPECT_EQ(message.outputs(0).omitted_bytes(), 0u);
  const LoggedPrediction narrow =
      Encoded(RecordWithFeatures(OptionsOf({{"prediction_log.max_tensor_bytes", "4"}})));
  EXPECT_EQ(narrow.outputs(0).omitted_bytes(), 8u);
  EXPECT_EQ(narrow.columns(0).values().omitted_bytes(), 8u);
}

TEST(HashedValues, OfATensorThatCannotBeReadAreLeftOut) {
  LoggedTensor tensor;
  tensor.set_datatype("BYTES");
  tensor.add_shape(1);
  tensor.set_raw("torn");
  HashValues("key", tensor);
  EXPECT_EQ(tensor.raw(), "");
  EXPECT_EQ(tensor.omitted_bytes(), 4u);
}

}  // namespace
}  // namespace tournant
