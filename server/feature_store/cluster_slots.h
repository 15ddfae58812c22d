#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "feature_store/redis_address.h"
#include "feature_store/resp.h"

namespace tournant {

inline constexpr size_t kClusterSlots = 16384;

// The slot of a key: CRC-16 (XMODEM) of it, or of what is between its first '{' and the next '}'.
uint16_t ClusterSlot(absl::string_view key);

// Who serves which slots of a Redis cluster. A value type.
class ClusterSlots {
 public:
  struct Shard {
    RedisNode master;
    std::vector<RedisNode> replicas;
  };

  // From the reply to CLUSTER SLOTS. A node that knows no host for itself is the one that was
  // asked.
  static absl::StatusOr<ClusterSlots> Parse(const RespReply& reply, const RedisNode& asked);

  // Null when nobody serves the slot.
  const Shard* Find(uint16_t slot) const;
  // What a MOVED told: from now on `master` serves the slot.
  void Move(uint16_t slot, const RedisNode& master);

  const std::vector<Shard>& shards() const { return shards_; }

 private:
  static constexpr uint16_t kNobody = 0xffff;
  ClusterSlots() { shard_of_.fill(kNobody); }

  std::vector<Shard> shards_;
  std::array<uint16_t, kClusterSlots> shard_of_;
};

// An error by which a node says that another one has to be asked.
struct ClusterRedirect {
  bool ask = false;  // only this once, after ASKING; else for good
  uint16_t slot = 0;
  RedisNode node;
};
// Empty when `error` is neither MOVED nor ASK.
std::optional<ClusterRedirect> ParseClusterRedirect(absl::string_view error,
                                                    const RedisNode& answered_by);

}  // namespace tournant
