#include "status/http_server.h"

#include <civetweb.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/thread.h"
#include "status/connection_body.h"
#include "status/http_address.h"
#include "status/listener_nudge.h"
#include "status/read_watch.h"
#include "status/request_checks.h"
#include "telemetry/log.h"
#include "telemetry/shared_log_limiter.h"

namespace tournant {
namespace {

// Smaller ones fit into any socket's buffer before it has grown far.
constexpr size_t kLargeAnswer = 256 << 10;

// In parts, since mg_write goes on for as long as there is the least progress. Without any it comes
// back with less, after the request timeout in whole steps of two seconds.
class PacedWriter {
 public:
  PacedWriter(mg_connection* connection, const Clock& clock, const ClientPace& pace)
      : connection_(connection), clock_(clock), pace_(pace), begun_(clock.Now()) {}

  // False: not all of it was taken in time, and no more is to be sent.
  bool Write(absl::string_view bytes) {
    while (!bytes.empty()) {
      const absl::string_view part = bytes.substr(0, kPart);
      const auto size = static_cast<int>(part.size());
      if (mg_write(connection_, part.data(), part.size()) != size) return false;
      bytes.remove_prefix(part.size());
      sent_ += size;
      if (clock_.Now() >= pace_.Deadline(begun_, sent_)) return false;
    }
    return true;
  }

  static constexpr size_t kPart = 16384;

 private:
  mg_connection* const connection_;
  const Clock& clock_;
  const ClientPace& pace_;
  const TimePoint begun_;
  int64_t sent_ = 0;
};

void Send(mg_connection* connection, HttpResponse& response, bool with_body, const Clock& clock,
          const ClientPace& pace) {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.code, " ", mg_get_response_code_text(connection, response.code),
      "\r\nContent-Type: ", response.content_type, "\r\nContent-Length: ", response.body.size(),
      "\r\nCache-Control: no-store"
      "\r\nX-Content-Type-Options: nosniff"
      "\r\nConnection: close\r\n");
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  head += "\r\n";
  PacedWriter writer(connection, clock, pace);
  absl::string_view body = with_body ? response.body : absl::string_view();
  // A small answer goes out as one packet, a large one is not copied.
  const absl::string_view first = body.substr(0, PacedWriter::kPart);
  head.append(first.data(), first.size());
  body.remove_prefix(first.size());
  const size_t last = body.size() - std::min(body.size(), PacedWriter::kPart);
  if (body.empty()) response.held.reset();
  if (!writer.Write(head) || !writer.Write(body.substr(0, last))) return;
  response.held.reset();
  writer.Write(body.substr(last));
}

HttpResponse WrongMethod() {
  return {405,
          "text/plain; charset=utf-8",
          "only GET and HEAD are served here\n",
          {{"Allow", "GET, HEAD"}}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, Routes routes) {
  if (absl::Status status = CheckHttpAddress(options.address); !status.ok()) return status;
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), std::move(routes)));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

HttpServer::HttpServer(Options options, Routes routes)
    : options_(std::move(options)),
      routes_(std::move(routes)),
      loopback_(IsLoopback(options_.address)),
      pace_{options_.request_timeout, options_.least_bytes_per_second} {}

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
  const std::string header = std::to_string(ConnectionBody::kMostReadAhead);
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
                                          header.c_str(),
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
    MutexLock lock(first_message_mutex_);
    const char* const why = text[0] != '\0' ? text.data() : "unknown error";
    return absl::UnavailableError(
        absl::StrCat("cannot serve HTTP on ", options_.address, ": ",
                     first_message_.empty() ? std::string(why) : Quote(first_message_, 256)));
  }
  mg_server_port port{};
  if (mg_get_server_ports(context_, 1, &port) != 1) {
    return absl::UnavailableError(absl::StrCat("no port is open on ", options_.address));
  }
  port_ = port.port;
  return absl::OkStatus();
}

std::optional<std::string> HttpRequest::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<absl::string_view> HttpRequest::Headers(absl::string_view name) const {
  std::vector<absl::string_view> values;
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) values.emplace_back(value);
  }
  return values;
}

const HttpServer::Route* HttpServer::Find(const std::string& path) const {
  if (const auto exact = routes_.find(path); exact != routes_.end()) return &exact->second;
  for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    const auto below = routes_.find(path.substr(0, slash) + "/*");
    if (below != routes_.end()) return &below->second;
  }
  return nullptr;
}

HttpResponse HttpServer::Answer(const HttpRequest& request) const {
  if (absl::Status host = CheckHost(request, loopback_); !host.ok()) {
    return {403, "text/plain; charset=utf-8", absl::StrCat(host.message(), "\n")};
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const Route* const route = Find(request.path);
  if (!reads && (route == nullptr || !route->post)) return WrongMethod();
  if (route == nullptr) {
    return {404, "text/plain; charset=utf-8",
            absl::StrCat("there is nothing at ", Quote(request.path), "\n")};
  }
  try {
    return route->handler(request);
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
  int code = 503;
  // Or civetweb reads what is left of a body, for as long as it takes.
  mg_disable_connection_keep_alive(connection);
  // Civetweb's threads have stacks of 100 KiB, half of which the thread-local variables of our
  // libraries take.
  try {
    const SystemClock clock;
    ReadWatch watch(clock);
    const Thread request("http-request", [connection, &watch, &code] {
      try {
        code = Serve(connection, watch);
      } catch (const std::exception&) {  // Out of memory. The connection is closed.
        code = 500;
      }
      watch.End();
    });
    watch.Run();
  } catch (const std::system_error&) {  // No more threads are to be had.
    mg_printf(connection,
              "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
  }
  return code;
}

int HttpServer::Serve(mg_connection* connection, ReadWatch& watch) {
  const mg_request_info* info = mg_get_request_info(connection);
  const auto* server = static_cast<const HttpServer*>(info->user_data);
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  HttpRequest request;
  request.path = text(info->local_uri);
  request.query = text(info->query_string);
  request.method = text(info->request_method);
  request.peer = text(info->remote_addr);
  for (int i = 0; i < info->num_headers; ++i) {
    request.headers.emplace_back(text(info->http_headers[i].name),
                                 text(info->http_headers[i].value));
  }
  ConnectionBody body(connection, request, server->clock_, server->pace_, watch);
  if (request.method == "POST") request.body = &body;
  HttpResponse response = server->Answer(request);
  if (response.body.size() > kLargeAnswer) body.BoundSendBuffer();
  Send(connection, response, request.method != "HEAD", server->clock_, server->pace_);
  body.Drain();
  return response.code;
}

// Civetweb's own words would go to stderr as they are, where only JSON lines belong. Clients that
// leave are no news; but the first words of a start that fails say why, and what mg_start2 gives
// back only that it failed.
int HttpServer::OnLogMessage(const mg_connection* connection, const char* message) {
  if (auto* const server = static_cast<HttpServer*>(mg_get_user_data(mg_get_context(connection)))) {
    MutexLock lock(server->first_message_mutex_);
    if (server->first_message_.empty()) server->first_message_ = message;
  }
  Log(LogLevel::kDebug, "http", {{"text", message}});
  return 1;
}

}  // namespace tournant
