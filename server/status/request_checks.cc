#include "status/request_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace tournant {
namespace {

absl::string_view HostOf(absl::string_view address) {
  if (absl::ConsumePrefix(&address, "[")) return address.substr(0, address.find(']'));
  return address.substr(0, address.rfind(':'));
}

bool IsAddress(absl::string_view host) {
  return absl::StrContains(host, ':') ||
         (!host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return absl::ascii_isdigit(c) || c == '.';
         }));
}

}  // namespace

bool IsLoopback(absl::string_view address) {
  const absl::string_view host = HostOf(address);
  return host == "localhost" || host == "::1" ||
         (IsAddress(host) && absl::StartsWith(host, "127."));
}

absl::Status CheckHost(const HttpRequest& request, bool loopback) {
  if (!loopback) return absl::OkStatus();
  const std::string host = absl::AsciiStrToLower(request.Header("Host").value_or(""));
  // Without a port there is no colon to cut at.
  const std::string name(HostOf(absl::StrContains(host, ':') ? host : host + ":"));
  if (name.empty() || name == "localhost" || IsAddress(name)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the host '", Quote(name),
                   "' is not this server's: ask for it by its address or as localhost"));
}

absl::Status CheckOrigin(const HttpRequest& request) {
  const auto origin = request.Header("Origin");
  if (!origin) return absl::OkStatus();
  const std::string host = absl::AsciiStrToLower(request.Header("Host").value_or(""));
  const std::string lower = absl::AsciiStrToLower(*origin);
  if (lower == absl::StrCat("http://", host) || lower == absl::StrCat("https://", host)) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("a page of ", Quote(*origin), " may not send predictions to ", Quote(host)));
}

namespace {

// `count` of `Unit`, a day at most: no call has more.
template <class Unit>
Duration AtMostADay(int64_t count) {
  constexpr Unit kDay = std::chrono::hours(24);
  return Unit(std::min<int64_t>(count, kDay.count()));
}

}  // namespace

absl::StatusOr<std::optional<Duration>> TimeLeft(const HttpRequest& request) {
  const std::optional<std::string> text = request.Header("grpc-timeout");
  if (!text) return std::optional<Duration>();
  const absl::string_view digits =
      absl::string_view(*text).substr(0, text->size() - !text->empty());
  int64_t count = -1;
  const bool good = !digits.empty() && digits.size() <= 8 &&
                    std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) &&
                    absl::SimpleAtoi(digits, &count);
  if (good) {
    switch (text->back()) {
      case 'H':
        return AtMostADay<std::chrono::hours>(count);
      case 'M':
        return AtMostADay<std::chrono::minutes>(count);
      case 'S':
        return AtMostADay<std::chrono::seconds>(count);
      case 'm':
        return AtMostADay<std::chrono::milliseconds>(count);
      case 'u':
        return AtMostADay<std::chrono::microseconds>(count);
      case 'n':
        return AtMostADay<std::chrono::nanoseconds>(count);
      default:
        break;
    }
  }
  return InvalidEntry(
      "headers", "grpc-timeout",
      absl::StrCat("'", Quote(*text),
                   "' is not up to eight digits and a unit, one of H, M, S, m (ms), "
                   "u (us), n (ns): 200m is 200 milliseconds"));
}

}  // namespace tournant
