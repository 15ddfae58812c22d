#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct mg_context;
struct mg_connection;

namespace tournant {

struct HttpRequest {
  std::string path;   // Decoded, without the query.
  std::string query;  // What follows `?`, as it came; may be empty.
};

struct HttpResponse {
  int code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Answers on one of the server's threads, several at once.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// A small HTTP server (civetweb) for people, probes and scrapers, with a few threads of its own:
// not the way for predictions. It serves GET and HEAD of exact paths and nothing from the disk.
//
// Owned by main. The destructor stops it and waits for its threads, so handlers and what they use
// must live until then.
class HttpServer {
 public:
  struct Options {
    std::string address;  // HOST:PORT, [IPV6]:PORT; port 0 takes a free one.
    // A connection holds one of them from its first byte to its end. So they are more than the
    // probes and scrapers of one server, for some clients to be stuck without harm to the others.
    int threads = 16;
    // Longest that a client may take to send a request, or that the answer may make no progress:
    // requests are a single packet from next door, and what stops halfway in one is broken or
    // worse. A probe that finds every thread held waits this long, so it is shorter than most
    // probes' patience.
    std::chrono::milliseconds request_timeout{2'000};
  };
  using Routes = std::map<std::string, HttpHandler>;  // By path.

  // Listens when it returns. INVALID_ARGUMENT for an address that is none; UNAVAILABLE when it
  // cannot be taken, mostly because somebody else has it. Both name it.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options, Routes routes);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }

 private:
  HttpServer(Options options, Routes routes);

  absl::Status Listen();
  HttpResponse Answer(const std::string& method, const HttpRequest& request) const;
  static int OnRequest(mg_connection* connection);
  static int OnLogMessage(const mg_connection* connection, const char* message);

  const Options options_;
  const Routes routes_;
  mg_context* context_ = nullptr;  // Set by Start only.
  int port_ = 0;
};

}  // namespace tournant
