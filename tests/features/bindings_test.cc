#include "features/bindings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tournant {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Bindings> bindings = ParseBindings("m/features.pbtxt", text);
  EXPECT_EQ(bindings.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(bindings.status().message());
}

TEST(Bindings, ReadsTheWholeSchemaWithPlaces) {
  const absl::StatusOr<Bindings> parsed = ParseBindings("f", R"(
request { name: "tailnum" data_type: TYPE_STRING dims: 1 }
request { name: "distance" data_type: TYPE_FP32 dims: [2, 3] optional: true }
entity { join_key: "tailnum" request: "tailnum" data_type: TYPE_STRING }
feature_service: "svc"
input {
  name: "dense"
  allow_nan: true
  column { request: "distance" default: [1, 2.5] width: 6 }
  column {
    feature: "plane:seats"
    default: 149
    on_missing: FAIL
    on_null: AS_NAN
    max_age { seconds: 10 nanos: 5000 }
    indicator: true
  }
  column { age_seconds: "plane:seats" default: -1 }
}
input { name: "id" column { request: "tailnum" vocabulary: "tails.txt" default_int: 0 } }
input { name: "text" column { feature: "plane:maker" default_string: "" } }
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->requests.size(), 2u);
  EXPECT_EQ(parsed->requests[1].name.value, "distance");
  EXPECT_EQ(parsed->requests[1].data_type.value, DataType::kFp32);
  EXPECT_TRUE(parsed->requests[1].optional);
  ASSERT_EQ(parsed->requests[1].dims.size(), 2u);
  EXPECT_EQ(parsed->requests[1].dims[1].value, 3);
  EXPECT_EQ(parsed->entities[0].join_key.value, "tailnum");
  EXPECT_EQ(parsed->entities[0].data_type.value, DataType::kBytes);
  EXPECT_EQ(parsed->feature_service.value, "svc");
  EXPECT_EQ(parsed->feature_service.at.line, 5);
  ASSERT_EQ(parsed->inputs.size(), 3u);
  const Bindings::Input& dense = parsed->inputs[0];
  EXPECT_TRUE(dense.allow_nan);
  ASSERT_EQ(dense.columns.size(), 3u);
  EXPECT_EQ(dense.columns[0].kind, ColumnSource::kRequest);
  EXPECT_EQ(dense.columns[0].defaults[1].value, 2.5);
  EXPECT_EQ(dense.columns[0].width.value, 6u);
  const Bindings::Column& seats = dense.columns[1];
  EXPECT_EQ(seats.kind, ColumnSource::kFeature);
  EXPECT_EQ(seats.source.value, "plane:seats");
  EXPECT_EQ(seats.source.at.line, 11);
  EXPECT_EQ(seats.source.at.column, 5);
  EXPECT_EQ(seats.on_missing.value, Fill::kFail);
  EXPECT_EQ(seats.on_null.value, Fill::kNan);
  EXPECT_EQ(seats.on_error.value, Fill::kDefault);
  EXPECT_FALSE(seats.on_error.given());
  EXPECT_EQ(seats.max_age_us.value, 10'000'005);
  EXPECT_TRUE(seats.indicator.value);
  EXPECT_EQ(dense.columns[2].kind, ColumnSource::kAgeSeconds);
  EXPECT_EQ(parsed->inputs[1].columns[0].vocabulary.value, "tails.txt");
  // An empty string is a default, too.
  EXPECT_TRUE(parsed->inputs[2].columns[0].string_default.given());
}

