// What a version's bindings can get wrong, and the exact text that says so.

#include <ostream>

#include "features/feature_plan.h"
#include "features/testing.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

// What is wrong, and the exact text that says so.
struct Mistake {
  const char* name;
  const char* text;
  std::vector<TensorSpec> inputs;
  const char* error;
};

std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.name; }

class FeaturePlanMistake : public ::testing::TestWithParam<Mistake> {};

TEST_P(FeaturePlanMistake, IsNamedWithItsPlace) {
  TempDir folder;
  folder.Write("words.txt", "a\nb\n");
  const auto plan = CompileText(GetParam().text, Config(GetParam().inputs), FlightsRegistry().get(),
                                folder.path());
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(plan.status().message()), GetParam().error);
}

#define TAIL                                                 \
  "request { name: \"t\" data_type: TYPE_STRING dims: 1 }\n" \
  "entity { join_key: \"tailnum\" request: \"t\" }\n"

const std::vector<TensorSpec> kFloat = {{"x", DataType::kFp32, {1}}};
const std::vector<TensorSpec> kInt = {{"x", DataType::kInt64, {1}}};
const std::vector<TensorSpec> kText = {{"x", DataType::kBytes, {1}}};

INSTANTIATE_TEST_SUITE_P(
    Plan, FeaturePlanMistake,
    ::testing::Values(
        Mistake{"UnknownView",
                TAIL "input { name: \"x\" column { feature: \"plane:seats\" default: 1 } }", kFloat,
                "f.pbtxt:3:28: the feature registry has no view 'plane'"},
        Mistake{"UnknownFeature",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seat\" default: 1 } }",
                kFloat, "f.pbtxt:3:28: view 'plane_facts' has no feature 'seat'"},
        Mistake{"UnknownService",
                TAIL "feature_service: \"none\"\n"
                     "input { name: \"x\" column { feature: \"a:b\" default: 1 } }",
                kFloat, "f.pbtxt:3:1: the feature registry has no feature service 'none'"},
        Mistake{"ViewOutsideTheService",
                TAIL
                "feature_service: \"plane_basic\"\n"
                "input { name: \"x\" column { feature: \"route_stats:distance\" default: 1 } }",
                kFloat, "f.pbtxt:4:28: feature service 'plane_basic' has no view 'route_stats'"},
        Mistake{"FeatureOutsideTheService",
                TAIL "feature_service: \"plane_basic\"\n"
                     "input { name: \"x\" column { feature: \"plane_facts:year\" default: 1 } }",
                kFloat,
                "f.pbtxt:4:28: feature service 'plane_basic' leaves out 'plane_facts:year'"},
        Mistake{"ServiceWithAnOnDemandView",
                TAIL "feature_service: \"plane_with_age\"\n"
                     "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat,
                "f.pbtxt:3:1: feature service 'plane_with_age' contains 'plane_age', an on-demand "
                "view, which is not supported"},
        Mistake{"OnDemandView",
                TAIL "input { name: \"x\" column { feature: \"plane_age:plane_age\" default: 1 } }",
                kFloat, "f.pbtxt:3:28: 'plane_age' is an on-demand view, which is not supported"},
        Mistake{"MissingKey",
                "input { name: \"x\" column { feature: \"plane_facts:seats\" "
                "default: 1 } }",
                kFloat,
                "f.pbtxt:1:28: view 'plane_facts' needs the join key 'tailnum': add entity { "
                "join_key: \"tailnum\" request: ... }"},
        Mistake{"UnneededKey",
                TAIL "entity { join_key: \"tail\" request: \"t\" }\n"
                     "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:3:10: no view that is named here has the join key 'tail'"},
        Mistake{"KeyTwice",
                TAIL "entity { join_key: \"tailnum\" request: \"t\" }\n"
                     "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:3:10: join key 'tailnum' is already given"},
        Mistake{"KeyOfAnotherType",
                "request { name: \"t\" data_type: TYPE_INT64 dims: 1 }\n"
                "entity { join_key: \"tailnum\" request: \"t\" }\n"
                "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat,
                "f.pbtxt:2:30: request 't' of type INT64 cannot be the key 'tailnum' of type "
                "STRING"},
        Mistake{"OptionalKey",
                "request { name: \"t\" data_type: TYPE_STRING dims: 1 optional: true }\n"
                "entity { join_key: \"tailnum\" request: \"t\" }\n"
                "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:2:30: request 't' is optional, so it cannot be a key"},
        Mistake{"WideKey",
                "request { name: \"t\" data_type: TYPE_STRING dims: 2 }\n"
                "entity { join_key: \"tailnum\" request: \"t\" }\n"
                "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:2:30: request 't' has [2] values a row, a key has one"},
        Mistake{"UndeclaredRequestOfAKey",
                "entity { join_key: \"tailnum\" request: \"t\" }\n"
                "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:1:30: request 't' is not declared"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Column, FeaturePlanMistake,
    ::testing::Values(
        Mistake{"UndeclaredRequest", "input { name: \"x\" column { request: \"d\" } }", kFloat,
                "f.pbtxt:1:28: request 'd' is not declared"},
        Mistake{"UnknownInput",
                TAIL "input { name: \"y\" column { feature: \"plane_facts:seats\" default: 1 } }",
                kFloat, "f.pbtxt:3:9: the model has no input 'y', only 'x'"},
        Mistake{"InputTwice",
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" } }\n"
                "input { name: \"x\" column { request: \"t\" } }",
                kFloat, "f.pbtxt:3:9: input 'x' is already bound"},
        Mistake{"RequestTwice",
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 }\n"
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 }\n",
                kFloat, "f.pbtxt:2:11: request 't' is already declared"},
        Mistake{"RequestNamedLikeAnUnboundInput",
                "request { name: \"x\" data_type: TYPE_FP32 dims: 1 }", kFloat,
                "f.pbtxt:1:11: request 'x' is also an input of the model that no input { } here "
                "fills: it is taken from the request anyway, with the model's type"},
        Mistake{"TextIntoNumbers",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:model\" default: 1 } }",
                kFloat,
                "f.pbtxt:3:28: feature 'plane_facts:model' is STRING, which cannot be cast to "
                "FP32"},
        Mistake{"FractionsIntoIntegers",
                TAIL
                "input { name: \"x\" column { feature: \"plane_facts:speed\" default_int: 1 } }",
                kInt,
                "f.pbtxt:3:28: feature 'plane_facts:speed' is DOUBLE, which cannot be cast to "
                "INT64"},
        Mistake{"RequestOfAnotherType",
                "request { name: \"t\" data_type: TYPE_STRING dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" } }",
                kFloat, "f.pbtxt:2:28: request 't' is BYTES, which cannot be cast to FP32"},
        Mistake{"ListWithoutWidth",
                TAIL "input { name: \"x\" column { feature: \"plane_delay:recent_delays\" "
                     "default: 1 } }",
                kFloat,
                "f.pbtxt:3:28: feature 'plane_delay:recent_delays' is FLOAT_LIST: the column needs "
                "the width of its lists"},
        Mistake{"ScalarWithWidth",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1\n"
                     " width: 2 } }",
                {{"x", DataType::kFp32, {2}}},
                "f.pbtxt:4:2: feature 'plane_facts:seats' is INT64, so its width is 1"},
        Mistake{"WidthsThatDoNotAddUp",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 "
                     "indicator: true } }",
                {{"x", DataType::kFp32, {3}}},
                "f.pbtxt:3:1: the columns of input 'x' are 2 wide, but the model takes [3] a row"},
        Mistake{"NoDefault",
                TAIL "input { name: \"x\"\n column { feature: \"plane_facts:seats\" on_null: FAIL "
                     "} }",
                kFloat,
                "f.pbtxt:4:2: column 'plane_facts:seats' has no default, but on_missing, on_stale, "
                "on_error are DEFAULT"},
        Mistake{"NoDefaultOfAnOptionalRequest",
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 optional: true }\n"
                "input { name: \"x\" column { request: \"t\" } }",
                kFloat, "f.pbtxt:2:19: column 't' has no default, but on_missing is DEFAULT"},
        Mistake{"OptionalRequestThatMustNotMiss",
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 optional: true }\n"
                "input { name: \"x\" column { request: \"t\" on_missing: FAIL } }",
                kFloat, "f.pbtxt:2:41: request 't' is optional, so on_missing cannot be FAIL"},
        Mistake{"FeaturePolicyOnARequest",
                "request { name: \"t\" data_type: TYPE_FP32 dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" max_age { seconds: 1 } } }",
                kFloat, "f.pbtxt:2:41: max_age is for features, and 't' is a request tensor"}),
    [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Fill, FeaturePlanMistake,
    ::testing::Values(
        Mistake{"NanWithoutLeave",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1\n"
                     " on_null: AS_NAN } }",
                kFloat,
                "f.pbtxt:4:2: on_null: AS_NAN needs allow_nan on input 'x', which must be FP32 or "
                "FP64"},
        Mistake{"NanDefaultWithoutLeave",
                TAIL
                "input { name: \"x\" column { feature: \"plane_facts:seats\"\n default: nan } }",
                kFloat, "f.pbtxt:4:2: default: nan needs allow_nan on the input"},
        Mistake{"NanOfIntegers",
                TAIL "input { name: \"x\" allow_nan: true column { feature: \"plane_facts:seats\" "
                     "default_int: 1 } }",
                kInt, "f.pbtxt:3:9: allow_nan on input 'x', which is INT64"},
        Mistake{
            "DefaultOfAnotherType",
            TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default_int: 1 } }",
            kFloat,
            "f.pbtxt:3:57: default_int cannot be the default of FP32 cells, which take default"},
        Mistake{"TwoDefaults",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 "
                     "default_int: 1 } }",
                kFloat, "f.pbtxt:3:68: default_int beside default: a column has one default"},
        Mistake{"DefaultsBesideTheWidth",
                TAIL "input { name: \"x\" column { feature: \"plane_delay:recent_delays\" width: 3 "
                     "default: [1, 2] } }",
                {{"x", DataType::kFp32, {3}}},
                "f.pbtxt:3:74: 2 defaults for a column of width 3: give one, or one for each "
                "place"},
        Mistake{"DefaultOutOfRange",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:engines\" default_int: "
                     "3000000000 } }",
                {{"x", DataType::kInt32, {1}}},
                "f.pbtxt:3:59: default_int: 3000000000 does not fit into INT32"},
        Mistake{"DefaultTooLargeForFp32",
                TAIL
                "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1e300 } }",
                kFloat, "f.pbtxt:3:57: default: 1e+300 does not fit into FP32"},
        Mistake{"VocabularyIntoFloats",
                "request { name: \"t\" data_type: TYPE_STRING dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" vocabulary: \"words.txt\" } }",
                kFloat, "f.pbtxt:2:41: a vocabulary makes integers, but the input is FP32"},
        Mistake{"VocabularyOfNumbers",
                "request { name: \"t\" data_type: TYPE_INT64 dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" vocabulary: \"words.txt\" } }",
                kInt,
                "f.pbtxt:2:28: request 't' is INT64, but a vocabulary takes strings (TYPE_STRING)"},
        Mistake{"VocabularyElsewhere",
                "request { name: \"t\" data_type: TYPE_STRING dims: 1 }\n"
                "input { name: \"x\" column { request: \"t\" vocabulary: \"../words.txt\" } }",
                kInt,
                "f.pbtxt:2:41: vocabulary '../words.txt' must be the name of a file beside this "
                "one\nf.pbtxt:2:28: request 't' is BYTES, which cannot be cast to INT64"},
        Mistake{"DefaultOutsideTheVocabulary",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:model\" vocabulary: "
                     "\"words.txt\" default_int: 3 } }",
                kInt,
                "f.pbtxt:3:81: default_int: 3 is no number of the vocabulary, which has 0 to 2"},
        Mistake{"DefaultStringOutsideTheVocabulary",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:model\" vocabulary: "
                     "\"words.txt\" default_string: \"c\" } }",
                kInt,
                "f.pbtxt:3:81: default_string: \"c\" is not in the vocabulary; default_int: 0 is "
                "what is not there"},
        Mistake{"IndicatorInText",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:model\" default_string: "
                     "\"\" indicator: true } }",
                {{"x", DataType::kBytes, {2}}},
                "f.pbtxt:3:76: indicator makes numbers, but the input is BYTES"},
        Mistake{"AgeInIntegers",
                TAIL "input { name: \"x\" column { age_seconds: \"plane_facts:model\" default_int: "
                     "1 } }",
                kInt, "f.pbtxt:3:28: an age is a fraction of seconds, but the input is INT64"},
        Mistake{"InputThatCannotBeAssembled",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }",
                {{"x", DataType::kFp16, {1}}},
                "f.pbtxt:3:9: input 'x' is FP16, which cannot be filled column by column"},
        Mistake{"TextDefaultInNumbers",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:model\" default: 1 } }",
                kText,
                "f.pbtxt:3:57: default cannot be the default of BYTES cells, which take "
                "default_string"},
        Mistake{"LastKnownWithoutACache",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1\n"
                     "  on_error: LAST_KNOWN } }\n"
                     "view { name: \"plane_facts\" optional: true }",
                kFloat,
                "f.pbtxt:4:3: on_error: LAST_KNOWN needs a cache for the view: add view { name: "
                "\"plane_facts\" cache { ... } }"},
        Mistake{"LastKnownWithoutADefault",
                TAIL
                "input { name: \"x\" column { feature: \"plane_facts:seats\" on_missing: FAIL\n"
                "  on_null: FAIL on_stale: FAIL on_error: LAST_KNOWN } }\n"
                "view { name: \"plane_facts\" cache { soft_age { seconds: 1 } } }",
                kFloat,
                "f.pbtxt:4:32: on_error: LAST_KNOWN needs a default, for when nothing is known"},
        Mistake{"LastKnownOfARequestTensor",
                "request { name: \"d\" data_type: TYPE_FP32 dims: 1 optional: true }\n"
                "input { name: \"x\" column { request: \"d\" default: 1\n"
                "  on_missing: LAST_KNOWN } }",
                kFloat,
                "f.pbtxt:3:3: on_missing: LAST_KNOWN is for features, and 'd' is a request tensor"},
        Mistake{"OptionalViewThatMustNotFail",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1\n"
                     "  on_error: FAIL } }\n"
                     "view { name: \"plane_facts\" optional: true }",
                kFloat, "f.pbtxt:4:3: view 'plane_facts' is optional, so on_error cannot be FAIL"},
        Mistake{"ViewThatNobodyNames",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }\n"
                     "view { name: \"plane\" optional: true }",
                kFloat, "f.pbtxt:4:8: no column names a feature of view 'plane'"},
        Mistake{"ViewGivenTwice",
                TAIL "input { name: \"x\" column { feature: \"plane_facts:seats\" default: 1 } }\n"
                     "view { name: \"plane_facts\" optional: true }\n"
                     "view { name: \"plane_facts\" cache { soft_age { seconds: 1 } } }",
                kFloat, "f.pbtxt:5:8: view 'plane_facts' is already given"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(FeaturePlanMistakes, AMissingVocabularyIsNamedWithItsPlaceAndFile) {
  TempDir folder;
  const auto plan = CompileText(
      "request { name: \"t\" data_type: TYPE_STRING dims: 1 }\n"
      "input { name: \"x\" column { request: \"t\" vocabulary: \"none.txt\" } }",
      Config({{"x", DataType::kInt64, {1}}}), nullptr, folder.path());
  EXPECT_EQ(plan.status().message(),
            "f.pbtxt:2:41: vocabulary: " + (folder.path() / "none.txt").string() +
                ": there is no such file");
}

TEST(FeaturePlanMistakes, ReportsEveryMistakeAtOnce) {
  const auto plan =
      CompileText("input { name: \"x\"\n column { request: \"a\" }\n column { request: \"b\" } }",
                  Config({{"x", DataType::kFp32, {2}}}));
  EXPECT_EQ(plan.status().message(),
            "f.pbtxt:2:11: request 'a' is not declared\nf.pbtxt:3:11: request 'b' is not declared");
}

}  // namespace
}  // namespace tournant
