#include "cpp/row_encoder.h"

#include <string>
#include <vector>

#include "client/fake_inference_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant::client {
namespace {

using ::testing::ElementsAre;
using Cells = std::vector<absl::string_view>;

ModelSignature Signature() {
  ModelSignature signature;
  signature.name = "m";
  signature.max_batch_size = 8;
  signature.inputs = {{"x", Datatype::kFp32, {1}, false},
                      {"name", Datatype::kBytes, {1}, false},
                      {"shift", Datatype::kFp32, {1}, true}};
  return signature;
}

ModelSignature WideSignature(int64_t width) {
  ModelSignature signature;
  signature.name = "m";
  signature.max_batch_size = 8;
  signature.inputs = {{"v", Datatype::kFp32, {width}, false}};
  return signature;
}

std::string HeaderError(const ModelSignature& signature, const Cells& header,
                        absl::string_view label = "") {
  return std::string(RowEncoder::Make(signature, header, label).status().message());
}

TEST(RowEncoder, PutsRowsIntoOneRequestPerTensor) {
  auto encoder = RowEncoder::Make(Signature(), Cells{"name", "other", "x"}, "");
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_THAT(encoder->ignored(), ElementsAre("other"));
  ASSERT_TRUE(encoder->Add(Cells{"ab", "?", "1"}).ok());
  ASSERT_TRUE(encoder->Add(Cells{"", "?", "2"}).ok());
  EXPECT_EQ(encoder->rows(), 2);
  const auto& request = encoder->TakeRequest();
  ASSERT_EQ(request.inputs_size(), 2);
  EXPECT_EQ(request.model_name(), "m");
  EXPECT_THAT(request.inputs(0).shape(), ElementsAre(2, 1));
  EXPECT_EQ(request.raw_input_contents(0), std::string("\x02\0\0\0ab\0\0\0\0", 10));
  EXPECT_THAT(FloatInput(request, "x"), ElementsAre(1, 2));
  EXPECT_EQ(encoder->rows(), 0);
}

TEST(RowEncoder, StartsAgainWithEveryRequest) {
  auto encoder = RowEncoder::Make(Signature(), Cells{"x", "name"}, "");
  ASSERT_TRUE(encoder->Add(Cells{"1", "a"}).ok());
  encoder->TakeRequest();
  ASSERT_TRUE(encoder->Add(Cells{"2", "b"}).ok());
  const auto& request = encoder->TakeRequest();
  EXPECT_EQ(request.inputs_size(), 2);
  EXPECT_EQ(request.raw_input_contents_size(), 2);
  EXPECT_THAT(FloatInput(request, "x"), ElementsAre(2));
}

TEST(RowEncoder, LeavesOutAnOptionalTensorWhoseCellIsEmpty) {
  auto encoder = RowEncoder::Make(Signature(), Cells{"x", "name", "shift"}, "");
  ASSERT_TRUE(encoder->Add(Cells{"1", "a", ""}).ok());
  EXPECT_FALSE(encoder->Joins(Cells{"2", "b", "5"}));
  EXPECT_TRUE(encoder->Joins(Cells{"2", "b", ""}));
  EXPECT_EQ(encoder->TakeRequest().inputs_size(), 2);
  EXPECT_TRUE(encoder->Joins(Cells{"2", "b", "5"}));
  ASSERT_TRUE(encoder->Add(Cells{"2", "b", "5"}).ok());
  EXPECT_THAT(FloatInput(encoder->TakeRequest(), "shift"), ElementsAre(5));
}

TEST(RowEncoder, NamesTheColumnOfABadCellAndKeepsTheRowsBefore) {
  auto encoder = RowEncoder::Make(Signature(), Cells{"name", "x"}, "");
  ASSERT_TRUE(encoder->Add(Cells{"a", "1"}).ok());
  EXPECT_EQ(encoder->Add(Cells{"b", "one"}).message(), "column 'x': 'one' is not a value of FP32");
  EXPECT_EQ(encoder->Add(Cells{"b", ""}).message(),
            "column 'x': the cell is empty and the input is not optional");
  EXPECT_EQ(encoder->Add(Cells{"b"}).message(), "the row has 1 cells where the header has 2");
  ASSERT_TRUE(encoder->Add(Cells{"c", "3"}).ok());
  const auto& request = encoder->TakeRequest();
  EXPECT_THAT(FloatInput(request, "x"), ElementsAre(1, 3));
  EXPECT_EQ(request.raw_input_contents(0), std::string("\x01\0\0\0a\x01\0\0\0c", 10));
}

TEST(RowEncoder, FillsWideTensorsFromIndexedColumns) {
  auto encoder = RowEncoder::Make(WideSignature(2), Cells{"v[1]", "v[0]"}, "");
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  ASSERT_TRUE(encoder->Add(Cells{"10", "20"}).ok());
  const auto& request = encoder->TakeRequest();
  EXPECT_THAT(request.inputs(0).shape(), ElementsAre(1, 2));
  EXPECT_THAT(FloatInput(request, "v"), ElementsAre(20, 10));
}

TEST(RowEncoder, FillsADimensionOfAnySizeWithTheColumnsThereAre) {
  auto encoder = RowEncoder::Make(WideSignature(-1), Cells{"v[0]", "v[1]", "v[2]"}, "");
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  ASSERT_TRUE(encoder->Add(Cells{"1", "2", "3"}).ok());
  EXPECT_THAT(encoder->TakeRequest().inputs(0).shape(), ElementsAre(1, 3));
}

TEST(RowEncoder, RefusesHeadersThatDoNotFitTheModel) {
  EXPECT_EQ(HeaderError(Signature(), {"x", "other"}),
            "the file has no column for the required input 'name'\nits columns: x, other");
  EXPECT_EQ(HeaderError(Signature(), {"x", "name", "x"}), "the header names column 'x' twice");
  EXPECT_EQ(HeaderError(WideSignature(3), {"v"}),
            "column 'v': the tensor has 3 elements a row, so name its columns v[0] to v[2]");
  EXPECT_EQ(HeaderError(WideSignature(3), {"v[0]", "v[2]"}),
            "the file has no column 'v[1]', one of 3");
  EXPECT_EQ(HeaderError(WideSignature(1), {"v[0]", "v[1]"}),
            "column 'v[1]': the tensor has 1 elements a row");
  EXPECT_EQ(HeaderError(WideSignature(1), {"v", "v[0]"}),
            "column 'v[0]': the header already names that element");
  EXPECT_EQ(HeaderError(Signature(), {"x", "name"}, "late"),
            "the file has no column 'late' for the label; its columns: x, name");
}

TEST(RowEncoder, ReadsLabelsInTheirUsualSpellings) {
  const auto encoder = RowEncoder::Make(Signature(), Cells{"x", "name", "late"}, "late");
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_TRUE(encoder->ignored().empty());
  const auto label = [&](absl::string_view text) {
    const auto found = encoder->Label(Cells{"1", "a", text});
    return found.has_value() ? (*found ? "1" : "0") : "none";
  };
  EXPECT_STREQ(label("1"), "1");
  EXPECT_STREQ(label("0.0"), "0");
  EXPECT_STREQ(label("True"), "1");
  EXPECT_STREQ(label("false"), "0");
  EXPECT_STREQ(label(""), "none");
  EXPECT_STREQ(label("2"), "none");
  EXPECT_STREQ(label("yes"), "none");
}

}  // namespace
}  // namespace tournant::client
