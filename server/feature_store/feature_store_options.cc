#include "feature_store/feature_store_options.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/flags.h"
#include "base/status.h"
#include "feature_store/feast_repository.h"
#include "feature_store/redis_address.h"

namespace tournant {

bool IsRedisStore(absl::string_view store) {
  return absl::StartsWith(store, "redis:") || absl::StartsWith(store, "rediss:");
}

absl::StatusOr<std::string> SqlitePath(absl::string_view store) {
  absl::string_view path = store;
  if (!absl::ConsumePrefix(&path, "sqlite:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", Quote(MaskSecrets(store)),
                     "' is no feature store; sqlite:PATH, redis://HOST:PORT and feast:DIR are"));
  }
  if (path.empty()) return absl::InvalidArgumentError("sqlite: needs the path of a file");
  return std::string(path);
}

absl::Status CheckStoreName(absl::string_view store) {
  return IsRedisStore(store) ? ParseRedisAddress(store).status() : SqlitePath(store).status();
}

absl::Status SetVersionedViews(absl::string_view text, FeatureStoreOptions& options) {
  if (text != "true" && text != "false") {
    return absl::InvalidArgumentError(
        absl::StrCat("versioned_views is true or false, not '", Quote(text), "'"));
  }
  options.versioned_views = text == "true";
  return absl::OkStatus();
}

absl::StatusOr<FeatureStoreOptions> ParseEmbeddedFeatureStore(
    absl::string_view flag, const std::vector<std::string>& environment) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(flag, absl::MaxSplits('?', 1));
  FeatureStoreOptions options;
  absl::string_view repository = parts.first;
  if (absl::ConsumePrefix(&repository, "feast:")) {
    absl::StatusOr<FeatureStoreOptions> read =
        ReadFeastRepository(std::string(repository), environment);
    if (!read.ok()) return read.status();
    options = *std::move(read);
  } else {
    options.store = std::string(parts.first);
  }
  const bool redis = IsRedisStore(options.store);
  for (const absl::string_view parameter : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    const std::string value(pair.second);
    if (pair.first == "registry") {
      options.registry = value;
    } else if (pair.first == "project") {
      options.project = value;
    } else if (pair.first == "key_version") {
      options.key_version = value;
    } else if (pair.first == "versioned_views") {
      const absl::Status set = SetVersionedViews(value, options);
      if (!set.ok()) return set;
    } else if (pair.first == "writer_tz") {
      options.writer_tz = value;
    } else if (redis) {
      // Those of the address stay with it.
      absl::StrAppend(&options.store, absl::StrContains(options.store, '?') ? "&" : "?", parameter);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("feature store parameter '", Quote(pair.first),
                       "' is unknown; there are registry, project, key_version, "
                       "versioned_views and writer_tz"));
    }
  }
  const absl::Status name = CheckStoreName(options.store);
  if (!name.ok()) return name;
  if (options.registry.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "feature store '", Quote(MaskSecrets(options.store)), "' needs ?registry=PATH"));
  }
  return options;
}

}  // namespace tournant
