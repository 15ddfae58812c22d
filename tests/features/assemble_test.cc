// How columns become the rows of a tensor.

#include "features/assemble_test.h"

#include "gmock/gmock.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;

std::string Text(std::initializer_list<const char*> values) {
  std::string bytes;
  for (const char* value : values) AppendBytesElement(value, bytes);
  return bytes;
}

TEST_F(AssembleTest, LaysColumnsOutRowByRow) {
  Bind(
      "column { request: \"d\" } column { feature: \"v:a\" default: -1 } "
      "column { feature: \"v:b\" default: -2 }",
      DataType::kFp32, 3);
  Fetch(2);
  Live(0, 0, 1.5, 10);
  Live(0, 1, 2.5, 20);
  Live(1, 0, 3.5, 5);
  const AssembledInputs assembled = Run();
  EXPECT_THAT(assembled.inputs[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(assembled.inputs[0].type, DataType::kFp32);
  EXPECT_THAT(Elements<float>(assembled.inputs[0]), ElementsAre(100, 1.5, 3.5, 101, 2.5, -2));
  EXPECT_EQ(assembled.provenance.live, 3);
  EXPECT_EQ(assembled.provenance.defaulted, 1);
  EXPECT_EQ(assembled.provenance.oldest_age_ms, 20'000);
  EXPECT_FALSE(assembled.provenance.degraded);  // An absent entity is no fault of the store.
}

TEST_F(AssembleTest, IdsOfSixtyFourBitsArriveExactly) {
  const int64_t id = (int64_t{1} << 53) + 1;
  Bind("column { feature: \"v:a\" default_int: 0 } column { request: \"i\" default_int: -1 }",
       DataType::kInt64, 2);
  fetched_->SetInteger(0, 0, id);
  EXPECT_THAT(Elements<int64_t>(Run().inputs[0]), ElementsAre(id, -1));
  request_.push_back(Numbers<int64_t>("i", DataType::kInt64, {id + 2}));
  EXPECT_THAT(Elements<int64_t>(Run().inputs[0]), ElementsAre(id, id + 2));
}

TEST_F(AssembleTest, AVocabularyTurnsStringsIntoLineNumbers) {
  Bind(
      "column { feature: \"v:a\" vocabulary: \"words.txt\" default_string: \"UA\" } "
      "column { request: \"k\" vocabulary: \"words.txt\" }",
      DataType::kInt64, 2);
  Fetch(3);
  request_[1] = Texts("k", {"UA", "AA", ""});
  fetched_->SetText(0, 0, "AA");
  fetched_->SetText(0, 1, "XX");
  EXPECT_THAT(Elements<int64_t>(Run().inputs[0]), ElementsAre(1, 2, 0, 1, 2, 0));
  fetched_->SetInteger(0, 1, 1);  // The store sent a number: not a word.
  EXPECT_THAT(Elements<int64_t>(Run().inputs[0]), ElementsAre(1, 2, 2, 1, 2, 0));
  EXPECT_TRUE(Run().provenance.degraded);
  request_.push_back(Numbers<int64_t>("v:a", DataType::kInt64, {0, 1, 2}));
  EXPECT_EQ(TryRun().status().message(),
            "input 'v:a', row 0: a value of type INT64 does not fit into a vocabulary, which takes "
            "BYTES");
}

TEST_F(AssembleTest, TextFeaturesFillTextTensors) {
  Bind("column { feature: \"v:a\" default_string: \"none\" } column { request: \"k\" }",
       DataType::kBytes, 2);
  Fetch(2);
  fetched_->SetText(0, 1, "Boeing");
  EXPECT_EQ(Run().inputs[0].bytes, Text({"none", "key", "Boeing", "key"}));
}

TEST_F(AssembleTest, AListFillsItsWidthAndAnotherLengthIsAnError) {
  Bind("column { feature: \"v:a\" width: 3 default: [7, 8, 9] } column { request: \"d\" }",
       DataType::kFp64, 4);
  Fetch(3);
  fetched_->BeginList(0, 0, Element::Kind::kFloating);
  for (const double value : {0.5, 1.5, 2.5}) fetched_->AppendFloating(0, 0, value);
  fetched_->BeginList(0, 1, Element::Kind::kInteger);
  fetched_->AppendInteger(0, 1, 1);
  const AssembledInputs assembled = Run();
  EXPECT_THAT(Elements<double>(assembled.inputs[0]),
              ElementsAre(0.5, 1.5, 2.5, 100, 7, 8, 9, 101, 7, 8, 9, 102));
  EXPECT_EQ(assembled.provenance.live, 1);
  EXPECT_EQ(assembled.provenance.defaulted, 2);
  EXPECT_TRUE(assembled.provenance.degraded);
}

TEST_F(AssembleTest, AnIndicatorSaysWhetherTheValueWasThere) {
  Bind(
      "column { feature: \"v:a\" default: 5 indicator: true } "
      "column { request: \"o\" default: 6 indicator: true }",
      DataType::kFp32, 4);
  EXPECT_THAT(RunFloats(), ElementsAre(5, 0, 6, 0));
  Live(0, 0, 0.25);
  request_.push_back(Numbers<double>("o", DataType::kFp64, {7}));
  EXPECT_THAT(RunFloats(), ElementsAre(0.25, 1, 7, 1));
}

TEST_F(AssembleTest, AgeSecondsIsTheAgeOfTheValue) {
  Bind("column { age_seconds: \"v:a\" default: -1 } column { feature: \"v:a\" default: 5 }",
       DataType::kFp64, 2);
  EXPECT_THAT(Elements<double>(Run().inputs[0]), ElementsAre(-1, 5));
  fetched_->SetFloating(0, 0, 3);
  fetched_->SetTime(0, 0, (kNowSeconds - 90) * 1'000'000 - 500'000, true);
  EXPECT_THAT(Elements<double>(Run().inputs[0]), ElementsAre(90.5, 5));  // Stale, but of that age.
  EXPECT_EQ(Run().provenance.live, 1);
  fetched_->SetTime(0, 0, FetchedFeatures::kUnknownTime, false);
  EXPECT_THAT(Elements<double>(Run().inputs[0]), ElementsAre(-1, 3));
  request_.push_back(Numbers<double>("v:a", DataType::kFp64, {8}));
  EXPECT_THAT(Elements<double>(Run().inputs[0]), ElementsAre(0, 8));
  EXPECT_EQ(Run().provenance.from_request, 2);
}

TEST_F(AssembleTest, AModelWithoutABatchDimensionTakesOneRow) {
  Bind("column { request: \"d\" } column { feature: \"v:a\" default: 5 }", DataType::kFp32, 2, "",
       0);
  EXPECT_THAT(Run().inputs[0].shape, ElementsAre(2));
  EXPECT_THAT(RunFloats(), ElementsAre(100, 5));
}

TEST(Assemble, PassesInputsThatAreNotBoundInTheOrderOfTheConfig) {
  const auto plan = MustCompile(
      "request { name: \"d\" data_type: TYPE_INT32 dims: 1 }\n"
      "input { name: \"b\" column { request: \"d\" } }",
      Config({{"a", DataType::kBool, {1}, true},
              {"b", DataType::kFp32, {1}},
              {"c", DataType::kInt64, {2}}}));
  const std::vector<NamedTensor> request = {Numbers<int64_t>("c", DataType::kInt64, {1, 2}, 2),
                                            Numbers<int32_t>("d", DataType::kInt32, {9})};
  const auto bound = BindRequest(*plan, request);
  ASSERT_TRUE(bound.ok()) << bound.status();
  const auto assembled = Assemble(*plan, request, *bound, 1, FetchedFeatures(), kNow);
  ASSERT_TRUE(assembled.ok()) << assembled.status();
  ASSERT_EQ(assembled->inputs.size(), 3u);
  EXPECT_EQ(assembled->inputs[0].type, DataType::kInvalid);  // Optional and not given.
  EXPECT_THAT(Elements<float>(assembled->inputs[1]), ElementsAre(9));
  EXPECT_EQ(assembled->inputs[2].bytes, Raw<int64_t>({1, 2}));
  EXPECT_EQ(request[0].tensor.bytes, Raw<int64_t>({1, 2}));  // Still there, for the record.
}

}  // namespace
}  // namespace tournant
