#include "feature_store/feast_repository.h"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "base/text_file.h"
#include "feature_store/redis_address.h"
#include "telemetry/log.h"

namespace tournant {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

// As os.path.expandvars does it, which Feast applies to the whole file: an unknown name stays.
std::string ExpandVariables(absl::string_view text, const std::vector<std::string>& environment) {
  std::map<std::string, std::string> values;
  for (const std::string& entry : environment) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    values.insert(pair);
  }
  std::string expanded;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    absl::StrAppend(&expanded, text.substr(0, dollar));
    if (dollar == absl::string_view::npos) break;
    text.remove_prefix(dollar);
    const bool braces = absl::StartsWith(text, "${");
    size_t end = braces ? 2 : 1;
    const size_t start = end;
    while (end < text.size() && (absl::ascii_isalnum(text[end]) || text[end] == '_')) ++end;
    const auto value = values.find(std::string(text.substr(start, end - start)));
    const bool closed = !braces || absl::StartsWith(text.substr(end), "}");
    if (closed && braces) ++end;
    absl::StrAppend(&expanded, closed && value != values.end() ? absl::string_view(value->second)
                                                               : text.substr(0, end));
    text.remove_prefix(end);
  }
  return expanded;
}

// A value of Feast's connection string, each of which Feast tries to read as JSON.
std::string Unquoted(absl::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

// "host:6379,db=1,password=..." taken apart.
struct ConnectionString {
  std::vector<std::string> nodes;
  std::map<std::string, std::string> parameters;
};

ConnectionString ParseConnectionString(absl::string_view text) {
  ConnectionString parsed;
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (absl::StrContains(part, '=')) {
      parsed.parameters[pair.first] = Unquoted(pair.second);
    } else {
      parsed.nodes.push_back(std::string(absl::StripAsciiWhitespace(part)));
    }
  }
  return parsed;
}

std::string Taken(std::map<std::string, std::string>& parameters, const std::string& name) {
  const auto node = parameters.extract(name);
  return node.empty() ? std::string() : node.mapped();
}

absl::Status Malformed(const std::filesystem::path& file, const YAML::Exception& error,
                       absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(file.native(), ":", error.mark.line + 1, ":",
                                                 error.mark.column + 1, ": ", message));
}

