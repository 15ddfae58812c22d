#include "status/http_server.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <list>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "status/connection_socket.h"
#include "status/raw_http_client.h"

namespace tournant {
namespace {

HttpHandler Text(const std::string& text) {
  return [text](const HttpRequest&) { return HttpResponse{.body = text}; };
}

std::unique_ptr<HttpServer> Serve(HttpServer::Routes routes) {
  // Longer than a client of a slow machine takes to send its request.
  auto server = HttpServer::Start(
      {.address = "127.0.0.1:0", .request_timeout = std::chrono::hours(1)}, std::move(routes));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

TEST(HttpServer, TakesAFreePortAndSaysWhich) {
  const auto server = Serve({{"/a", Text("hello")}});
  ASSERT_GT(server->port(), 0);
  const RawResponse response = Get(server->port(), "/a");
  EXPECT_EQ(response.code, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_NE(response.head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_NE(response.head.find("Content-Type: text/plain"), std::string::npos);
}

TEST(HttpServer, GivesPathAndQueryToItsHandler) {
  const auto server = Serve({{"/a", [](const HttpRequest& request) {
                                return HttpResponse{.code = 503,
                                                    .content_type = "application/json",
                                                    .body = request.path + "|" + request.query};
                              }}});
  const RawResponse response = Get(server->port(), "/a?x=1&y=%20");
  EXPECT_EQ(response.code, 503);
  EXPECT_EQ(response.body, "/a|x=1&y=%20");
  EXPECT_NE(response.head.find("Content-Type: application/json\r\n"), std::string::npos);
}

TEST(HttpServer, ServesExactPathsOnly) {
  const auto server = Serve({{"/", Text("root")}, {"/a", Text("a")}});
  EXPECT_EQ(Get(server->port(), "/").body, "root");
  for (const char* path : {"/b", "/a/b", "/a/", "/etc/passwd", "/../../etc/passwd"}) {
    EXPECT_NE(Get(server->port(), path).code, 200) << path;
  }
  EXPECT_EQ(Get(server->port(), "/<b>").body, "there is nothing at /<b>\n");
}

TEST(HttpServer, RefusesOtherMethods) {
  const auto server = Serve({{"/a", Text("hello")}});
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    const RawResponse response =
        Exchange(server->port(), absl::StrCat(method,
                                              " /a HTTP/1.1\r\nHost: localhost\r\n"
                                              "Content-Length: 0\r\n\r\n"));
    EXPECT_EQ(response.code, 405) << method;
    EXPECT_NE(response.head.find("Allow: GET, HEAD\r\n"), std::string::npos) << method;
  }
}

TEST(HttpServer, GivesARouteThatTakesThemItsPostsWithHeadersAndBody) {
  const auto server =
      Serve({{"/a",
              {[](const HttpRequest& request) {
                 if (request.body == nullptr) return HttpResponse{.body = "none"};
                 const auto body = request.body->Read(8);
                 return HttpResponse{.code = body.ok() ? 200 : 413,
                                     .body = absl::StrCat(request.method, *request.Header("x-y"),
                                                          body.value_or("")),
                                     .headers = {{"Z", "1"}}};
               },
               true}}});
  const auto post = [&](const std::string& body) {
    return Exchange(server->port(),
                    absl::StrCat("POST /a HTTP/1.1\r\nHost: localhost\r\nX-Y: +\r\n",
                                 "Content-Length: ", body.size(), "\r\n\r\n", body));
  };
  EXPECT_EQ(post("12345678").body, "POST+12345678");
  EXPECT_NE(post("").head.find("\r\nZ: 1\r\n"), std::string::npos);
  EXPECT_EQ(post("123456789").code, 413);
  EXPECT_EQ(post(std::string(1'000'000, 'x')).code, 413);  // And the client gets to hear it.
  EXPECT_EQ(Get(server->port(), "/a").body, "none");
}

TEST(HttpServer, ServesWhatIsBelowAPathThatEndsInAStar) {
  const auto path = [](const HttpRequest& request) { return HttpResponse{.body = request.path}; };
  const auto server = Serve({{"/a/*", path}, {"/a/b/*", Text("deeper")}, {"/a/c", Text("exact")}});
  EXPECT_EQ(Get(server->port(), "/a/x").body, "/a/x");
  EXPECT_EQ(Get(server->port(), "/a/x/y").body, "/a/x/y");
  EXPECT_EQ(Get(server->port(), "/a/b/x").body, "deeper");
  EXPECT_EQ(Get(server->port(), "/a/c").body, "exact");
  EXPECT_EQ(Get(server->port(), "/a").code, 404);
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const auto server = Serve({{"/a", Text("hello")}});
  const RawResponse response =
      Exchange(server->port(), "HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(response.code, 200);
  EXPECT_NE(response.head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(response.body, "");
}

TEST(HttpServer, SurvivesWhatIsNoHttp) {
  const auto server = Serve({{"/a", Text("hello")}});
  for (const std::string& junk :
       {std::string("nonsense\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(100, '\0'),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n"}) {
    EXPECT_NE(Exchange(server->port(), junk).code, 200);
  }
  EXPECT_EQ(Get(server->port(), "/a").body, "hello");
}

TEST(HttpServer, TurnsAnExceptionIntoAnError) {
  const auto server = Serve(
      {{"/a", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("secret"); }}});
  const RawResponse response = Get(server->port(), "/a");
  EXPECT_EQ(response.code, 500);
  EXPECT_EQ(response.body, "internal error\n");
}

TEST(HttpServer, SendsLargeAnswersWhole) {
  const std::string large(3'000'000, 'x');
  const auto server = Serve({{"/a", Text(large)}});
  EXPECT_EQ(Get(server->port(), "/a").body, large);
}

TEST(HttpServer, ServesSeveralClientsAtOnce) {
  std::atomic<int> calls = 0;
  const auto server = Serve({{"/a", [&](const HttpRequest&) {
                                ++calls;
                                return HttpResponse{.body = "ok"};
                              }}});
  std::atomic<int> good = 0;
  {
    std::vector<Thread> clients;
    clients.reserve(8);
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back("client", [&] {
        for (int j = 0; j < 10; ++j) good += Get(server->port(), "/a").body == "ok";
      });
    }
  }
  EXPECT_EQ(good, 80);
  EXPECT_EQ(calls, 80);
}

TEST(HttpServer, AnswersWhileADozenClientsStopInTheMiddleOfARequest) {
  // None of them is given up, so a thread that is free is the only way to an answer.
  auto server =
      HttpServer::Start({.address = "127.0.0.1:0", .request_timeout = std::chrono::hours(1)},
                        {{"/a", Text("hello")}});
  ASSERT_TRUE(server.ok()) << server.status();
  std::list<OpenConnection> stuck;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(stuck.emplace_back((*server)->port(), "GET /met").sent());
  }
  EXPECT_EQ(Get((*server)->port(), "/a").body, "hello");
}

TEST(HttpServer, GivesUpRequestsThatStopHalfway) {
  auto server = HttpServer::Start(
      {.address = "127.0.0.1:0", .threads = 2, .request_timeout = std::chrono::milliseconds(20)},
      {{"/a", Text("hello")}});
  ASSERT_TRUE(server.ok()) << server.status();
  std::list<OpenConnection> stuck;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(stuck.emplace_back((*server)->port(), "GET /met").sent());
  }
  for (OpenConnection& connection : stuck) connection.WaitForEnd();
}

// A server of two threads, for clients that would hold both of them.
class HttpServerWithSlowClients : public testing::Test {
 protected:
  HttpServerWithSlowClients() {
    const auto refuse = [](const HttpRequest&) { return HttpResponse{.code = 413, .body = "no"}; };
    const auto read = [](const HttpRequest& request) {
      const auto body = request.body->Read(1 << 20);
      return HttpResponse{.code = body.ok() ? 200 : 408, .body = body.status().ToString()};
    };
    auto server = HttpServer::Start(
        {.address = "127.0.0.1:0", .threads = 2, .request_timeout = std::chrono::milliseconds(100)},
        {{"/a", Text("hello")}, {"/refuse", {refuse, true}}, {"/read", {read, true}}});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // What clients get that drip after having sent `begin`; others are served all the same.
  RawResponse Drip(const std::string& begin) {
    RawResponse first;
    // A client that the machine keeps from sending in time is given up before it is answered.
    for (int tries = 0; tries < 50 && first.code == 0; ++tries) {
      std::array<RawResponse, 4> answers;
      {
        std::vector<Thread> clients;
        for (RawResponse& answer : answers) {
          clients.emplace_back("client", [&] { answer = tournant::Drip(server_->port(), begin); });
        }
        WaitForAnAnswer(server_->port());
      }
      WaitForAnAnswer(server_->port());
      first = answers[0];
    }
    return first;
  }
  static void WaitForAnAnswer(int port) {
    while (Get(port, "/a").body != "hello") continue;
  }
  static std::string Headers(const std::string& request, int length) {
    return absl::StrCat(request, " HTTP/1.1\r\nHost: localhost\r\nContent-Length: ", length,
                        "\r\n\r\n");
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerWithSlowClients, GivesUpHeadersThatDrip) {
  EXPECT_NE(Drip("GET /a HTTP/1.1\r\nA: ").code, 0);
}

TEST_F(HttpServerWithSlowClients, GivesUpBodiesThatDrip) {
  const RawResponse response = Drip(Headers("POST /read", 1 << 20));
  EXPECT_EQ(response.code, 408);
  EXPECT_NE(response.body.find("comes too slowly"), std::string::npos) << response.body;
}

TEST_F(HttpServerWithSlowClients, GivesUpBodiesThatNobodyWantedAndThatDrip) {
  EXPECT_EQ(Drip(Headers("POST /refuse", 2 << 20)).code, 413);
  EXPECT_EQ(Drip(Headers("POST /a", 1 << 20)).code, 405);
  EXPECT_EQ(Drip(Headers("GET /a", 1 << 20)).code, 200);
  EXPECT_EQ(Drip("POST /refuse HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n").code, 413);
}

TEST_F(HttpServerWithSlowClients, GivesUpWhoDoesNotTakeItsAnswer) {
  // Far more than the kernel's buffers hold.
  auto server = HttpServer::Start(
      {.address = "127.0.0.1:0", .threads = 1, .request_timeout = std::chrono::milliseconds(100)},
      {{"/a", Text("hello")}, {"/large", Text(std::string(64 << 20, 'x'))}});
  ASSERT_TRUE(server.ok()) << server.status();
  const OpenConnection stuck((*server)->port(), "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(stuck.sent());
  WaitForAnAnswer((*server)->port());
}

TEST_F(HttpServerWithSlowClients, GivesUpWhoTakesItsAnswerLittleByLittle) {
  constexpr size_t kLarge = 64 << 20;
  std::atomic<bool> given_up = false;
  const auto large = [&](const HttpRequest&) {
    HttpResponse response{.body = std::string(kLarge, 'x')};
    response.held = std::shared_ptr<const char>("", [&](const char*) { given_up = true; });
    return response;
  };
  auto server = HttpServer::Start({.address = "127.0.0.1:0",
                                   .threads = 1,
                                   .request_timeout = std::chrono::milliseconds(100),
                                   .least_bytes_per_second = 1 << 30},
                                  {{"/a", Text("hello")}, {"/large", large}});
  ASSERT_TRUE(server.ok()) << server.status();
  size_t taken = 0;
  // A client that the machine keeps from sending in time is given up before it is answered.
  while (!given_up) {
    taken = 0;
    OpenConnection slow((*server)->port(), "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (ssize_t got = 0; !given_up && (got = slow.Read()) > 0;) {
      taken += static_cast<size_t>(got);
      poll(nullptr, 0, /*timeout_ms=*/1);
    }
  }
  EXPECT_LT(taken, kLarge / 2);
  WaitForAnAnswer((*server)->port());
}

TEST(HttpServer, HoldsWhatAnAnswerHoldsUntilItIsOutOrItsClientGone) {
  Mutex mutex;
  CondVar changed;
  bool let_go = false;
  const auto handler = [&](const HttpRequest&) {
    const auto let_go_of = [&](const char*) {
      MutexLock lock(mutex);
      let_go = true;
      changed.Signal();
    };
    HttpResponse response{.body = std::string(64 << 20, 'x')};
    response.held = std::shared_ptr<const char>("", let_go_of);
    return response;
  };
  const auto server = Serve({{"/a", handler}});
  {
    OpenConnection client(server->port(), "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_GT(client.Read(), 0);  // So it is being sent.
    MutexLock lock(mutex);
    EXPECT_FALSE(let_go);
  }
  MutexLock lock(mutex);
  while (!let_go) changed.Wait(mutex);
}

TEST(HttpServer, LetsTheKernelHoldLittleOfALargeAnswer) {
  const auto server = Serve({{"/a", Text(std::string(64 << 20, 'x'))}});
  OpenConnection client(server->port(), "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_GT(client.Read(), 0);  // So it is being sent.
  int buffer = 0;
  socklen_t size = sizeof buffer;
  const int socket = FindConnection("127.0.0.1", client.port(), server->port());
  ASSERT_EQ(getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &buffer, &size), 0);
  EXPECT_LE(buffer, 1 << 20);
}

TEST(HttpServer, ReadsLargeBodiesWholeWhateverThePartsTheyComeIn) {
  std::string got;
  auto server =
      HttpServer::Start({.address = "127.0.0.1:0", .request_timeout = std::chrono::hours(1)},
                        {{"/a",
                          {[&](const HttpRequest& request) {
                             got = request.body->Read(64 << 20).value_or("");
                             return HttpResponse();
                           },
                           true}}});
  ASSERT_TRUE(server.ok()) << server.status();
  for (const size_t size : {0, 1, 16'000, 17'000, 5'000'000}) {
    std::string body(size, '\0');
    for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 7 / 3);
    const RawResponse response =
        Exchange((*server)->port(),
                 absl::StrCat("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ", size,
                              "\r\n\r\n", body));
    EXPECT_EQ(response.code, 200);
    EXPECT_TRUE(got == body) << size;
  }
}

TEST(HttpServer, AnswersOnLoopbackThoseAloneWhoKnowItByAnAddressOrAsLocalhost) {
  const auto ask = [](int port, const std::string& path, const std::string& host) {
    return Exchange(port, absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\n\r\n")).code;
  };
  const auto server = Serve({{"/", Text("root")}, {"/status.json", Text("{}")}});
  for (const char* path : {"/", "/status.json", "/metrics", "/nothing"}) {
    EXPECT_EQ(ask(server->port(), path, "rebound.example:8002"), 403) << path;
    EXPECT_NE(ask(server->port(), path, "localhost:8002"), 403) << path;
    EXPECT_NE(ask(server->port(), path, "127.0.0.1"), 403) << path;
    EXPECT_NE(ask(server->port(), path, "10.1.2.3:80"), 403) << path;
  }
  EXPECT_EQ(Exchange(server->port(), "GET / HTTP/1.0\r\n\r\n").code, 200);

  // Probes and scrapers of others know it by all kinds of names.
  const auto open = HttpServer::Start(
      {.address = "0.0.0.0:0", .request_timeout = std::chrono::hours(1)}, {{"/", Text("root")}});
  ASSERT_TRUE(open.ok()) << open.status();
  for (const char* host : {"tournant.models.svc:8002", "10.1.2.3:8002", "localhost"}) {
    EXPECT_EQ(ask((*open)->port(), "/", host), 200) << host;
  }
}

TEST(HttpServer, NamesAnAddressThatSomebodyElseHasAndSaysSo) {
  const auto first = Serve({});
  const std::string address = absl::StrCat("127.0.0.1:", first->port());
  const auto second = HttpServer::Start({.address = address}, {});
  ASSERT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(address), absl::string_view::npos)
      << second.status().message();
  EXPECT_NE(second.status().message().find("Address already in use"), absl::string_view::npos)
      << second.status().message();
}

TEST(HttpServer, NamesAnAddressThatIsNone) {
  for (const char* address :
       {"", "8002", ":8002", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:8o",
        "127.0.0.1:80,127.0.0.1:81", "127.0.0.1:80s", "::1:80", "a b:80"}) {
    const auto server = HttpServer::Start({.address = address}, {});
    ASSERT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_NE(server.status().message().find("is not HOST:PORT"), absl::string_view::npos);
  }
  const auto nowhere = HttpServer::Start({.address = "192.0.2.1:0"}, {});
  EXPECT_EQ(nowhere.status().code(), absl::StatusCode::kUnavailable);
}

TEST(HttpServer, CanBeStartedAgainAndAgain) {
  for (int i = 0; i < 5; ++i) {
    const auto server = Serve({{"/a", Text(std::to_string(i))}});
    EXPECT_EQ(Get(server->port(), "/a").body, std::to_string(i));
  }
}

}  // namespace
}  // namespace tournant
