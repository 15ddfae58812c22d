#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/test_call.h"
#include "feature_store/fake_redis.h"
#include "feature_store/redis_store.h"

namespace tournant {

// A Redis store on a clock that stands still and a call to read with. The views that are read are
// "v" with feature "f".
class RedisStoreTest : public ::testing::Test {
 protected:
  using Reading = Started<absl::StatusOr<OnlineRows>>;

  static RedisStore::Options At(const std::string& url) {
    RedisStore::Options options;
    const auto address = ParseRedisAddress(url);
    EXPECT_TRUE(address.ok()) << address.status();
    options.router.address = *address;
    options.project = "p";
    return options;
  }

  RedisStore& Open(const RedisStore::Options& options) {
    store_ = std::make_unique<RedisStore>(options, call_.clock, /*seed=*/1);
    return *store_;
  }
  RedisStore& Open(const std::string& url) { return Open(At(url)); }

  static OnlineRead ReadOf(std::vector<std::string> keys) {
    return {std::make_shared<const std::vector<ViewRead>>(std::vector<ViewRead>{{"v", {"f"}, 0}}),
            {std::move(keys)}};
  }
  std::unique_ptr<Reading> Start(std::vector<std::string> keys) {
    return std::make_unique<Reading>(store_->Read(call_.context, ReadOf(std::move(keys))));
  }
  absl::StatusOr<OnlineRows> Finish(Reading& reading) {
    while (!reading.done()) call_.loop.WaitAndRun();
    return *std::move(reading.result);
  }
  absl::StatusOr<OnlineRows> ReadNow(std::vector<std::string> keys) {
    return Finish(*Start(std::move(keys)));
  }
  // Until the store has connected again, reads fail at once; time passes meanwhile.
  absl::StatusOr<OnlineRows> ReadUntilItWorks(std::vector<std::string> keys) {
    for (;;) {
      auto rows = ReadNow(keys);
      if (rows.ok()) return rows;
      call_.clock.Advance(std::chrono::milliseconds(1));
      call_.context.deadline += std::chrono::milliseconds(1);
    }
  }

  // What a node answers to HMGET of one feature and its time.
  static std::string Row(const std::string& value) {
    return ArrayOf({Bulk(value), Bulk(std::string("\x08\x64", 2))});
  }
  static std::string ValueAt(const absl::StatusOr<OnlineRows>& rows, size_t key) {
    if (!rows.ok()) return std::string(rows.status().ToString());
    return std::string(rows->Value(rows->views[0][key]));
  }

  TestCall call_;
  std::unique_ptr<RedisStore> store_;
};

}  // namespace tournant
