#include "feature_store/cluster_slots.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tournant {
namespace {

uint16_t Crc16(absl::string_view bytes) {
  static const auto kTable = [] {
    std::array<uint16_t, 256> made{};
    for (unsigned byte = 0; byte < made.size(); ++byte) {
      unsigned crc = byte << 8;
      for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
      made[byte] = static_cast<uint16_t>(crc);
    }
    return made;
  }();
  unsigned crc = 0;
  for (const char c : bytes) {
    crc = (crc << 8) ^ kTable[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return static_cast<uint16_t>(crc);
}

// Redis 7 names an unknown host "?" or leaves it empty.
std::string HostOr(absl::string_view host, const RedisNode& otherwise) {
  return host.empty() || host == "?" ? otherwise.host : std::string(host);
}

bool ParseNode(RespCursor& cursor, const RedisNode& asked, RedisNode* node) {
  size_t parts = 0;
  absl::string_view host;
  int64_t port = 0;
  if (!cursor.Array(&parts) || parts < 2 || !cursor.Text(&host) || !cursor.Integer(&port) ||
      port < 1 || port > 65535) {
    return false;
  }
  for (size_t i = 2; i < parts; ++i) {
    if (!cursor.Skip()) return false;
  }
  *node = {HostOr(host, asked), static_cast<int>(port)};
  return true;
}

}  // namespace

uint16_t ClusterSlot(absl::string_view key) {
  const size_t open = key.find('{');
  if (open != absl::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != absl::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(key) % kClusterSlots;
}

absl::StatusOr<ClusterSlots> ClusterSlots::Parse(const RespReply& reply, const RedisNode& asked) {
  const auto bad = [] {
    return absl::UnavailableError("the reply to CLUSTER SLOTS cannot be understood");
  };
  ClusterSlots slots;
  RespCursor cursor(reply);
  size_t ranges = 0;
  if (!cursor.Array(&ranges)) return bad();
  for (size_t i = 0; i < ranges; ++i) {
    size_t parts = 0;
    int64_t first = 0;
    int64_t last = 0;
    Shard shard;
    if (!cursor.Array(&parts) || parts < 3 || !cursor.Integer(&first) || !cursor.Integer(&last) ||
        first < 0 || last < first || last >= static_cast<int64_t>(kClusterSlots) ||
        !ParseNode(cursor, asked, &shard.master)) {
      return bad();
    }
    for (size_t replica = 3; replica < parts; ++replica) {
      if (!ParseNode(cursor, asked, &shard.replicas.emplace_back())) return bad();
    }
    const uint16_t index = static_cast<uint16_t>(slots.shards_.size());
    std::fill(slots.shard_of_.begin() + first, slots.shard_of_.begin() + last + 1, index);
    slots.shards_.push_back(std::move(shard));
  }
  if (slots.shards_.empty()) return absl::UnavailableError("the cluster serves no slot");
  return slots;
}

const ClusterSlots::Shard* ClusterSlots::Find(uint16_t slot) const {
  const uint16_t shard = shard_of_[slot % kClusterSlots];
  return shard == kNobody ? nullptr : &shards_[shard];
}

void ClusterSlots::Move(uint16_t slot, const RedisNode& master) {
  for (size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i].master == master) {
      shard_of_[slot % kClusterSlots] = static_cast<uint16_t>(i);
      return;
    }
  }
  shard_of_[slot % kClusterSlots] = static_cast<uint16_t>(shards_.size());
  shards_.push_back({master, {}});
}

std::optional<ClusterRedirect> ParseClusterRedirect(absl::string_view error,
                                                    const RedisNode& answered_by) {
  // "MOVED 3999 127.0.0.1:6381"
  const std::vector<absl::string_view> words = absl::StrSplit(error, ' ');
  if (words.size() < 3 || (words[0] != "MOVED" && words[0] != "ASK")) return std::nullopt;
  ClusterRedirect redirect;
  redirect.ask = words[0] == "ASK";
  int slot = 0;
  const size_t colon = words[2].rfind(':');
  if (!absl::SimpleAtoi(words[1], &slot) || slot < 0 || slot >= static_cast<int>(kClusterSlots) ||
      colon == absl::string_view::npos ||
      !ParsePort(words[2].substr(colon + 1), &redirect.node.port)) {
    return std::nullopt;
  }
  redirect.slot = static_cast<uint16_t>(slot);
  redirect.node.host = HostOr(words[2].substr(0, colon), answered_by);
  return redirect;
}

}  // namespace tournant
