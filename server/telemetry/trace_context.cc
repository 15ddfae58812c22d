#include "telemetry/trace_context.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tournant {
namespace {

constexpr size_t kLength = 55;  // Of version 00.
constexpr uint8_t kSampled = 1;
constexpr uint8_t kRandom = 2;

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;  // Capitals are not allowed.
  return -1;
}

template <size_t N>
bool ReadHex(absl::string_view text, std::array<uint8_t, N>& bytes) {
  for (size_t i = 0; i < N; ++i) {
    const int high = Digit(text[2 * i]);
    const int low = Digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

template <size_t N>
bool IsZero(const std::array<uint8_t, N>& id) {
  return std::all_of(id.begin(), id.end(), [](uint8_t byte) { return byte == 0; });
}

template <size_t N>
std::string Hex(const std::array<uint8_t, N>& bytes) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes.data()), N});
}

bool IsKey(absl::string_view key) {
  if (key.empty() || key.size() > 256) return false;
  if (!absl::ascii_islower(static_cast<unsigned char>(key[0])) &&
      !absl::ascii_isdigit(static_cast<unsigned char>(key[0]))) {
    return false;
  }
  return std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) ||
           absl::string_view("_-*/@").find(static_cast<char>(c)) != absl::string_view::npos;
  });
}

bool IsValue(absl::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

}  // namespace

std::optional<TraceContext> ParseTraceparent(absl::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  std::array<uint8_t, 1> version{};
  std::array<uint8_t, 1> flags{};
  TraceContext context;
  if (!ReadHex(text.substr(0, 2), version) || !ReadHex(text.substr(3, 32), context.trace_id) ||
      !ReadHex(text.substr(36, 16), context.span_id) || !ReadHex(text.substr(53, 2), flags)) {
    return std::nullopt;
  }
  if (version[0] == 0xff || IsZero(context.trace_id) || IsZero(context.span_id)) {
    return std::nullopt;
  }
  if (text.size() > kLength && (version[0] == 0 || text[kLength] != '-')) return std::nullopt;
  context.sampled = (flags[0] & kSampled) != 0;
  context.random = (flags[0] & kRandom) != 0;
  return context;
}

std::string FormatTraceparent(const TraceContext& context) {
  const int flags = (context.sampled ? kSampled : 0) | (context.random ? kRandom : 0);
  return absl::StrCat("00-", Hex(context.trace_id), "-", Hex(context.span_id), "-0", flags);
}

bool IsTracestate(absl::string_view text) {
  constexpr size_t kMostBytes = 512;
  constexpr int kMostMembers = 32;
  if (text.empty() || text.size() > kMostBytes) return false;
  int members = 0;
  for (absl::string_view member : absl::StrSplit(text, ',')) {
    member = absl::StripAsciiWhitespace(member);
    if (member.empty()) continue;  // Allowed, and meaningless.
    const size_t equals = member.find('=');
    if (equals == absl::string_view::npos || ++members > kMostMembers) return false;
    if (!IsKey(member.substr(0, equals)) || !IsValue(member.substr(equals + 1))) return false;
  }
  return members > 0;
}

std::string HexText(const TraceId& id) { return Hex(id); }
std::string HexText(const SpanId& id) { return Hex(id); }

}  // namespace tournant