// One reading of one file.
class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {}

  absl::StatusOr<FeatureStoreOptions> Read(const YAML::Node& root) {
    if (!root.IsMap()) return Bad(root, "is no mapping of settings");
    FeatureStoreOptions options;
    const std::optional<std::string> project = Text(root, "project");
    if (!project || project->empty()) return Bad(root, "names no project");
    options.project = *project;
    options.key_version = Text(root, "entity_key_serialization_version").value_or("3");
    const absl::Status registry = ReadRegistry(root["registry"], options);
    if (!registry.ok()) return registry;
    const absl::Status store = ReadOnlineStore(root["online_store"], options);
    if (!store.ok()) return store;
    return options;
  }

 private:
  absl::Status Bad(const YAML::Node& node, absl::string_view message) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) {
      return absl::InvalidArgumentError(absl::StrCat(file_.native(), ": ", message));
    }
    return absl::InvalidArgumentError(
        absl::StrCat(file_.native(), ":", mark.line + 1, ":", mark.column + 1, ": ", message));
  }

  // Nothing where the setting is left out or null; throws BadConversion for a mapping or list.
  static std::optional<std::string> Text(const YAML::Node& map, const char* name) {
    const YAML::Node node = map[name];
    if (!node || node.IsNull()) return std::nullopt;
    return node.as<std::string>();
  }

  std::string Resolved(const std::string& path) const {
    return (file_.parent_path() / path).lexically_normal().native();
  }

  absl::Status ReadRegistry(const YAML::Node& node, FeatureStoreOptions& options) const {
    std::string path = "data/registry.db";
    if (node && node.IsScalar()) {
      path = node.Scalar();
    } else if (node && node.IsMap()) {
      const std::string type = Text(node, "registry_type").value_or("file");
      if (type != "file") {
        return Bad(node["registry_type"],
                   absl::StrCat("registry_type '", Quote(type),
                                "' is not supported: registries are read from files"));
      }
      path = Text(node, "path").value_or("");
      const YAML::Node versioned = node["enable_online_feature_view_versioning"];
      if (versioned) options.versioned_views = versioned.as<bool>();
    } else if (node && !node.IsNull()) {
      return Bad(node, "registry is neither a path nor a mapping");
    }
    absl::string_view local = path;
    absl::ConsumePrefix(&local, "file://");
    if (local.empty() || absl::StrContains(local, "://")) {
      return Bad(node, absl::StrCat("registry '", Quote(path),
                                    "' is not supported: registries are read from files"));
    }
    options.registry = Resolved(std::string(local));
    return absl::OkStatus();
  }

  absl::Status ReadOnlineStore(const YAML::Node& node, FeatureStoreOptions& options) const {
    std::string type = "sqlite";
    if (node && node.IsScalar()) {
      type = node.Scalar();
    } else if (node && node.IsMap()) {
      type = Text(node, "type").value_or(type);
    } else if (node && node.IsNull()) {
      return Bad(node, "online_store is null: this repository has none");
    } else if (node) {
      return Bad(node, "online_store is neither a type nor a mapping");
    }
    const YAML::Node settings = node && node.IsMap() ? node : YAML::Node(YAML::NodeType::Map);
    if (type == "sqlite" || absl::EndsWith(type, ".SqliteOnlineStore")) {
      options.store =
          absl::StrCat("sqlite:", Resolved(Text(settings, "path").value_or("data/online.db")));
      return absl::OkStatus();
    }
    if (type == "redis" || absl::EndsWith(type, ".RedisOnlineStore")) {
      return ReadRedis(node, settings, options);
    }
    return Bad(node, absl::StrCat("online_store '", Quote(type),
                                  "' is not supported; sqlite and redis are. Feast's own server "
                                  "(feast listen) with grpc:HOST:PORT reaches the others"));
  }

  absl::Status ReadRedis(const YAML::Node& node, const YAML::Node& settings,
                         FeatureStoreOptions& options) const {
    ConnectionString connection =
        ParseConnectionString(Text(settings, "connection_string").value_or("localhost:6379"));
    std::map<std::string, std::string>& parameters = connection.parameters;
    // Feast hands on what JSON makes of it, and only these are false to Python.
    const std::string ssl = Taken(parameters, "ssl");
    const bool tls = !ssl.empty() && ssl != "false" && ssl != "0";
    const std::string user = Taken(parameters, "username");
    const std::string password = Taken(parameters, "password");
    const std::string db = Taken(parameters, "db");

    const std::string type = Text(settings, "redis_type").value_or("redis");
    // Feast's client of one server takes the first address and forgets the others.
    if (type == "redis" && connection.nodes.size() > 1) connection.nodes.resize(1);
    std::string url = tls ? "rediss://" : "redis://";
    if (!user.empty() || !password.empty()) {
      absl::StrAppend(&url, PercentEncoded(user), ":", PercentEncoded(password), "@");
    }
    absl::StrAppend(&url, absl::StrJoin(connection.nodes, ","));
    if (!db.empty() && db != "0") absl::StrAppend(&url, "/", db);
    if (type == "redis_cluster") {
      absl::StrAppend(&url, "?mode=cluster");
    } else if (type == "redis_sentinel") {
      absl::StrAppend(&url, "?mode=sentinel&master=",
                      PercentEncoded(Text(settings, "sentinel_master").value_or("mymaster")));
    } else if (type != "redis") {
      return Bad(settings["redis_type"], absl::StrCat("redis_type '", Quote(type), "' is unknown"));
    }
    const absl::Status address = ParseRedisAddress(url).status();
    if (!address.ok()) {
      return Bad(node, absl::StrCat("online_store: ", address.message()));
    }
    for (const auto& [name, value] : parameters) {
      Log(LogLevel::kWarning, "a setting of Feast's Redis client has no meaning here",
          {{"file", file_.native()}, {"setting", name}});
    }
    options.store = std::move(url);
    return absl::OkStatus();
  }

  const std::filesystem::path file_;
};

}  // namespace

absl::StatusOr<FeatureStoreOptions> ReadFeastRepository(
    const std::string& path, const std::vector<std::string>& environment) {
  std::filesystem::path file = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) file /= "feature_store.yaml";
  const absl::StatusOr<std::string> text = ReadTextFile(file, kMaxBytes);
  if (!text.ok()) {
    return Annotate(text.status(), "feast: wants the folder of a Feast repository");
  }
  try {
    return Reader(file).Read(YAML::Load(ExpandVariables(*text, environment)));
  } catch (const YAML::BadConversion& error) {
    return Malformed(file, error, "has the wrong type");
  } catch (const YAML::Exception& error) {
    return Malformed(file, error, error.msg);
  }
}

}  // namespace tournant
