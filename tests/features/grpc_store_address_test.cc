#include "features/grpc_store_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tournant {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GrpcStoreAddress, ReadsOneAddressAndTakesFeastsMethodByDefault) {
  for (const char* text : {"grpc:features.shop:6566", "grpc:dns:///features.shop:6566"}) {
    const auto parsed = ParseGrpcStoreAddress(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_THAT(parsed->addresses, ElementsAre("features.shop:6566"));
    EXPECT_EQ(parsed->method, "/feast.serving.ServingService/GetOnlineFeatures");
    EXPECT_EQ(parsed->channels, 1);
    EXPECT_TRUE(parsed->health_check);
  }
}

TEST(GrpcStoreAddress, ReadsAListOfAddressesAndAllOptions) {
  const auto parsed = ParseGrpcStoreAddress(
      "grpc:10.0.0.1:6566,features.shop:6567?method=/GrpcFeatureServer/GetOnlineFeatures"
      "&channels=4&max_in_flight=200000&health_check=false&project=shop");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->addresses, ElementsAre("10.0.0.1:6566", "features.shop:6567"));
  EXPECT_EQ(parsed->method, "/GrpcFeatureServer/GetOnlineFeatures");
  EXPECT_EQ(parsed->channels, 4);
  EXPECT_EQ(parsed->max_in_flight, 200'000);
  EXPECT_FALSE(parsed->health_check);
  EXPECT_EQ(parsed->project, "shop");
}

TEST(GrpcStoreAddress, OnlyNamesAreResolved) {
  EXPECT_EQ(GrpcTarget("10.0.0.1:6566"), "ipv4:10.0.0.1:6566");
  EXPECT_EQ(GrpcTarget("features.shop:6566"), "dns:///features.shop:6566");
  const auto resolved = ParseGrpcStoreAddress("grpc:dns://10.0.0.2:53/features.shop:6566");
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->dns_server, "10.0.0.2:53");
  EXPECT_EQ(GrpcTarget(resolved->addresses[0], resolved->dns_server),
            "dns://10.0.0.2:53/features.shop:6566");
}

TEST(GrpcStoreAddress, SaysWhatIsWrongWithAnAddress) {
  const auto error = [](absl::string_view text) {
    return std::string(ParseGrpcStoreAddress(text).status().message());
  };
  EXPECT_THAT(error("redis://x"), HasSubstr("grpc:HOST:PORT"));
  EXPECT_THAT(error("grpc:host"), HasSubstr("'host' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:host:70000"), HasSubstr("'host:70000' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:a:1,b"), HasSubstr("'b' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:a:1,b:2,a:1"), HasSubstr("'a:1' is listed twice"));
  EXPECT_THAT(error("grpc:dns:///a"), HasSubstr("'a' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:http://a:1"), HasSubstr("'http://a:1' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:dns:a:1"), HasSubstr("'dns:a:1' is not HOST:PORT"));
  EXPECT_TRUE(ParseGrpcStoreAddress("grpc:[::1]:6566").ok());
  EXPECT_THAT(error("grpc:dns://a:1"), HasSubstr("'' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:dns://a/b:1"), HasSubstr("'a' is not HOST:PORT"));
  EXPECT_THAT(error("grpc:a:1?mthod=/x/y"), HasSubstr("unknown option 'mthod'"));
  EXPECT_THAT(error("grpc:a:1?channels=2&"), HasSubstr("unknown option ''"));
  EXPECT_THAT(error("grpc:a:1?method=nope"), HasSubstr("method must be /package.Service/Method"));
  EXPECT_THAT(error("grpc:a:1?channels=0"), HasSubstr("channels must be between 1 and 64"));
  EXPECT_THAT(error("grpc:a:1?max_in_flight=x"), HasSubstr("max_in_flight must be a number"));
  EXPECT_THAT(error("grpc:a:1?health_check=1"), HasSubstr("health_check must be true or false"));
  std::string many = "grpc:a:1";
  for (int port = 2; port <= 65; ++port) absl::StrAppend(&many, ",a:", port);
  EXPECT_THAT(error(many), HasSubstr("at most 64 addresses"));
}

}  // namespace
}  // namespace tournant
