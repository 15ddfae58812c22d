#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "feature_store/online_store.h"
#include "feature_store/resp.h"

namespace tournant {

// What one read is to Redis: one HMGET for each distinct entity key, with the features and event
// times of all views that are asked for with it; and what the replies mean. Knows no sockets. Owned
// by a read in progress; the OnlineRead that it was made from outlives it.
class RedisReadPlan {
 public:
  RedisReadPlan(const OnlineRead& read, const std::string& project);

  size_t size() const { return commands_.size(); }
  // The Redis key of a command: where in a cluster it goes.
  const std::string& Key(size_t command) const { return commands_[command].key; }
  void AppendCommand(size_t command, std::string* out) const;

  // Cells in the shape that OnlineRows wants, none of them present.
  OnlineRows EmptyRows() const;
  // The cells of a command that has not been answered.
  void MarkUnreadable(size_t command, OnlineRows& rows) const;
  // Puts what a command was answered into `rows`. UNAVAILABLE when that is no answer to it,
  // OUT_OF_RANGE when the values are more than `max_bytes`.
  absl::Status Fill(size_t command, const RespReply& reply, size_t max_bytes,
                    OnlineRows& rows) const;

 private:
  // The views of one key set, in the order of their fields: each view's features, then its time.
  struct Fields {
    std::vector<size_t> views;  // into OnlineRead::views
    size_t count = 0;
    std::string resp;  // the fields as arguments of a command
  };
  // A key of a key set. The same key may be in several sets: a service can ask for an airport as
  // origin and as destination.
  struct Place {
    size_t key_set = 0;
    size_t index = 0;
  };
  struct Command {
    std::string key;
    std::vector<Place> places;
  };

  absl::Status FillView(const RespReply& reply, const RespReply::Element* fields,
                        const ViewRead& view, StoredCell* cells, size_t max_bytes,
                        std::string& bytes) const;

  const OnlineRead& read_;
  std::vector<Fields> fields_;  // by key set
  std::vector<Command> commands_;
};

}  // namespace tournant
