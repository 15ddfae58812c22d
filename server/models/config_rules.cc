#include "models/config_rules.h"

#include <algorithm>
#include <array>

#include "absl/strings/strip.h"

namespace tournant {
namespace {

constexpr absl::string_view kPackage = "inference.";

// Carried out, or a message whose own fields have rules.
constexpr auto kCarriedOut = std::to_array<absl::string_view>({
    "ModelConfig.name",
    "ModelConfig.platform",
    "ModelConfig.backend",
    "ModelConfig.version_policy",
    "ModelConfig.max_batch_size",
    "ModelConfig.input",
    "ModelConfig.output",
    "ModelConfig.instance_group",
    "ModelConfig.default_model_filename",
    "ModelConfig.dynamic_batching",
    "ModelConfig.optimization",
    "ModelConfig.parameters",
    "ModelConfig.model_warmup",
    "ModelConfig.model_operations",
    "ModelConfig.model_transaction_policy",
    "ModelConfig.model_repository_agents",
    "ModelConfig.response_cache",
    "ModelConfig.model_metrics",
    "ModelInput.name",
    "ModelInput.data_type",
    "ModelInput.format",
    "ModelInput.dims",
    "ModelInput.reshape",
    "ModelInput.optional",
    "ModelOutput.name",
    "ModelOutput.data_type",
    "ModelOutput.dims",
    "ModelOutput.label_filename",
    "ModelOutput.reshape",
    "ModelTensorReshape.shape",
    "ModelInstanceGroup.name",
    "ModelInstanceGroup.count",
    "ModelInstanceGroup.kind",
    "ModelVersionPolicy.latest",
    "ModelVersionPolicy.all",
    "ModelVersionPolicy.specific",
    "ModelVersionPolicy.Latest.num_versions",
    "ModelVersionPolicy.Specific.versions",
    "ModelDynamicBatching.preferred_batch_size",
    "ModelDynamicBatching.max_queue_delay_microseconds",
    "ModelDynamicBatching.preserve_ordering",
    "ModelDynamicBatching.priority_levels",
    "ModelDynamicBatching.default_priority_level",
    "ModelDynamicBatching.default_queue_policy",
    "ModelDynamicBatching.priority_queue_policy",
    "ModelQueuePolicy.timeout_action",
    "ModelQueuePolicy.default_timeout_microseconds",
    "ModelQueuePolicy.allow_timeout_override",
    "ModelQueuePolicy.max_queue_size",
    "ModelOptimizationPolicy.execution_accelerators",
    "ModelParameter.string_value",
    "ModelWarmup.name",
    "ModelWarmup.batch_size",
    "ModelWarmup.inputs",
    "ModelWarmup.count",
    "ModelWarmup.Input.data_type",
    "ModelWarmup.Input.dims",
    "ModelWarmup.Input.zero_data",
    "ModelWarmup.Input.random_data",
    "ModelWarmup.Input.input_data_file",
});

struct Note {
  absl::string_view field;
  absl::string_view instead;
};

// These only choose how a GPU, or memory beside one, is used.
constexpr auto kNoEffect = std::to_array<Note>({
    {"ModelConfig.cc_model_filenames", "there is no GPU, so default_model_filename is loaded"},
    {"ModelOptimizationPolicy.graph", "every model is frozen at load, and nothing else is tuned"},
    {"ModelOptimizationPolicy.cuda", "models run on the CPU"},
    {"ModelOptimizationPolicy.input_pinned_memory", "models run on the CPU, in ordinary memory"},
    {"ModelOptimizationPolicy.output_pinned_memory", "models run on the CPU, in ordinary memory"},
    {"ModelOptimizationPolicy.gather_kernel_buffer_threshold",
     "models run on the CPU, where rows are copied once"},
    {"ModelOptimizationPolicy.eager_batching", "rows are gathered when a worker is free for them"},
});

constexpr absl::string_view kTensorRt = "it belongs to TensorRT; leave it out";
constexpr absl::string_view kOnCpu = "models run on the CPU; leave it out, or say KIND_CPU";

constexpr auto kRefused = std::to_array<Note>({
    {"ModelConfig.metric_tags",
     "metrics carry model and version; add more labels where Prometheus scrapes them"},
    {"ModelConfig.sequence_batching",
     "no state is kept between requests; make it an output and an input of the model, which the "
     "caller passes on"},
    {"ModelConfig.ensemble_scheduling",
     "call the models one after the other, or script them as one TorchScript module"},
    {"ModelConfig.batch_input", "compute it within the model"},
    {"ModelConfig.batch_output", "give every row of an output the same shape"},
    {"ModelConfig.runtime", "models run in the server's own LibTorch; leave it out"},
    {"ModelInput.is_shape_tensor", kTensorRt},
    {"ModelInput.is_non_linear_format_io", kTensorRt},
    {"ModelInput.allow_ragged_batch",
     "requests of different shapes run one after the other; leave it out, or pad the rows to one "
     "shape"},
    {"ModelOutput.is_shape_tensor", kTensorRt},
    {"ModelOutput.is_non_linear_format_io", kTensorRt},
    {"ModelInstanceGroup.gpus", kOnCpu},
    {"ModelInstanceGroup.profile", kTensorRt},
    {"ModelInstanceGroup.rate_limiter",
     "all models share the workers; count bounds how many of them a model may take"},
    {"ModelInstanceGroup.passive", "every instance serves; leave the group out"},
    {"ModelInstanceGroup.secondary_devices", kOnCpu},
    {"ModelInstanceGroup.host_policy", "pin the whole server to CPUs, with taskset or numactl"},
    {"ModelOptimizationPolicy.priority",
     "all models share the workers; order a model's requests by dynamic_batching.priority_levels"},
    {"ModelOptimizationPolicy.ExecutionAccelerators.gpu_execution_accelerator",
     "models run on the CPU, in LibTorch"},
    {"ModelOptimizationPolicy.ExecutionAccelerators.cpu_execution_accelerator",
     "models run in LibTorch; serve the unaccelerated TorchScript file"},
    {"ModelOperations.op_library_filename",
     "no library is loaded into the server; use the operators that LibTorch brings"},
    {"ModelTransactionPolicy.decoupled", "every request has one answer; leave it out"},
    {"ModelRepositoryAgents.agents",
     "prepare or decrypt the files before they come into the repository"},
    {"ModelResponseCache.enable", "every request is computed; cache answers at the caller"},
    {"ModelMetrics.metric_control", "the histograms have buckets of their own; leave it out"},
});

template <size_t kSize>
const Note* FindNote(const std::array<Note, kSize>& notes, absl::string_view field) {
  const auto found = std::find_if(notes.begin(), notes.end(),
                                  [&](const Note& note) { return note.field == field; });
  return found == notes.end() ? nullptr : &*found;
}

bool IsCarriedOut(absl::string_view field) {
  return std::find(kCarriedOut.begin(), kCarriedOut.end(), field) != kCarriedOut.end();
}

}  // namespace

ConfigFieldRule RuleOfConfigField(absl::string_view full_name) {
  const absl::string_view field = absl::StripPrefix(full_name, kPackage);
  if (IsCarriedOut(field)) return {ConfigFieldRule::Kind::kCarriedOut, ""};
  if (const Note* note = FindNote(kNoEffect, field)) {
    return {ConfigFieldRule::Kind::kNoEffect, note->instead};
  }
  const Note* note = FindNote(kRefused, field);
  return {ConfigFieldRule::Kind::kRefused, note == nullptr ? "" : note->instead};
}

}  // namespace tournant
