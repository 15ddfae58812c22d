#include "feature_store/redis_read_plan.h"

#include <google/protobuf/timestamp.pb.h>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "feature_store/redis_fields.h"

namespace tournant {
namespace {

constexpr absl::string_view kHmget = "HMGET";

}  // namespace

RedisReadPlan::RedisReadPlan(const OnlineRead& read, const std::string& project)
    : read_(read), fields_(read.key_sets.size()) {
  for (size_t v = 0; v < read.views->size(); ++v) {
    const ViewRead& view = (*read.views)[v];
    Fields& fields = fields_[view.key_set];
    fields.views.push_back(v);
    for (const std::string& feature : view.features) {
      AppendRespArgument(RedisFeatureField(view.view, feature), &fields.resp);
    }
    AppendRespArgument(RedisTimeField(view.view), &fields.resp);
    fields.count += view.features.size() + 1;
  }
  absl::flat_hash_map<absl::string_view, size_t> known;  // of the keys of `read`
  for (size_t set = 0; set < read.key_sets.size(); ++set) {
    if (fields_[set].count == 0) continue;
    for (size_t k = 0; k < read.key_sets[set].size(); ++k) {
      const std::string& key = read.key_sets[set][k];
      const auto [found, added] = known.emplace(key, commands_.size());
      if (added) commands_.push_back({absl::StrCat(key, project), {}});
      commands_[found->second].places.push_back({set, k});
    }
  }
}

void RedisReadPlan::AppendCommand(size_t command, std::string* out) const {
  const Command& asked = commands_[command];
  size_t arguments = 2;
  for (const Place& place : asked.places) arguments += fields_[place.key_set].count;
  AppendRespHead(arguments, out);
  AppendRespArgument(kHmget, out);
  AppendRespArgument(asked.key, out);
  for (const Place& place : asked.places) out->append(fields_[place.key_set].resp);
}

OnlineRows RedisReadPlan::EmptyRows() const {
  OnlineRows rows;
  rows.views.reserve(read_.views->size());
  for (const ViewRead& view : *read_.views) {
    rows.views.emplace_back(read_.key_sets[view.key_set].size() * view.features.size());
  }
  return rows;
}

void RedisReadPlan::MarkUnreadable(size_t command, OnlineRows& rows) const {
  for (const Place& place : commands_[command].places) {
    for (const size_t v : fields_[place.key_set].views) {
      const size_t features = (*read_.views)[v].features.size();
      StoredCell* const cells = rows.views[v].data() + place.index * features;
      for (size_t f = 0; f < features; ++f) cells[f].unreadable = true;
    }
  }
}

absl::Status RedisReadPlan::Fill(size_t command, const RespReply& reply, size_t max_bytes,
                                 OnlineRows& rows) const {
  const Command& asked = commands_[command];
  size_t expected = 0;
  for (const Place& place : asked.places) expected += fields_[place.key_set].count;
  // Bulk strings and nils hold no further elements, so the sizes tell a flat array from others.
  if (reply.root().type != RespType::kArray || reply.root().size != expected ||
      reply.elements().size() != expected + 1) {
    return absl::UnavailableError("Redis's reply does not fit what it was asked for");
  }
  const RespReply::Element* next = reply.elements().data() + 1;
  for (const Place& place : asked.places) {
    for (const size_t v : fields_[place.key_set].views) {
      const ViewRead& view = (*read_.views)[v];
      StoredCell* cells = rows.views[v].data() + place.index * view.features.size();
      const absl::Status filled = FillView(reply, next, view, cells, max_bytes, rows.bytes);
      if (!filled.ok()) return filled;
      next += view.features.size() + 1;
    }
  }
  return absl::OkStatus();
}

absl::Status RedisReadPlan::FillView(const RespReply& reply, const RespReply::Element* fields,
                                     const ViewRead& view, StoredCell* cells, size_t max_bytes,
                                     std::string& bytes) const {
  // A view is written with its time or not at all. Nothing of it is here when the time is missing,
  // whatever another view may have put under a field of the same hash.
  const RespReply::Element& time = fields[view.features.size()];
  if (time.type == RespType::kNil) return absl::OkStatus();
  const absl::string_view time_bytes = reply.Text(time);
  google::protobuf::Timestamp event;
  // Of a time that cannot be read remains 1970, which readers take for an unknown age.
  if (!event.ParseFromArray(time_bytes.data(), static_cast<int>(time_bytes.size()))) event.Clear();

  for (size_t f = 0; f < view.features.size(); ++f) {
    const RespReply::Element& field = fields[f];
    if (field.type == RespType::kNil) continue;
    const absl::string_view value = reply.Text(field);
    if (bytes.size() + value.size() > max_bytes) {
      return absl::OutOfRangeError(
          absl::StrCat("the values asked for are more than ", max_bytes, " bytes"));
    }
    cells[f] = {true, bytes.size(), value.size(), event.seconds(), event.nanos()};
    bytes.append(value.data(), value.size());
  }
  return absl::OkStatus();
}

}  // namespace tournant
