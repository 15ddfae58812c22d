#include "torchscript/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = ForwardArgument::Kind;

const ForwardArgument kA = {"a", Kind::kTensor, false, "Tensor"};
const ForwardArgument kB = {"b", Kind::kTensor, false, "Tensor"};
const ForwardArgument kMaybe = {"maybe", Kind::kTensor, true, "Optional[Tensor]"};
const ForwardArgument kNumber = {"n", Kind::kOther, false, "int"};
const ForwardArgument kDict = {"tensors", Kind::kTensorDict, false, "Dict[str, Tensor]"};
const ForwardArgument kTexts = {"texts", Kind::kStrings, false, "List[str]"};

ModelConfig Inputs(const std::vector<std::string>& names) {
  ModelConfig config;
  for (const std::string& name : names) {
    config.inputs.push_back({name, DataType::kFp32, {1}, false});
  }
  return config;
}
ModelConfig Outputs(const std::vector<std::string>& names) {
  ModelConfig config;
  for (const std::string& name : names) {
    config.outputs.push_back({name, DataType::kFp32, {1}, false});
  }
  return config;
}

std::vector<size_t> Bound(const std::vector<ForwardArgument>& arguments, ModelConfig config) {
  const auto binding = BindInputs(arguments, config);
  EXPECT_TRUE(binding.ok()) << binding.status();
  return binding.ok() ? binding->argument : std::vector<size_t>{};
}
std::string BindError(const std::vector<ForwardArgument>& arguments, ModelConfig config) {
  const absl::Status status = BindInputs(arguments, config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}
std::vector<size_t> Matched(const std::vector<std::string>& returned, ModelConfig config) {
  const auto places = MatchOutputs(returned, config);
  EXPECT_TRUE(places.ok()) << places.status();
  return places.ok() ? *places : std::vector<size_t>{};
}
std::string MatchError(const std::vector<std::string>& returned, ModelConfig config) {
  const absl::Status status = MatchOutputs(returned, config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(BindInputs, GoesByNameWhereAllNamesAreArguments) {
  EXPECT_THAT(Bound({kA, kB}, Inputs({"b", "a"})), ElementsAre(1, 0));
  EXPECT_THAT(Bound({kA, kMaybe}, Inputs({"a"})), ElementsAre(0));
}

TEST(BindInputs, GoesByTheNumberAtTheEndOfTheName) {
  EXPECT_THAT(Bound({kA, kB}, Inputs({"INPUT__1", "INPUT__0"})), ElementsAre(1, 0));
}

TEST(BindInputs, GoesByPositionOtherwise) {
  EXPECT_THAT(Bound({kA, kB}, Inputs({"dense", "ids"})), ElementsAre(0, 1));
  EXPECT_THAT(Bound({kA, kB}, Inputs({"INPUT__0", "INPUT__0x"})), ElementsAre(0, 1));
}

TEST(BindInputs, FillsInNamesThatAreLeftOut) {
  ModelConfig config = Inputs({"", ""});
  ASSERT_TRUE(BindInputs({kA, kB}, config).ok());
  EXPECT_EQ(config.inputs[0].name, "a");
  EXPECT_EQ(config.inputs[1].name, "b");
}

TEST(BindInputs, DoesNotGuessWhenOnlySomeNamesAreArguments) {
  EXPECT_EQ(BindError({kA, kB}, Inputs({"b", "x"})),
            "input 'b' is an argument of forward(a: Tensor, b: Tensor), but input 'x' is not; "
            "name all inputs like arguments, or none");
  EXPECT_THAT(BindError({kA, kB}, Inputs({"b", ""})), HasSubstr("but another input has no name"));
}

TEST(BindInputs, SaysWhichArgumentIsLeftWithoutAnInput) {
  EXPECT_EQ(BindError({kA, kB}, Inputs({"a"})),
            "no input of config.pbtxt goes to argument b of forward(a: Tensor, b: Tensor)");
  EXPECT_EQ(BindError({kA}, Inputs({"x", "y"})),
            "config.pbtxt lists 2 inputs, but the model is forward(a: Tensor)");
}

TEST(BindInputs, AddsAnInputForEachArgumentThatNeedsOne) {
  ModelConfig config;
  EXPECT_TRUE(BindInputs({kA, kMaybe, kTexts}, config).ok());
  ASSERT_EQ(config.inputs.size(), 2u);
  EXPECT_EQ(config.inputs[0].name, "a");
  EXPECT_EQ(config.inputs[0].type, DataType::kInvalid);
  EXPECT_EQ(config.inputs[1].name, "texts");
  EXPECT_EQ(config.inputs[1].type, DataType::kBytes);
}

TEST(BindInputs, SaysWhatToAddWhereArgumentsDoNotTell) {
  EXPECT_THAT(
      BindError({kTexts, kNumber}, ModelConfig{}),
      HasSubstr("argument n of forward(texts: List[str], n: int) is int, which no input can "
                "be; give it a default"));
  EXPECT_THAT(BindError({kDict}, ModelConfig{}),
              HasSubstr("such as max_batch_size: 0 input { name: \"x\" data_type: TYPE_FP32 dims: "
                        "[ 4 ] }"));
  EXPECT_EQ(BindError({kMaybe}, ModelConfig{}),
            "config.pbtxt lists no input, and forward(maybe: Optional[Tensor]) needs none; a model "
            "that is served takes one at least");
  ModelConfig config = Inputs({"n"});
  config.inputs[0].type = DataType::kInvalid;
  EXPECT_EQ(BindError({kNumber}, config),
            "input 'n' is to be argument n of forward, which is int and takes no tensor");
}

TEST(BindInputs, ChecksTypesAndWhatIsOptional) {
  EXPECT_EQ(BindError({kNumber}, Inputs({"n"})),
            "input 'n' is FP32, but argument n of forward is int");
  EXPECT_EQ(BindError({kTexts}, Inputs({"texts"})),
            "input 'texts' is FP32, but argument texts of forward is List[str]");
  ModelConfig config = Inputs({"a"});
  config.inputs[0].optional = true;
  EXPECT_EQ(BindError({kA}, config),
            "input 'a' is optional, but argument a of forward is neither Optional nor has a "
            "default");
  config.inputs[0].name = "maybe";
  EXPECT_THAT(Bound({kMaybe}, config), ElementsAre(0));
  config.inputs[0] = {"texts", DataType::kBytes, {1}, false};
  EXPECT_THAT(Bound({kTexts}, config), ElementsAre(0));
}

TEST(BindInputs, ADictTakesInputsUnderTheirNames) {
  ModelConfig config = Inputs({"x", "y"});
  EXPECT_TRUE(BindInputs({kDict}, config)->dict);
  EXPECT_THAT(BindError({kDict}, Inputs({"x", ""})), HasSubstr("every input needs a name"));
  config.inputs[1].type = DataType::kBytes;
  EXPECT_THAT(BindError({kDict}, config), HasSubstr("input 'y' is BYTES"));
}

TEST(MatchOutputs, GoesByNameAndMayLeaveSomeOut) {
  EXPECT_THAT(Matched({"high", "low"}, Outputs({"low", "high"})), ElementsAre(1, 0));
  EXPECT_THAT(Matched({"high", "low"}, Outputs({"low"})), ElementsAre(1));
}

TEST(MatchOutputs, GoesByNumberAndMayLeaveSomeOut) {
  EXPECT_THAT(Matched({"", "", ""}, Outputs({"OUTPUT__2", "OUTPUT__0"})), ElementsAre(2, 0));
}

TEST(MatchOutputs, GoesByPositionWhenTheCountAgrees) {
  EXPECT_THAT(Matched({"", ""}, Outputs({"p", "q"})), ElementsAre(0, 1));
  EXPECT_THAT(Matched({"high", "low"}, Outputs({"p", "q"})), ElementsAre(0, 1));
  EXPECT_EQ(MatchError({"", ""}, Outputs({"p"})),
            "config.pbtxt lists 1 outputs, but forward returns 2 tensors; name some of them as "
            "OUTPUT__<index> to leave others out");
}

TEST(MatchOutputs, DoesNotGuessWhenOnlySomeNamesAgree) {
  EXPECT_EQ(MatchError({"high", "low"}, Outputs({"low", "middle"})),
            "output 'middle' is none of these: forward returns 2 tensors (high, low)");
}

TEST(MatchOutputs, MakesUpOutputsThatTheConfigLeavesOut) {
  ModelConfig config;
  ASSERT_TRUE(MatchOutputs({"", "low"}, config).ok());
  ASSERT_EQ(config.outputs.size(), 2);
  EXPECT_EQ(config.outputs[0].name, "OUTPUT__0");
  EXPECT_EQ(config.outputs[1].name, "low");
  config = Outputs({""});
  ASSERT_TRUE(MatchOutputs({"low"}, config).ok());
  EXPECT_EQ(config.outputs[0].name, "low");
}

}  // namespace
}  // namespace tournant
