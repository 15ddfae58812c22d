#include "status/http_server.h"

#include <civetweb.h>

#include <array>
#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/thread.h"
#include "status/listener_nudge.h"
#include "telemetry/log.h"
#include "telemetry/shared_log_limiter.h"

namespace tournant {
namespace {

absl::string_view ReasonOf(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

// What civetweb takes in `listening_ports` is richer than one address: lists, suffixes for TLS and
// redirects. So only what is plainly HOST:PORT gets there.
absl::Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  const bool good = colon != std::string::npos && colon > 0 && address.size() - colon <= 6 &&
                    address.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
                    absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= 65535 &&
                    address.find_first_not_of(
                        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789.-:[]_") == std::string::npos;
  const std::string host = good ? address.substr(0, colon) : "";
  const bool bracketed = !host.empty() && host.front() == '[' && host.back() == ']';
  if (!good || (!bracketed && host.find_first_of(":[]") != std::string::npos)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the HTTP address \"", Quote(address), "\" is not HOST:PORT"));
  }
  return absl::OkStatus();
}

void Send(mg_connection* connection, const HttpResponse& response, bool with_body) {
  std::string bytes = absl::StrCat("HTTP/1.1 ", response.code, " ", ReasonOf(response.code),
                                   "\r\nContent-Type: ", response.content_type,
                                   "\r\nContent-Length: ", response.body.size(),
                                   "\r\nCache-Control: no-store"
                                   "\r\nX-Content-Type-Options: nosniff"
                                   "\r\nConnection: close\r\n");
  if (response.code == 405) bytes += "Allow: GET, HEAD\r\n";
  bytes += "\r\n";
  if (with_body) bytes += response.body;
  mg_write(connection, bytes.data(), bytes.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, Routes routes) {
  if (absl::Status status = CheckAddress(options.address); !status.ok()) return status;
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), std::move(routes)));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

HttpServer::HttpServer(Options options, Routes routes)
    : options_(std::move(options)), routes_(std::move(routes)) {}

HttpServer::~HttpServer() {
  if (context_ == nullptr) return;
  // Civetweb's thread looks for the end only when a connection comes, or every two seconds.
  Mutex mutex;
  CondVar changed;
  bool stopped = false;
  Thread stopper("http-stop", [&] {
    mg_stop(context_);
    MutexLock lock(mutex);
    stopped = true;
    changed.Signal();
  });
  const absl::string_view host(options_.address.data(), options_.address.rfind(':'));
  MutexLock lock(mutex);
  while (!stopped) {
    NudgeListener(host, port_);
    changed.WaitFor(mutex, std::chrono::milliseconds(5));
  }
}

absl::Status HttpServer::Listen() {
  const std::string threads = std::to_string(options_.threads);
  const std::string timeout = std::to_string(options_.request_timeout.count());
  std::array<const char*, 11> settings = {"listening_ports",
                                          options_.address.c_str(),
                                          "num_threads",
                                          threads.c_str(),
                                          "request_timeout_ms",
                                          timeout.c_str(),
                                          "enable_directory_listing",
                                          "no",
                                          "max_request_size",
                                          "16384",
                                          nullptr};
  mg_callbacks callbacks{};
  callbacks.begin_request = &HttpServer::OnRequest;
  callbacks.log_message = &HttpServer::OnLogMessage;
  unsigned code = 0;
  std::array<char, 256> text{};
  mg_init_data init{&callbacks, this, settings.data()};
  mg_error_data error{&code, text.data(), text.size()};
  context_ = mg_start2(&init, &error);
  if (context_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot serve HTTP on ", options_.address, ": ",
                                               text[0] != '\0' ? text.data() : "unknown error"));
  }
  mg_server_port port{};
  if (mg_get_server_ports(context_, 1, &port) != 1) {
    return absl::UnavailableError(absl::StrCat("no port is open on ", options_.address));
  }
  port_ = port.port;
  return absl::OkStatus();
}

HttpResponse HttpServer::Answer(const std::string& method, const HttpRequest& request) const {
  if (method != "GET" && method != "HEAD") {
    return {405, "text/plain; charset=utf-8", "only GET and HEAD are served here\n"};
  }
  const auto route = routes_.find(request.path);
  if (route == routes_.end()) {
    return {404, "text/plain; charset=utf-8",
            absl::StrCat("there is nothing at ", Quote(request.path), "\n")};
  }
  try {
    return route->second(request);
  } catch (const std::exception& error) {
    static SharedLogLimiter& limiter = *new SharedLogLimiter;
    if (const auto others = limiter.Pass(request.path, SystemClock().Now())) {
      Log(LogLevel::kError, "an HTTP request failed",
          {{"path", request.path}, {"error", error.what()}, {"others_since_last_line", *others}});
    }
    return {500, "text/plain; charset=utf-8", "internal error\n"};
  }
}

int HttpServer::OnRequest(mg_connection* connection) {
  const mg_request_info* info = mg_get_request_info(connection);
  const auto* server = static_cast<const HttpServer*>(info->user_data);
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  const std::string method = text(info->request_method);
  const HttpResponse response =
      server->Answer(method, {text(info->local_uri), text(info->query_string)});
  Send(connection, response, method != "HEAD");
  return response.code;
}

// Civetweb's own words would go to stderr as they are, where only JSON lines belong. Errors of
// starting come back from mg_start2 as well, and clients that leave are no news.
int HttpServer::OnLogMessage(const mg_connection* connection, const char* message) {
  Log(LogLevel::kDebug, "http", {{"text", message}});
  return 1;
}

}  // namespace tournant
