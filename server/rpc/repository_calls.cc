#include "rpc/repository_calls.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/call_context.h"
#include "base/handoff.h"
#include "base/status.h"

namespace tournant {
namespace {

using inference::ModelRepositoryParameter;
using inference::RepositoryIndexRequest;
using inference::RepositoryIndexResponse;
using inference::RepositoryModelLoadRequest;
using inference::RepositoryModelLoadResponse;
using inference::RepositoryModelUnloadRequest;
using inference::RepositoryModelUnloadResponse;

constexpr absl::string_view kFilePrefix = "file:";

absl::Status Refuse(absl::string_view parameter, absl::string_view what) {
  return InvalidEntry("parameters", parameter, what);
}

absl::Status CheckRepositoryName(const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  return absl::UnimplementedError("'repository_name' specification is not supported");
}

absl::Status CheckMode(const RepositoryControl* control) {
  if (control != nullptr && control->mode() == ModelControl::kExplicit) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "explicit model load / unload is not allowed if polling is enabled; start the server with "
      "--model_control=explicit for it");
}

// Gives the job to the loader and awaits it.
Task<absl::Status> Carry(const RepositoryDependencies& dependencies, const CallContext& call,
                         std::shared_ptr<ControlJob> job) {
  const std::string model = Quote(job->model);
  absl::Status awaited =
      co_await HandoffAwaiter(call, *job, [&] { return dependencies.control->Submit(job); });
  if (absl::IsDeadlineExceeded(awaited)) {
    co_return absl::DeadlineExceededError(absl::StrCat(
        "the deadline has passed; what was asked for model '", model, "' is done all the same"));
  }
  if (!awaited.ok()) co_return awaited;
  dependencies.models_changed();
  absl::Status result = std::move(job->result);
  const bool is_load = job->kind == ControlJob::Kind::kLoad;
  if (result.ok() || absl::IsUnavailable(result) || !is_load) co_return std::move(result);
  co_return absl::InternalError(absl::StrCat("failed to load '", model, "', ", result.message()));
}

Task<absl::Status> Load(const RepositoryDependencies& dependencies, const CallContext& call,
                        RepositoryModelLoadRequest& request, RepositoryModelLoadResponse&) {
  absl::Status status = CheckRepositoryName(request.repository_name());
  if (status.ok()) status = CheckMode(dependencies.control);
  if (!status.ok()) co_return status;
  absl::StatusOr<LoadOverride> override = TakeLoadParameters(request);
  if (!override.ok()) co_return override.status();
  auto job = std::make_shared<ControlJob>();
  job->kind = ControlJob::Kind::kLoad;
  job->model = request.model_name();
  job->override = *std::move(override);
  co_return co_await Carry(dependencies, call, std::move(job));
}

Task<absl::Status> Unload(const RepositoryDependencies& dependencies, const CallContext& call,
                          RepositoryModelUnloadRequest& request, RepositoryModelUnloadResponse&) {
  absl::Status status = CheckRepositoryName(request.repository_name());
  if (status.ok()) status = CheckMode(dependencies.control);
  if (status.ok()) status = CheckUnloadParameters(request);
  if (!status.ok()) co_return status;
  auto job = std::make_shared<ControlJob>();
  job->kind = ControlJob::Kind::kUnload;
  job->model = request.model_name();
  co_return co_await Carry(dependencies, call, std::move(job));
}

Task<absl::Status> Index(const RepositoryDependencies& dependencies, const CallContext& call,
                         RepositoryIndexRequest& request, RepositoryIndexResponse& answer) {
  absl::Status status = CheckRepositoryName(request.repository_name());
  if (!status.ok()) co_return status;
  std::vector<std::string> in_directory;
  if (dependencies.control != nullptr && !request.ready()) {
    const auto job = std::make_shared<NamesJob>();
    status = co_await HandoffAwaiter(call, *job, [&] { return dependencies.control->List(job); });
    if (!status.ok()) co_return status;
    if (job->result.ok()) in_directory = *std::move(job->result);
  }
  DescribeRepository(dependencies.registry, in_directory, request, answer);
  co_return absl::OkStatus();
}

}  // namespace

