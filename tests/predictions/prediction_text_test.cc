#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "predictions/prediction_csv.h"
#include "predictions/prediction_json.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"
#include "predictions/tensor_values.h"

namespace tournant {
namespace {

LoggedPrediction Logged(PredictionRecord record, uint64_t sequence = 1) {
  std::string payload;
  EXPECT_TRUE(EncodeRecord(std::move(record), sequence, payload).ok());
  LoggedPrediction message;
  EXPECT_TRUE(message.ParseFromString(payload));
  return message;
}

template <class T>
LoggedTensor Tensor1d(const std::string& type, const std::vector<T>& values) {
  LoggedTensor tensor;
  tensor.set_datatype(type);
  tensor.add_shape(static_cast<int64_t>(values.size()));
  tensor.set_raw(values.data(), values.size() * sizeof(T));
  return tensor;
}

using Texts = std::vector<std::string>;

Texts All(const LoggedTensor& tensor) {
  const TensorValues values(tensor);
  Texts texts;
  for (size_t i = 0; i < values.size(); ++i) texts.push_back(values[i]);
  return texts;
}

TEST(TensorValues, WritesIntegersOfEveryWidth) {
  EXPECT_EQ(All(Tensor1d<int8_t>("INT8", {-128, 127})), (Texts{"-128", "127"}));
  EXPECT_EQ(All(Tensor1d<uint8_t>("UINT8", {255})), Texts{"255"});
  EXPECT_EQ(All(Tensor1d<int16_t>("INT16", {-2})), Texts{"-2"});
  EXPECT_EQ(All(Tensor1d<uint16_t>("UINT16", {65535})), Texts{"65535"});
  EXPECT_EQ(All(Tensor1d<int32_t>("INT32", {-3})), Texts{"-3"});
  EXPECT_EQ(All(Tensor1d<uint32_t>("UINT32", {4'000'000'000})), Texts{"4000000000"});
  EXPECT_EQ(All(Tensor1d<int64_t>("INT64", {INT64_MIN})), Texts{"-9223372036854775808"});
  EXPECT_EQ(All(Tensor1d<uint64_t>("UINT64", {UINT64_MAX})), Texts{"18446744073709551615"});
  EXPECT_EQ(All(Tensor1d<uint8_t>("BOOL", {0, 1})), (Texts{"false", "true"}));
}

TEST(TensorValues, WritesFloatsInTheShortestFormThatReadsBack) {
  EXPECT_EQ(All(Tensor1d<float>("FP32", {0.1f, 1e20f, -2})), (Texts{"0.1", "1e+20", "-2"}));
  EXPECT_EQ(All(Tensor1d<double>("FP64", {0.1, 1.0 / 3})), (Texts{"0.1", "0.3333333333333333"}));
  EXPECT_EQ(All(Tensor1d<uint16_t>("FP16", {0x3C00, 0xC000, 0x0001, 0x7BFF})),
            (Texts{"1", "-2", "5.9604645e-08", "65504"}));
  EXPECT_EQ(All(Tensor1d<uint16_t>("BF16", {0x3F80, 0xC040})), (Texts{"1", "-3"}));
}

TEST(TensorValues, WritesWhatJsonHasNoNumberForAsStrings) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(All(Tensor1d<float>("FP32", {std::nanf(""), kInf, -kInf})),
            (Texts{"\"NaN\"", "\"Infinity\"", "\"-Infinity\""}));
  EXPECT_EQ(All(Tensor1d<uint16_t>("FP16", {0x7E00, 0x7C00, 0xFC00})),
            (Texts{"\"NaN\"", "\"Infinity\"", "\"-Infinity\""}));
}

TEST(TensorValues, WritesBytesAsTextOrBase64) {
  LoggedTensor tensor;
  tensor.set_datatype("BYTES");
  tensor.add_shape(2);
  std::string raw;
  AppendBytesElement("a\"\n", raw);
  AppendBytesElement("\xff\x01", raw);
  tensor.set_raw(raw);
  EXPECT_EQ(All(tensor), (Texts{R"("a\"\n")", R"({"b64": "/wE="})"}));
}

TEST(TensorValues, GivesNothingWhenBytesAndShapeDisagree) {
  LoggedTensor tensor = Tensor1d<float>("FP32", {1, 2});
  tensor.set_shape(0, 3);
  EXPECT_TRUE(TensorValues(tensor).empty());
  tensor.set_shape(0, -1);
  EXPECT_TRUE(TensorValues(tensor).empty());
  tensor = Tensor1d<float>("NOSUCH", {1, 2});
  EXPECT_TRUE(TensorValues(tensor).empty());
  tensor = Tensor1d<float>("FP32", {1, 2});
  tensor.set_omitted_bytes(8);
  EXPECT_TRUE(TensorValues(tensor).empty());
  tensor = Tensor1d<uint8_t>("BYTES", {255, 255, 255, 255});
  EXPECT_TRUE(TensorValues(tensor).empty());
}

TEST(PredictionJson, IsOneLineWithEverything) {
  const std::string line = PredictionJson(Logged(SampleRecord("a\nb"), 9));
  EXPECT_EQ(line,
            R"({"sequence":9,"time":"2023-11-14T22:13:20.000000Z","request_id":"a\nb",)"
            R"("model":"flights","version":"3","rows":2,"code":"OK","inputs":[)"
            R"({"name":"carrier","datatype":"BYTES","shape":[2,1],"data":["UA","B,6\""]},)"
            R"({"name":"distance","datatype":"FP32","shape":[2,1],"data":[0.1,1040]}],)"
            R"("outputs":[{"name":"late","datatype":"FP32","shape":[2,1],"data":[0.25,0.75]}],)"
            R"("features":{"live":20,"cached":0,"stale":0,"defaulted":4,"from_request":0,)"
            R"("oldest_age_ms":1500,"degraded":true},)"
            R"("micros":{"accepted":5,"validating":15,"features":700,"queued":20,)"
            R"("computing":300,"responding":60,"total":1100}})");
}

TEST(PredictionJson, TellsTheTraceOnce) {
  PredictionRecord record = SampleRecord();
  record.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const std::string json = PredictionJson(Logged(std::move(record)));
  const size_t found = json.find("\"traceparent\":");
  ASSERT_NE(found, std::string::npos);
  EXPECT_EQ(json.find("\"traceparent\":", found + 1), std::string::npos);
}

TEST(PredictionJson, TellsErrorsAndLeavesOutWhatThereIsNot) {
  PredictionRecord record;
  record.model = "m";
  record.status_code = 14;
  record.status_message = "the store is down";
  record.inputs.push_back(FloatTensor("x", {1}));
  record.inputs[0].tensor.bytes = "bad";
  const auto json = nlohmann::json::parse(PredictionJson(Logged(std::move(record))));
  EXPECT_EQ(json["code"], "UNAVAILABLE");
  EXPECT_EQ(json["message"], "the store is down");
  EXPECT_TRUE(json["inputs"][0]["data"].is_null());
  EXPECT_TRUE(json["outputs"].empty());
  EXPECT_FALSE(json.contains("features"));
}

TEST(PredictionJson, TellsWhereEachFeatureCameFrom) {
  const auto json = nlohmann::json::parse(PredictionJson(Logged(RecordWithFeatures())));
  EXPECT_EQ(json["columns"][0], nlohmann::json::parse(R"({"feature":"plane:seats","input":"dense",
      "datatype":"FP32","data":[150,200],"source":["live","defaulted"],
      "event_time_us":[1699999999000000,0]})"));
  EXPECT_EQ(json["columns"][1]["source"], "live") << "the same for all rows";
  EXPECT_EQ(json["columns"][1]["event_time_us"], 1699999999000000);
  EXPECT_EQ(json["columns"][1]["age_seconds"], true);
  EXPECT_EQ(json["entity_keys"]["plane"], "tailnum");
  EXPECT_EQ(json["feature_service"], "flights_v1");
  EXPECT_EQ(json["bindings"], "00ff");
}

TEST(PredictionCsv, HasALineForEachRowAndAColumnForEachTensor) {
  const LoggedPrediction record = Logged(SampleRecord("a,b"), 4);
  PredictionCsv csv;
  csv.Observe(record);
  EXPECT_EQ(csv.Header(),
            "sequence,time,request_id,traceparent,model,version,row,code,message,features_live,"
            "features_cached,features_stale,features_defaulted,features_from_request,"
            "oldest_feature_age_ms,degraded,accepted_us,validating_us,features_us,queued_us,"
            "computing_us,responding_us,total_us,"
            "input:carrier,input:distance,output:late\n");
  EXPECT_EQ(csv.Lines(record),
            "4,2023-11-14T22:13:20.000000Z,\"a,b\",,flights,3,0,OK,,20,0,0,4,0,1500,true,"
            "5,15,700,20,300,60,1100,UA,0.1,0.25\n"
            "4,2023-11-14T22:13:20.000000Z,\"a,b\",,flights,3,1,OK,,20,0,0,4,0,1500,true,"
            "5,15,700,20,300,60,1100,\"B,6\"\"\",1040,0.75\n");
}

TEST(PredictionCsv, KeepsItsColumnsForRecordsOfOtherModels) {
  PredictionRecord other;
  other.model = "other";
  other.rows = 1;
  NamedTensor wide = FloatTensor("late", {1, 2, 3});
  wide.tensor.shape = {1, 3};
  other.outputs.push_back(std::move(wide));
  PredictionCsv csv;
  const LoggedPrediction first = Logged(SampleRecord());
  const LoggedPrediction second = Logged(std::move(other), 2);
  csv.Observe(first);
  csv.Observe(second);
  EXPECT_EQ(csv.Lines(second),
            "2,1970-01-01T00:00:00.000000Z,,,other,0,0,OK,,,,,,,,,0,0,0,0,0,0,0,,,\"[1,2,3]\"\n");
}

TEST(PredictionCsv, HasAsManyCellsInEachLineAsInTheHeader) {
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  PredictionRecord record;
  record.model = "m";
  PredictionCsv csv;
  const LoggedPrediction logged = Logged(std::move(record));
  csv.Observe(logged);
  EXPECT_EQ(commas(csv.Lines(logged)), commas(csv.Header()));
}

}  // namespace
}  // namespace tournant
