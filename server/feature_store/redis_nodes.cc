#include "feature_store/redis_nodes.h"

#include <algorithm>

namespace tournant {

RedisConnection& RedisNodes::Get(const RedisNode& node) {
  Entry& entry = entries_[node];
  if (entry.connection == nullptr) {
    entry.connection = std::make_unique<RedisConnection>(node, options_, clock_, resolver_, rng_);
  }
  entry.kept = true;
  return *entry.connection;
}

void RedisNodes::Keep(const std::vector<RedisNode>& nodes) {
  for (auto& [node, entry] : entries_) {
    entry.kept = std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  }
}

void RedisNodes::Turn() {
  std::erase_if(entries_, [](const auto& item) {
    return !item.second.kept && item.second.connection->idle();
  });
  for (auto& [node, entry] : entries_) entry.connection->Turn();
}

void RedisNodes::Collect(std::vector<RedisConnection*>* connections) const {
  for (const auto& [node, entry] : entries_) connections->push_back(entry.connection.get());
}

}  // namespace tournant