void StartRepositoryCalls(const RepositoryDependencies& dependencies, Lane& lane) {
  const auto with = [all = &dependencies](auto carry_out) {
    return [all, carry_out](const CallContext& call, auto& request, auto& answer) {
      return carry_out(*all, call, request, answer);
    };
  };
  ServeAwaited<RepositoryIndexRequest, RepositoryIndexResponse>(
      dependencies.unary, lane, Method::kRepositoryIndex,
      TOURNANT_REQUEST(&dependencies.service, RepositoryIndex), with(&Index));
  ServeAwaited<RepositoryModelLoadRequest, RepositoryModelLoadResponse>(
      dependencies.unary, lane, Method::kRepositoryModelLoad,
      TOURNANT_REQUEST(&dependencies.service, RepositoryModelLoad), with(&Load));
  ServeAwaited<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>(
      dependencies.unary, lane, Method::kRepositoryModelUnload,
      TOURNANT_REQUEST(&dependencies.service, RepositoryModelUnload), with(&Unload));
}

absl::StatusOr<LoadOverride> TakeLoadParameters(RepositoryModelLoadRequest& request) {
  LoadOverride override;
  for (auto& [name, value] : *request.mutable_parameters()) {
    if (name == "config") {
      if (value.parameter_choice_case() != ModelRepositoryParameter::kStringParam) {
        return Refuse(name, "has to be a string: the config in JSON");
      }
      override.config_json = std::move(*value.mutable_string_param());
    } else if (absl::StartsWith(name, kFilePrefix)) {
      if (value.parameter_choice_case() != ModelRepositoryParameter::kBytesParam) {
        return Refuse(name, "has to be bytes: the content of the file");
      }
      const std::string path(absl::StripPrefix(name, kFilePrefix));
      override.files[path] = std::move(*value.mutable_bytes_param());
    } else {
      return Refuse(name,
                    absl::StrCat("unrecognized load parameter '", Quote(name),
                                 "' in request for model '", Quote(request.model_name()), "'"));
    }
  }
  if (absl::Status status = CheckOverride(override, OverrideLimits()); !status.ok()) return status;
  return override;
}

absl::Status CheckUnloadParameters(const RepositoryModelUnloadRequest& request) {
  for (const auto& [name, value] : request.parameters()) {
    if (name != "unload_dependents") {
      return Refuse(name,
                    absl::StrCat("unrecognized unload parameter '", Quote(name),
                                 "' in request for model '", Quote(request.model_name()), "'"));
    }
    // No model depends on another here: ensembles are refused.
    if (value.parameter_choice_case() != ModelRepositoryParameter::kBoolParam) {
      return Refuse(name, "has to be a bool");
    }
  }
  return absl::OkStatus();
}

void DescribeRepository(const ModelRegistry& registry, const std::vector<std::string>& in_directory,
                        const RepositoryIndexRequest& request, RepositoryIndexResponse& answer) {
  std::vector<VersionStatus> versions = registry.List();
  std::set<std::string> known;
  for (const VersionStatus& status : versions) known.insert(status.model);
  std::set<std::string> all = known;
  all.insert(in_directory.begin(), in_directory.end());

  auto next = versions.begin();
  for (const std::string& name : all) {
    if (!known.contains(name) && !request.ready()) answer.add_models()->set_name(Quote(name));
    for (; next != versions.end() && next->model == name; ++next) {
      if (request.ready() && next->state != VersionState::kReady) continue;
      auto& model = *answer.add_models();
      model.set_name(Quote(name));
      // 0 stands for a model of which no version was found.
      if (next->version > 0) model.set_version(absl::StrCat(next->version));
      const absl::string_view state = VersionStateName(next->state);
      model.set_state(state.data(), state.size());
      model.set_reason(std::move(next->reason));
    }
  }
}

}  // namespace tournant
