#include "feature_store/open_store.h"

#include <utility>

#include "base/rng.h"
#include "base/status.h"
#include "feature_store/event_time.h"
#include "feature_store/redis_address.h"
#include "feature_store/redis_store.h"
#include "feature_store/sqlite_store.h"

namespace tournant {
namespace {

absl::StatusOr<std::unique_ptr<OnlineStore>> OpenSqlite(const FeatureStoreOptions& options,
                                                        const std::string& project) {
  const absl::StatusOr<std::string> path = SqlitePath(options.store);
  if (!path.ok()) return path.status();
  const absl::StatusOr<int64_t> offset = ParseFixedZone(options.writer_tz);
  if (!offset.ok()) return Annotate(offset.status(), "writer_tz");
  SqliteStore::Options sqlite;
  sqlite.reader.path = *path;
  sqlite.reader.project = project;
  sqlite.reader.writer_offset_seconds = *offset;
  sqlite.reader.max_answer_bytes = options.max_message_bytes;
  absl::StatusOr<std::unique_ptr<SqliteStore>> store = SqliteStore::Open(sqlite);
  if (!store.ok()) return store.status();
  return *std::move(store);
}

absl::StatusOr<std::unique_ptr<OnlineStore>> OpenRedis(const FeatureStoreOptions& options,
                                                       const std::string& project,
                                                       const Clock& clock) {
  absl::StatusOr<RedisAddress> address = ParseRedisAddress(options.store);
  if (!address.ok()) return address.status();
  RedisStore::Options redis;
  redis.router.address = *std::move(address);
  redis.router.connection.max_reply_bytes = options.max_message_bytes;
  redis.project = project;
  redis.max_answer_bytes = options.max_message_bytes;
  return std::make_unique<RedisStore>(redis, clock, RandomSeed());
}

}  // namespace

absl::StatusOr<std::unique_ptr<OnlineStore>> OpenOnlineStore(const FeatureStoreOptions& options,
                                                             const std::string& project,
                                                             const Clock& clock) {
  if (IsRedisStore(options.store)) return OpenRedis(options, project, clock);
  return OpenSqlite(options, project);
}

}  // namespace tournant
