#include "predictions/training_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "predictions/prediction_counts.h"
#include "predictions/record_codec.h"
#include "predictions/sample_records.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LoggedPrediction Logged(PredictionRecord record) {
  std::string payload;
  EXPECT_TRUE(EncodeRecord(std::move(record), 1, payload).ok());
  LoggedPrediction message;
  EXPECT_TRUE(message.ParseFromString(payload));
  return message;
}

TEST(TrainingCsv, HasATypedColumnForEachElementOfFeaturesAndOutputs) {
  PredictionRecord record = RecordWithFeatures();
  record.outputs[0] = FloatTensor("scores", {1, 2, 3, 4});
  record.outputs[0].tensor.shape = {2, 2};
  const LoggedPrediction logged = Logged(std::move(record));
  TrainingCsv csv;
  csv.Observe(logged);
  EXPECT_EQ(csv.Header(),
            "request_id:BYTES,time:TIMESTAMP,model:BYTES,version:INT64,row:INT64,degraded:BOOL,"
            "input.carrier:BYTES,input.distance:FP32,input.tailnum:BYTES,"
            "feature.plane:seats:FP32,age_seconds.plane:seats:FP32,"
            "output.scores[0]:FP32,output.scores[1]:FP32\n");
  EXPECT_EQ(csv.Lines(logged),
            "r,2023-11-14T22:13:20.000000Z,flights,3,0,true,UA,0.1,N1,150,30,1,2\n"
            "r,2023-11-14T22:13:20.000000Z,flights,3,1,true,\"B,6\"\"\",1040,N2,200,31,3,4\n");
}

TEST(TrainingCsv, TellsWhereEachValueCameFromWhenItIsAskedTo) {
  const LoggedPrediction logged = Logged(RecordWithFeatures());
  LoggedPrediction all_live = logged;
  all_live.mutable_features()->set_degraded(false);
  for (LoggedColumn& column : *all_live.mutable_columns()) {
    column.clear_source();
    column.add_source(LoggedColumn::LIVE);  // One for all rows.
    column.clear_event_time_unix_us();
  }
  TrainingCsv csv(true);
  csv.Observe(logged);
  csv.Observe(all_live);
  EXPECT_THAT(csv.Header(),
              HasSubstr(",feature.plane:seats:FP32,source.plane:seats:BYTES,"
                        "event_time.plane:seats:TIMESTAMP,age_seconds.plane:seats:FP32,output."));
  EXPECT_THAT(csv.Lines(logged), HasSubstr(",N1,150,live,2023-11-14T22:13:19.000000Z,30,0.25\n"));
  EXPECT_THAT(csv.Lines(logged), HasSubstr(",N2,200,defaulted,,31,0.75\n"));
  EXPECT_THAT(csv.Lines(all_live), HasSubstr(",0,false,UA,0.1,N1,150,live,,30,0.25\n"));
  EXPECT_THAT(csv.Lines(all_live), HasSubstr(",1,false,\"B,6\"\"\",1040,N2,200,live,,31,0.75\n"));
}

TEST(TrainingCsv, LeavesOutCallsThatFailedAndCellsThatThereAreNot) {
  PredictionRecord failed = RecordWithFeatures();
  failed.status_code = 14;
  failed.inputs.push_back(FloatTensor("other", {1, 2}));
  PredictionRecord plain = SampleRecord("p");
  plain.inputs.clear();
  TrainingCsv csv;
  const LoggedPrediction whole = Logged(RecordWithFeatures());
  const LoggedPrediction bad = Logged(std::move(failed));
  const LoggedPrediction some = Logged(std::move(plain));
  for (const LoggedPrediction* record : {&whole, &bad, &some}) csv.Observe(*record);
  EXPECT_EQ(csv.Lines(bad), "");
  EXPECT_THAT(csv.Header(), Not(HasSubstr("other")));
  EXPECT_EQ(csv.Lines(some),
            "p,2023-11-14T22:13:20.000000Z,flights,3,0,true,,,,,,0.25\n"
            "p,2023-11-14T22:13:20.000000Z,flights,3,1,true,,,,,,0.75\n");
}

TEST(TrainingCsv, MakesAColumnOfSeveralTypesOneOfTexts) {
  PredictionRecord other = SampleRecord();
  other.inputs[1] = TextTensor("distance", {"far", "near"});
  TrainingCsv csv;
  csv.Observe(Logged(SampleRecord()));
  csv.Observe(Logged(std::move(other)));
  EXPECT_THAT(csv.Header(), HasSubstr("input.distance:BYTES,"));
}

TEST(TrainingCsv, LeavesOutWhatIsVeryWide) {
  PredictionRecord record;
  record.model = "m";
  record.rows = 1;
  record.inputs.push_back(FloatTensor("x", std::vector<float>(TrainingCsv::kMaxWidth + 1)));
  record.inputs[0].tensor.shape = {1, static_cast<int64_t>(TrainingCsv::kMaxWidth + 1)};
  const LoggedPrediction logged = Logged(std::move(record));
  TrainingCsv csv;
  csv.Observe(logged);
  EXPECT_EQ(csv.Header(),
            "request_id:BYTES,time:TIMESTAMP,model:BYTES,version:INT64,row:INT64,degraded:BOOL\n");
  EXPECT_EQ(csv.Lines(logged), ",1970-01-01T00:00:00.000000Z,m,0,0,false\n");
}

TEST(PredictionCounts, AreByModelAndHour) {
  PredictionCounts counts;
  counts.Count(Logged(SampleRecord()));
  counts.Count(Logged(SampleRecord()));
  PredictionRecord late = SampleRecord();
  late.time += std::chrono::hours(1);
  late.status_code = 4;
  late.features.degraded = false;
  counts.Count(Logged(std::move(late)));
  PredictionRecord other = SampleRecord();
  other.model = "a,b";
  counts.Count(Logged(std::move(other)));
  EXPECT_EQ(counts.Csv(),
            "model,hour,predictions,rows,errors,degraded\n"
            "\"a,b\",2023-11-14T22:00Z,1,2,0,1\n"
            "flights,2023-11-14T22:00Z,2,4,0,2\n"
            "flights,2023-11-14T23:00Z,1,2,1,0\n");
}

}  // namespace
}  // namespace tournant
