#include "status/status_pages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "status/raw_http_client.h"

namespace tournant {
namespace {

class FakeSource final : public StatusSource {
 public:
  FakeSource(std::string name, std::string json) : name_(std::move(name)), json_(std::move(json)) {}
  absl::string_view status_name() const override { return name_; }
  std::string StatusJson() const override { return json_; }

 private:
  const std::string name_;
  const std::string json_;
};

class StatusPagesTest : public testing::Test {
 protected:
  RawResponse Fetch(const std::string& path) {
    if (server_ == nullptr) {
      auto server =
          HttpServer::Start({.address = "127.0.0.1:0", .request_timeout = std::chrono::hours(1)},
                            StatusRoutes(pages_));
      EXPECT_TRUE(server.ok()) << server.status();
      server_ = *std::move(server);
    }
    return Get(server_->port(), path);
  }

  MetricsRegistry metrics_;
  StatusPages pages_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(StatusPagesTest, ShowsMetricsAtEachScrape) {
  double value = 1;
  metrics_.AddGauge("depth", "How deep.", [&] { return value; });
  pages_.metrics = &metrics_;
  const RawResponse response = Fetch("/metrics");
  EXPECT_EQ(response.code, 200);
  EXPECT_NE(response.head.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(response.body.find("\ndepth 1\n"), std::string::npos);
  value = 2;
  EXPECT_NE(Fetch("/metrics").body.find("\ndepth 2\n"), std::string::npos);
}

TEST_F(StatusPagesTest, PutsTheStatusOfEachSourceUnderItsName) {
  const FakeSource models("models", R"([{"name": "flights"}])");
  const FakeSource calls("calls", R"({"live": {"Queued": 3}})");
  const FakeSource broken("broken", "{");
  pages_.sources = {&models, &broken, &calls};
  const RawResponse response = Fetch("/status.json");
  EXPECT_EQ(response.code, 200);
  EXPECT_NE(response.head.find("Content-Type: application/json\r\n"), std::string::npos);
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["models"][0]["name"], "flights");
  EXPECT_EQ(json["calls"]["live"]["Queued"], 3);
  EXPECT_EQ(json["broken"]["error"], "this part of the status is not valid JSON");
}

TEST_F(StatusPagesTest, IsEmptyWithoutSources) {
  EXPECT_EQ(nlohmann::json::parse(Fetch("/status.json").body), nlohmann::json::object());
  EXPECT_EQ(Fetch("/metrics").body, "");
}

TEST_F(StatusPagesTest, AnswersProbesByTheirFunctions) {
  bool ready = false;
  pages_.ready = [&] { return ready; };
  EXPECT_EQ(Fetch("/v2/health/live").code, 200);
  EXPECT_EQ(Fetch("/v2/health/live").body, "{\"live\":true}\n");
  EXPECT_EQ(Fetch("/v2/health/ready").code, 503);
  EXPECT_EQ(Fetch("/v2/health/ready").body, "{\"ready\":false}\n");
  ready = true;
  EXPECT_EQ(Fetch("/v2/health/ready").code, 200);
  EXPECT_EQ(Fetch("/v2/health/ready").body, "{\"ready\":true}\n");
}

TEST_F(StatusPagesTest, HasAPageThatMayLoadAndRunNothingElse) {
  const RawResponse response = Fetch("/");
  EXPECT_EQ(response.code, 200);
  EXPECT_NE(response.head.find("Content-Type: text/html"), std::string::npos);
  EXPECT_NE(response.head.find("Content-Security-Policy: default-src 'none'; style-src 'sha256-"),
            std::string::npos);
  EXPECT_EQ(response.head.find("unsafe"), std::string::npos);
  EXPECT_EQ(response.body.find('@'), response.body.find("@media"));
  for (const char* outside : {"http://", "https://", "//cdn", " src=", "@import", "url("}) {
    EXPECT_EQ(response.body.find(outside), std::string::npos) << outside;
  }
}

TEST_F(StatusPagesTest, DescribesTheRestForm) {
  const RawResponse response = Fetch("/openapi.json");
  EXPECT_EQ(response.code, 200);
  const auto api = nlohmann::json::parse(response.body);
  EXPECT_EQ(api["info"]["version"], TOURNANT_VERSION);
  EXPECT_TRUE(api["paths"].contains("/v2/models/{model}/infer"));
}

}  // namespace
}  // namespace tournant
