#include "models/config_scheduling.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "inference/model_config.pb.h"

namespace tournant {
namespace {

constexpr uint64_t kMostDelayUs = 10'000'000;
// Each level is a queue that a worker looks at.
constexpr uint64_t kMostLevels = 1000;
// A year: no call waits that long, and as nanoseconds it is far from overflow.
constexpr uint64_t kMostTimeoutUs = uint64_t{365} * 24 * 3600 * 1'000'000;

QueuePolicy ReadQueuePolicy(const inference::ModelQueuePolicy& proto) {
  QueuePolicy policy;
  policy.timeout_action = proto.timeout_action() == inference::ModelQueuePolicy::DELAY
                              ? QueuePolicy::TimeoutAction::kDelay
                              : QueuePolicy::TimeoutAction::kReject;
  policy.default_timeout_us = static_cast<int64_t>(
      std::min<uint64_t>(proto.default_timeout_microseconds(), kMostTimeoutUs));
  policy.allow_timeout_override = proto.allow_timeout_override();
  policy.max_queue_size = proto.max_queue_size();
  return policy;
}

void ReadPreferredSizes(const ConfigNode& node, int64_t max_batch_size, Batching& batching) {
  const auto& sizes = node.As<inference::ModelDynamicBatching>().preferred_batch_size();
  std::vector<int64_t>& read = batching.preferred_batch_sizes;
  for (int i = 0; i < sizes.size(); ++i) {
    const int64_t size = sizes.Get(i);
    if (size < 1 || size > max_batch_size) {
      node.Refuse("preferred_batch_size",
                  absl::StrCat("is ", size, "; it has to be from 1 to max_batch_size, which is ",
                               max_batch_size),
                  i);
    }
    read.push_back(size);
  }
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
}

void ReadDelay(const ConfigNode& node, int64_t max_batch_size, Batching& batching) {
  constexpr absl::string_view kField = "max_queue_delay_microseconds";
  const uint64_t delay = node.As<inference::ModelDynamicBatching>().max_queue_delay_microseconds();
  if (delay > kMostDelayUs) {
    node.Refuse(kField, absl::StrCat("is above ", kMostDelayUs, ", ten seconds"));
  } else if (delay > 0 && max_batch_size == 0) {
    node.Refuse(kField, "has no effect while max_batch_size is 0");
  } else {
    batching.max_queue_delay_us = static_cast<int64_t>(delay);
  }
}

void ReadPriorityPolicies(const ConfigNode& node, uint64_t levels, Batching& batching) {
  constexpr absl::string_view kField = "priority_queue_policy";
  for (int i = 0; i < node.Size(kField); ++i) {
    uint64_t level = 0;
    const bool is_number = absl::SimpleAtoi(node.Key(kField, i), &level);
    if (!is_number || level < 1 || level > levels) {
      node.Refuse(kField,
                  absl::StrCat("is for a level that is not one of 1 to priority_levels, "
                               "which is ",
                               levels),
                  i);
      continue;
    }
    const QueuePolicy policy =
        ReadQueuePolicy(node.Child(kField, i).As<inference::ModelQueuePolicy>());
    if (!batching.priority_policies.emplace(static_cast<int64_t>(level), policy).second) {
      node.Refuse(kField, "is given twice", i);
    }
  }
}

void ReadPriorities(const ConfigNode& node, Batching& batching) {
  const auto& proto = node.As<inference::ModelDynamicBatching>();
  const uint64_t levels = proto.priority_levels();
  const uint64_t normal = proto.default_priority_level();
  if (levels > kMostLevels) {
    node.Refuse("priority_levels", absl::StrCat("is above ", kMostLevels));
    return;
  }
  if (levels > 0 && normal == 0) {
    node.Refuse("priority_levels", "needs default_priority_level, for requests that name none");
  } else if (normal > levels) {
    node.Refuse("default_priority_level",
                absl::StrCat("is ", normal, "; it has to be one of 1 to priority_levels, which is ",
                             levels));
  }
  batching.priority_levels = static_cast<int64_t>(levels);
  batching.default_priority_level = static_cast<int64_t>(std::min(normal, levels));
  ReadPriorityPolicies(node, levels, batching);
}

// As in Triton: both would make a call wait for one that is to wait behind it.
void CheckOrdering(const ConfigNode& node, const Batching& batching) {
  if (!batching.preserve_ordering) return;
  const auto delays = [](const QueuePolicy& policy) {
    return policy.timeout_action == QueuePolicy::TimeoutAction::kDelay;
  };
  const auto& policies = batching.priority_policies;
  if (batching.priority_levels > 1) {
    node.Refuse("preserve_ordering", "does not go together with several priority_levels");
  }
  if (delays(batching.default_policy) ||
      std::any_of(policies.begin(), policies.end(),
                  [&](const auto& entry) { return delays(entry.second); })) {
    node.Refuse("preserve_ordering", "does not go together with timeout_action DELAY");
  }
}

}  // namespace

void ReadVersionPolicy(const ConfigNode& root, ModelConfig& config) {
  const auto& proto = root.As<inference::ModelConfig>().version_policy();
  VersionPolicy& policy = config.version_policy;
  if (proto.has_all()) policy.kind = VersionPolicy::Kind::kAll;
  if (proto.has_latest()) {
    policy.latest = std::max<int64_t>(proto.latest().num_versions(), 1);
  }
  if (!proto.has_specific()) return;

  policy.kind = VersionPolicy::Kind::kSpecific;
  const auto& versions = proto.specific().versions();
  policy.specific.assign(versions.begin(), versions.end());
  std::sort(policy.specific.begin(), policy.specific.end());
  const ConfigNode parent = root.Child("version_policy");
  if (versions.empty()) parent.Refuse("specific", "names no versions");
  for (int i = 0; i < versions.size(); ++i) {
    const ConfigNode node = parent.Child("specific");
    if (versions.Get(i) < 1) {
      node.Refuse("versions", absl::StrCat("is ", versions.Get(i), "; a version is above 0"), i);
    } else if (std::count(versions.begin(), versions.begin() + i, versions.Get(i)) > 0) {
      node.Refuse("versions", absl::StrCat("names ", versions.Get(i), " again"), i);
    }
  }
}

void ReadInstanceGroups(const ConfigNode& root, ModelConfig& config) {
  using Group = inference::ModelInstanceGroup;
  bool bounded = true;
  int64_t sum = 0;
  for (int i = 0; i < root.Size("instance_group"); ++i) {
    const ConfigNode node = root.Child("instance_group", i);
    const auto& group = node.As<Group>();
    if (group.kind() != Group::KIND_AUTO && group.kind() != Group::KIND_CPU) {
      node.Refuse("kind", "is not supported: models run on the CPU; say KIND_CPU or KIND_AUTO");
    }
    if (group.count() < 0) node.Refuse("count", "is negative");
    if (group.count() == 0) bounded = false;
    sum += group.count();
  }
  config.max_concurrency = bounded ? sum : 0;
}

void ReadBatching(const ConfigNode& root, ModelConfig& config) {
  const auto& proto = root.As<inference::ModelConfig>();
  config.max_batch_size = proto.max_batch_size();
  if (proto.max_batch_size() < 0) root.Refuse("max_batch_size", "is negative");
  if (!proto.has_dynamic_batching()) return;

  const ConfigNode node = root.Child("dynamic_batching");
  ReadPreferredSizes(node, config.max_batch_size, config.batching);
  ReadDelay(node, config.max_batch_size, config.batching);
  config.batching.preserve_ordering = proto.dynamic_batching().preserve_ordering();
  config.batching.default_policy = ReadQueuePolicy(proto.dynamic_batching().default_queue_policy());
  ReadPriorities(node, config.batching);
  CheckOrdering(node, config.batching);
}

}  // namespace tournant