TEST(Bindings, AnEmptyFileBindsNothing) {
  const absl::StatusOr<Bindings> parsed = ParseBindings("f", "# nothing\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->inputs.empty());
}

TEST(Bindings, NamesFileLineAndColumnOfAnUnknownField) {
  EXPECT_THAT(ErrorOf("request {\n  nam: \"x\"\n}\n"),
              HasSubstr("m/features.pbtxt:2:6: Message type \"tournant.FeatureBindings.Request\" "
                        "has no field named \"nam\"."));
}

TEST(Bindings, RefusesAFieldThatIsGivenTwice) {
  EXPECT_THAT(ErrorOf("request { name: \"x\"\n name: \"y\" }"),
              HasSubstr("m/features.pbtxt:2:6: Non-repeated field \"name\" is specified multiple "
                        "times."));
}

TEST(Bindings, RefusesTwoSourcesOfOneColumn) {
  EXPECT_THAT(ErrorOf("input { name: \"x\" column { request: \"a\"\n feature: \"v:f\" } }"),
              HasSubstr("m/features.pbtxt:2:"));
}

TEST(Bindings, RefusesAnUnknownEnumValue) {
  EXPECT_THAT(ErrorOf("input { name: \"x\"\n column { request: \"a\" on_missing: NOTHING } }"),
              HasSubstr("Unknown enumeration value of \"NOTHING\" for field \"on_missing\"."));
}

TEST(Bindings, RefusesTextThatIsNoProto) {
  EXPECT_THAT(ErrorOf("{\"request\": 1}"), HasSubstr("m/features.pbtxt:1:1: "));
  EXPECT_THAT(ErrorOf(std::string("\0\xff", 2)), HasSubstr("m/features.pbtxt:1:"));
}

TEST(Bindings, ReadsViewsAndTheirCaches) {
  const absl::StatusOr<Bindings> parsed = ParseBindings("f", R"(
input { name: "x" column { feature: "v:f" on_error: LAST_KNOWN } }
view { name: "v" optional: true }
view {
  name: "w"
  cache { soft_age { seconds: 1 } hard_age { seconds: 60 } negative_age { nanos: 500000000 }
          max_bytes: 1000 }
}
view { name: "u" cache { soft_age { seconds: 3 } } }
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->inputs[0].columns[0].on_error.value, Fill::kLastKnown);
  ASSERT_EQ(parsed->views.size(), 3u);
  EXPECT_TRUE(parsed->views[0].optional);
  EXPECT_FALSE(parsed->views[0].cache);
  EXPECT_FALSE(parsed->views[1].optional);
  const Bindings::Cache& cache = *parsed->views[1].cache;
  EXPECT_EQ(cache.soft_age_us.value, 1'000'000);
  EXPECT_EQ(cache.hard_age_us.value, 60'000'000);
  EXPECT_EQ(cache.negative_age_us.value, 500'000);
  EXPECT_EQ(cache.max_bytes.value, 1000u);
  EXPECT_EQ(cache.at.line, 6);
  const Bindings::Cache& sparse = *parsed->views[2].cache;
  EXPECT_EQ(sparse.hard_age_us.value, 3'000'000);
  EXPECT_EQ(sparse.negative_age_us.value, 0);
  EXPECT_EQ(sparse.max_bytes.value, 64u << 20);
}

TEST(Bindings, RefusesViewsAndCachesThatMakeNoSense) {
  const auto of_cache = [](const std::string& cache) {
    return ErrorOf("view { name: \"v\"\n cache {\n " + cache + " } }");
  };
  EXPECT_EQ(ErrorOf("\nview { name: \"v\" }"), "m/features.pbtxt:2:1: view 'v' sets nothing");
  EXPECT_EQ(ErrorOf("view { optional: true }"), "m/features.pbtxt:1:1: view needs a name");
  EXPECT_EQ(of_cache("max_bytes: 7"), "m/features.pbtxt:2:2: cache of view 'v' needs a soft_age");
  EXPECT_EQ(of_cache("soft_age { }"), "m/features.pbtxt:3:2: soft_age must be a positive duration");
  EXPECT_EQ(of_cache("soft_age { seconds: 2 } hard_age { seconds: 1 }"),
            "m/features.pbtxt:3:26: hard_age must not be less than soft_age");
  EXPECT_EQ(of_cache("soft_age { seconds: 2 } negative_age { seconds: -1 }"),
            "m/features.pbtxt:3:26: negative_age must be a positive duration");
  EXPECT_EQ(of_cache("soft_age { seconds: 2 } max_bytes: 0"),
            "m/features.pbtxt:3:26: max_bytes must not be 0");
}

TEST(Bindings, RefusesIncompleteParts) {
  EXPECT_EQ(ErrorOf("request { data_type: TYPE_FP32 }"),
            "m/features.pbtxt:1:1: request needs a name");
  EXPECT_EQ(ErrorOf("request { name: \"x\" }"),
            "m/features.pbtxt:1:1: request 'x' needs a data_type");
  EXPECT_EQ(ErrorOf("entity { join_key: \"x\" }"), "m/features.pbtxt:1:1: entity needs a request");
  EXPECT_EQ(ErrorOf("input { name: \"x\" }"),
            "m/features.pbtxt:1:1: input 'x' has no column; leave it out to take it from the "
            "request");
  EXPECT_EQ(ErrorOf("input { name: \"x\" column { } }"),
            "m/features.pbtxt:1:19: column needs one of request, feature and age_seconds");
  EXPECT_EQ(ErrorOf("feature_service: \"\""), "m/features.pbtxt:1:1: feature_service is empty");
}

TEST(Bindings, RefusesRefsThatAreNoRefs) {
  for (const char* ref : {"seats", ":seats", "plane:", ""}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("input { name: \"x\" column { feature: \"", ref, "\" } }")),
                HasSubstr("m/features.pbtxt:1:28: '"));
  }
}

TEST(Bindings, RefusesSizesAndAgesThatMakeNoSense) {
  EXPECT_EQ(ErrorOf("request { name: \"x\" data_type: TYPE_FP32\n dims: [1, -1] }"),
            "m/features.pbtxt:2:2: dims of request 'x' must be sizes from 1, not -1");
  EXPECT_EQ(ErrorOf("input { name: \"x\" column { feature: \"v:f\"\n max_age { seconds: -5 } } }"),
            "m/features.pbtxt:2:2: max_age must be a positive duration");
  EXPECT_EQ(ErrorOf("input { name: \"x\" column { feature: \"v:f\"\n max_age { } } }"),
            "m/features.pbtxt:2:2: max_age must be a positive duration");
}

TEST(Bindings, ReportsEveryErrorAtOnce) {
  EXPECT_EQ(ErrorOf("request { name: \"x\" }\nview { name: \"v\" }"),
            "m/features.pbtxt:1:1: request 'x' needs a data_type\n"
            "m/features.pbtxt:2:1: view 'v' sets nothing");
}

}  // namespace
}  // namespace tournant
