#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "status/client_pace.h"

struct mg_context;
struct mg_connection;

namespace tournant {

class ReadWatch;

// What a POST carries, still on its way.
class HttpBody {
 public:
  virtual ~HttpBody() = default;
  // What its length is to be; nothing when the client does not say.
  virtual std::optional<int64_t> length() const = 0;
  // All of it, once. RESOURCE_EXHAUSTED for more than `max_bytes`, none of which is read where the
  // length says so; DEADLINE_EXCEEDED when it comes too slowly; CANCELLED when it stops halfway.
  virtual absl::StatusOr<std::string> Read(int64_t max_bytes) = 0;
};

struct HttpRequest {
  std::string path;   // Decoded, without the query.
  std::string query;  // What follows `?`, as it came; may be empty.
  std::string method = "GET";
  std::string peer;                                          // The client's address.
  std::vector<std::pair<std::string, std::string>> headers;  // As they came.
  HttpBody* body = nullptr;                                  // Null: none, as with GET.

  // The value of the first header of this name, in whatever case; nothing without one.
  std::optional<std::string> Header(absl::string_view name) const;
  // Those of all of them, in their order; they live in the request.
  std::vector<absl::string_view> Headers(absl::string_view name) const;
};

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // Besides those of each answer.
  // Let go of when the answer is out, or its client given up: before the last 16 KiB, which nearly
  // always fit into the socket, so that a client which has its answer finds free what that held.
  std::shared_ptr<const void> held = nullptr;
};

// Answers on one of the server's threads, several at once.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// A small HTTP server (civetweb) for people, probes and scrapers, with a few threads of its own:
// not the way for many predictions. It serves nothing from the disk, and GET and HEAD alone where
// a route does not say that it takes POST.
// Where it listens on loopback it answers those alone who ask for it by an address or as localhost,
// whatever they ask: see CheckHost.
//
// Owned by main. The destructor stops it and waits for its threads, so handlers and what they use
// must live until then.
class HttpServer {
 public:
  struct Options {
    std::string address;  // HOST:PORT; port 0 takes a free one. See http_address.h.
    // A connection holds one of them from its first byte to its end. So they are more than the
    // probes and scrapers of one server, for some clients to be stuck without harm to the others.
    int threads = 16;
    // Longest that a client may take for the header of a request (or nearly twice that, see
    // ConnectionBody), then for its body, and then for the answer: they are a single packet from
    // next door, and who is slower is broken or worse. A probe that finds every thread held waits
    // this long, so it is shorter than most probes' patience.
    std::chrono::milliseconds request_timeout{2'000};
    // What body and answer may take besides: a second for each so many bytes that have passed.
    int64_t least_bytes_per_second = 256 << 10;
  };
  struct Route {
    Route(HttpHandler handler, bool post = false)  // NOLINT(google-explicit-constructor)
        : handler(std::move(handler)), post(post) {}
    template <class F>
      requires std::is_invocable_r_v<HttpResponse, F, const HttpRequest&>
    Route(F handler) : handler(std::move(handler)) {}  // NOLINT(google-explicit-constructor)

    HttpHandler handler;
    bool post = false;  // The handler sees to the methods, of which there is POST too.
  };
  // By path. One that ends in a slash and a star is for all below it that has no route of its own.
  using Routes = std::map<std::string, Route>;

  // Listens when it returns. INVALID_ARGUMENT for an address that CheckHttpAddress refuses;
  // UNAVAILABLE when it cannot be taken, mostly because somebody else has it. Both name it, and
  // why.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options, Routes routes);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }

 private:
  HttpServer(Options options, Routes routes);

  absl::Status Listen();
  const Route* Find(const std::string& path) const;
  HttpResponse Answer(const HttpRequest& request) const;
  static int OnRequest(mg_connection* connection);
  // Reads the request, and sends what its route answers.
  static int Serve(mg_connection* connection, ReadWatch& watch);
  static int OnLogMessage(const mg_connection* connection, const char* message);

  const Options options_;
  const Routes routes_;
  const bool loopback_;
  const SystemClock clock_;  // Civetweb has its threads wait by the machine's clock as well.
  const ClientPace pace_;
  mg_context* context_ = nullptr;  // Set by Start only.
  int port_ = 0;
  Mutex first_message_mutex_;
  std::string first_message_ ABSL_GUARDED_BY(first_message_mutex_);  // Of civetweb's log.
};

}  // namespace tournant
