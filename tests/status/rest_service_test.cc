#include "status/rest_service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fakes/fake_model.h"
#include "fakes/kept_spans.h"
#include "fakes/loop_thread.h"
#include "fakes/puppet_pool.h"
#include "status/raw_http_client.h"

namespace tournant {
namespace {

using nlohmann::json;

constexpr char kRequest[] =
    R"({"id": "7", "inputs": [{"name": "x", "shape": [1,4], "datatype": "FP32", "data": [1,2,3,4]}]})";
constexpr char kInfer[] = "/v2/models/echo/infer";

// A body that is there already, or that is known not to come.
class ReadyBody final : public HttpBody {
 public:
  explicit ReadyBody(absl::StatusOr<std::string> bytes) : bytes_(std::move(bytes)) {}
  std::optional<int64_t> length() const override {
    return static_cast<int64_t>(bytes_.value_or("").size());
  }
  absl::StatusOr<std::string> Read(int64_t) override { return bytes_; }

 private:
  const absl::StatusOr<std::string> bytes_;
};

class RestServiceTest : public testing::Test {
 protected:
  explicit RestServiceTest(PuppetPool::Mode mode = PuppetPool::Mode::kAtOnce,
                           RestService::Options options = {.max_message_bytes = 10'000})
      : pool_(mode), rest_(registry_, blocking_, options) {
    registry_.Publish(MakeVersion("echo", 2, EchoModel()));
    registry_.MarkLoading("slow", 1);
    HttpServer::Routes routes = rest_.Routes();
    routes.emplace("/v2/health/live", [](const HttpRequest&) { return HttpResponse(); });
    auto server = HttpServer::Start(
        {.address = "127.0.0.1:0", .request_timeout = std::chrono::hours(1)}, std::move(routes));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  RawResponse Fetch(const std::string& path) { return Get(server_->port(), path); }
  RawResponse Post(const std::string& path, const std::string& body,
                   const std::string& headers = "") {
    return Exchange(server_->port(),
                    absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: localhost\r\n", headers,
                                 "Content-Length: ", body.size(), "\r\n\r\n", body));
  }
  // As Post, without the HTTP server.
  HttpResponse Handle(HttpBody& body) {
    HttpRequest request;
    request.path = kInfer;
    request.method = "POST";
    request.body = &body;
    return rest_.Routes().at("/v2/models/*").handler(request);
  }
  static std::string ErrorOf(const RawResponse& response) {
    EXPECT_TRUE(absl::StrContains(response.head, "Content-Type: application/json\r\n"));
    return json::parse(response.body).value("error", "");
  }

  ManualClock clock_;
  LoopThread thread_{clock_};
  ModelRegistry registry_;
  PuppetPool pool_;
  Predictor predictor_{registry_, nullptr, pool_, nullptr, nullptr, clock_, {}};
  CallMetrics metrics_{{}};
  CallsInFlight in_flight_;
  CallLog log_;
  KeptSpans spans_;
  Tracer tracer_{spans_, clock_, {.sampling = 0, .seed = 5}};
  BlockingPredictor blocking_{
      predictor_,
      clock_,
      {.tracer = &tracer_, .method = "POST /v2/models/{model}/infer", .http = true},
      {{&thread_.loop(), &metrics_, &in_flight_, &log_}}};
  RestService rest_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(RestServiceTest, AnswersAPrediction) {
  for (const char* path : {kInfer, "/v2/models/echo/versions/2/infer"}) {
    const RawResponse response = Post(path, kRequest);
    EXPECT_EQ(response.code, 200) << response.body;
    EXPECT_EQ(json::parse(response.body), json::parse(R"({
      "model_name": "echo", "model_version": "2", "id": "7", "outputs":
        [{"name": "y", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}]})"));
  }
}

TEST_F(RestServiceTest, DescribesServerAndModels) {
  EXPECT_EQ(json::parse(Fetch("/v2").body)["name"], "tournant");
  for (const char* path : {"/v2/models/echo", "/v2/models/echo/versions/2"}) {
    EXPECT_EQ(json::parse(Fetch(path).body), json::parse(R"({
      "name": "echo", "versions": ["2"], "platform": "pytorch_libtorch",
      "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
      "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 4]}]})"));
  }
  EXPECT_EQ(Fetch("/v2/models/echo/ready").body, "{\"name\":\"echo\",\"ready\":true}\n");
  EXPECT_EQ(Fetch("/v2/models/slow/ready").code, 503);
  EXPECT_EQ(Fetch("/v2/models/slow/ready").body, "{\"name\":\"slow\",\"ready\":false}\n");
}

TEST_F(RestServiceTest, NamesWhatIsNotThere) {
  for (const char* path : {"/v2/models/nobody", "/v2/models/nobody/ready",
                           "/v2/models/echo/versions/3", "/v2/models/", "/v2/models/echo/versions",
                           "/v2/models/echo/versions/", "/v2/models/echo/config", "/v2/else"}) {
    const RawResponse response = Fetch(path);
    EXPECT_EQ(response.code, 404) << path;
    EXPECT_NE(ErrorOf(response), "") << path;
  }
  EXPECT_EQ(Post("/v2/models/nobody/infer", kRequest).code, 404);
  const RawResponse loading = Post("/v2/models/slow/infer", kRequest);
  EXPECT_EQ(loading.code, 503);
  EXPECT_TRUE(absl::StrContains(loading.head, "Retry-After: 1\r\n"));
}

TEST_F(RestServiceTest, RefusesWhatItDoesNotTake) {
  struct Case {
    const char* headers;
    const char* body;
    int code;
    const char* error;
  };
  const Case cases[] = {
      {"", "{", 400, "not JSON"},
      {"", "{}", 400, "inputs is missing"},
      {"", R"({"inputs": []})", 400, "expected 1 inputs"},
      {"grpc-timeout: soon\r\n", kRequest, 400, "headers[grpc-timeout]"},
      {"grpc-timeout: 0m\r\n", kRequest, 504, "deadline"},
      {"tournant-criticality: dire\r\n", kRequest, 400, "headers[tournant-criticality]"},
      {"Inference-Header-Content-Length: 9\r\n", kRequest, 501, "not as binary data"},
      {"Content-Encoding: gzip\r\n", kRequest, 415, "'gzip'"},
      {"Origin: http://evil.example\r\n", kRequest, 403, "a page of http://evil.example"},
  };
  for (const Case& wrong : cases) {
    const RawResponse response = Post(kInfer, wrong.body, wrong.headers);
    EXPECT_EQ(response.code, wrong.code) << wrong.headers << response.body;
    EXPECT_TRUE(absl::StrContains(ErrorOf(response), wrong.error)) << response.body;
  }
  const RawResponse read = Fetch(kInfer);
  EXPECT_EQ(read.code, 405);
  EXPECT_TRUE(absl::StrContains(read.head, "Allow: POST\r\n"));
  EXPECT_EQ(Post("/v2/models/echo", "").code, 405);
  EXPECT_EQ(Post("/v2", "").code, 405);
}

TEST_F(RestServiceTest, RefusesBodiesThatAreTooLargeOrOfUnknownLength) {
  const RawResponse large = Post(kInfer, std::string(10'001, ' '));
  EXPECT_EQ(large.code, 413);
  EXPECT_TRUE(absl::StrContains(ErrorOf(large), "10001 bytes"));
  EXPECT_EQ(metrics_.stopped(Phase::kRejected, Phase::kAccepted), 1);
  const RawResponse chunked = Exchange(
      server_->port(), absl::StrCat("POST ", kInfer, " HTTP/1.1\r\nHost: localhost\r\n",
                                    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"));
  EXPECT_EQ(chunked.code, 411);
}

TEST_F(RestServiceTest, MakesAPredictionASpanOfItsCallersTraceWhateverBecomesOfIt) {
  const std::string headers =
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
      "tracestate: a=1\r\nTracestate: b=2\r\n";
  EXPECT_EQ(Post(kInfer, kRequest, headers).code, 200);
  EXPECT_EQ(Post("/v2/models/echo/infer", "no JSON", headers).code, 400);
  EXPECT_EQ(Post("/v2/models/nobody/infer", kRequest, headers).code, 404);
  std::vector<std::string> ends;
  for (const Span& span : spans_.spans()) {
    if (span.name != "POST /v2/models/{model}/infer") continue;
    EXPECT_EQ(HexText(span.parent), "00f067aa0ba902b7");
    EXPECT_EQ(span.state, "a=1,b=2");
    ends.push_back(
        absl::StrCat(AttributeOf(span, "model_name"), " ", AttributeOf(span, "error.type")));
  }
  EXPECT_EQ(ends, (std::vector<std::string>{"echo ", "echo INVALID_ARGUMENT", "nobody NOT_FOUND"}));
}

TEST_F(RestServiceTest, LetsAClientWaitWithItsBody) {
  const RawResponse response = Post(kInfer, kRequest, "Expect: 100-continue\r\n");
  EXPECT_EQ(response.code, 100);
  EXPECT_TRUE(absl::StrContains(response.body, "HTTP/1.1 200 OK\r\n")) << response.body;
}

class SlowRestServiceTest : public RestServiceTest {
 protected:
  SlowRestServiceTest()
      : RestServiceTest(PuppetPool::Mode::kWhenTold,
                        {.max_message_bytes = 10'000, .most_calls = 3}) {}
};

TEST_F(SlowRestServiceTest, RefusesPredictionsBeyondItsPlacesAndStillAnswersProbes) {
  std::vector<Thread> callers;
  std::vector<RawResponse> answers(3);
  for (RawResponse& answer : answers) {
    callers.emplace_back("caller", [&] { answer = Post(kInfer, kRequest); });
  }
  pool_.WaitForJobs(3);
  const RawResponse refused = Post(kInfer, kRequest);
  EXPECT_EQ(refused.code, 503);
  EXPECT_TRUE(absl::StrContains(refused.head, "Retry-After: 1\r\n"));
  EXPECT_TRUE(absl::StrContains(ErrorOf(refused), "3 at once"));
  EXPECT_EQ(metrics_.stopped(Phase::kRejected, Phase::kAccepted), 1);
  EXPECT_EQ(Fetch("/v2/health/live").code, 200);
  for (int i = 0; i < 3; ++i) pool_.RunOne();
  callers.clear();
  for (const RawResponse& answer : answers) EXPECT_EQ(answer.code, 200) << answer.body;
}

TEST_F(SlowRestServiceTest, HoldsNoMoreThanOneLargestMessageOfBodies) {
  RawResponse answer;
  Thread caller("caller",
                [&] { answer = Post(kInfer, absl::StrCat(kRequest, std::string(9'000, ' '))); });
  pool_.WaitForJobs(1);
  EXPECT_EQ(Post(kInfer, absl::StrCat(kRequest, std::string(900, ' '))).code, 503);
  pool_.RunOne();
  caller.Join();
  EXPECT_EQ(answer.code, 200) << answer.body;
}

TEST_F(RestServiceTest, CountsACallWhoseBodyDoesNotCome) {
  ReadyBody late(absl::DeadlineExceededError("the body comes too slowly"));
  ReadyBody halfway(absl::CancelledError("the body stopped halfway"));
  EXPECT_EQ(Handle(late).code, 408);
  EXPECT_EQ(metrics_.stopped(Phase::kExpired, Phase::kAccepted), 1);
  EXPECT_EQ(Handle(halfway).code, 499);
  EXPECT_EQ(metrics_.stopped(Phase::kCancelled, Phase::kAccepted), 1);
}

class SmallRestServiceTest : public RestServiceTest {
 protected:
  SmallRestServiceTest() : RestServiceTest(PuppetPool::Mode::kAtOnce, {.max_message_bytes = 100}) {}
};

TEST_F(SmallRestServiceTest, CountsAnAnswerThatIsTooLargeAsRejected) {
  const RawResponse response = Post(kInfer, kRequest);
  EXPECT_EQ(response.code, 429);
  EXPECT_TRUE(absl::StrContains(ErrorOf(response), "the answer is larger than"));
  EXPECT_EQ(metrics_.in_phase(Phase::kDone), 0);
  EXPECT_EQ(metrics_.stopped(Phase::kRejected, Phase::kResponding), 1);
}

class OnePlaceRestServiceTest : public RestServiceTest {
 protected:
  OnePlaceRestServiceTest()
      : RestServiceTest(PuppetPool::Mode::kAtOnce, {.max_message_bytes = 10'000, .most_calls = 1}) {
  }
};

TEST_F(OnePlaceRestServiceTest, HoldsThePlaceOfAPredictionUntilItsAnswerIsOut) {
  ReadyBody body(kRequest);
  {
    const HttpResponse being_sent = Handle(body);
    EXPECT_EQ(being_sent.code, 200) << being_sent.body;
    EXPECT_EQ(Handle(body).code, 503);
    EXPECT_EQ(Handle(body).code, 503);
  }
  EXPECT_EQ(Handle(body).code, 200);
}

class QuietRestServiceTest : public RestServiceTest {
 protected:
  QuietRestServiceTest() : RestServiceTest(PuppetPool::Mode::kAtOnce, {.infer = false}) {}
};

TEST_F(QuietRestServiceTest, SaysHowPredictionsAreTurnedOn) {
  const RawResponse response = Post(kInfer, kRequest);
  EXPECT_EQ(response.code, 403);
  EXPECT_TRUE(absl::StrContains(ErrorOf(response), "--http_infer=on"));
  EXPECT_EQ(Fetch("/v2/models/echo").code, 200);
}

}  // namespace
}  // namespace tournant
