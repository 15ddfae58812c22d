#include "models/config_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "inference/model_config.pb.h"
#include "models/config_text.h"

namespace tournant {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = ConfigFieldRule::Kind;

// The fields that can be reached from `message` through such as are carried out.
void CollectFields(const Descriptor& message, std::set<std::string>& fields) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (!fields.insert(field.full_name()).second) continue;
    if (RuleOfConfigField(field.full_name()).kind != Kind::kCarriedOut) continue;
    const FieldDescriptor* value = field.is_map() ? field.message_type()->map_value() : &field;
    if (value->message_type() != nullptr) CollectFields(*value->message_type(), fields);
  }
}

TEST(ConfigRules, NameEveryFieldThatCanBeSet) {
  std::set<std::string> fields;
  CollectFields(*inference::ModelConfig::descriptor(), fields);
  EXPECT_GT(fields.size(), 80u);
  for (const std::string& field : fields) {
    // A field without a rule is refused and has nothing to say.
    const ConfigFieldRule rule = RuleOfConfigField(field);
    EXPECT_EQ(rule.instead.empty(), rule.kind == Kind::kCarriedOut) << field;
  }
}

TEST(ConfigRules, RefuseAFieldThatTheyDoNotName) {
  EXPECT_EQ(RuleOfConfigField("inference.ModelConfig.surprise").kind, Kind::kRefused);
}

TEST(ConfigFields, AreRefusedWithTheirPlaceAndWhatToDoInstead) {
  const std::map<std::string, std::string> refusals = {
      {"metric_tags { key: \"a\" value: \"b\" }",
       "m/config.pbtxt:3:1: metric_tags is not supported: metrics carry model and version; add "
       "more "
       "labels where Prometheus scrapes them"},
      {"sequence_batching { }",
       "m/config.pbtxt:3:1: sequence_batching is not supported: no state is kept between requests; "
       "make it an output and an input of the model, which the caller passes on"},
      {"ensemble_scheduling { step { model_name: \"a\" } }",
       "m/config.pbtxt:3:1: ensemble_scheduling is not supported: call the models one after the "
       "other, or script them as one TorchScript module"},
      {"batch_input { }",
       "m/config.pbtxt:3:1: batch_input is not supported: compute it within the "
       "model"},
      {"runtime: \"model.py\"",
       "m/config.pbtxt:3:1: runtime is not supported: models run in the "
       "server's own LibTorch; leave it out"},
      {"output {\n name: \"z\" is_shape_tensor: true }",
       "m/config.pbtxt:4:12: output[1].is_shape_tensor is not supported: it belongs to TensorRT; "
       "leave it out"},
      {"instance_group { gpus: [ 0, 1 ] }",
       "m/config.pbtxt:3:18: instance_group[0].gpus is not supported: models run on the CPU; leave "
       "it out, or say KIND_CPU"},
      {"instance_group [ { }, { passive: true } ]",
       "m/config.pbtxt:3:25: instance_group[1].passive is not supported: every instance serves; "
       "leave the group out"},
      {"optimization { priority: PRIORITY_MAX }",
       "m/config.pbtxt:3:16: optimization.priority is not supported: all models share the workers; "
       "order a model's requests by dynamic_batching.priority_levels"},
      {"optimization { execution_accelerators { gpu_execution_accelerator { name: \"t\" } } }",
       "m/config.pbtxt:3:41: optimization.execution_accelerators.gpu_execution_accelerator is not "
       "supported: models run on the CPU, in LibTorch"},
      {"model_operations { op_library_filename: \"a.so\" }",
       "m/config.pbtxt:3:20: model_operations.op_library_filename is not supported: no library is "
       "loaded into the server; use the operators that LibTorch brings"},
      {"model_transaction_policy { decoupled: true }",
       "m/config.pbtxt:3:28: model_transaction_policy.decoupled is not supported: every request "
       "has "
       "one answer; leave it out"},
      {"model_repository_agents { agents { name: \"checksum\" } }",
       "m/config.pbtxt:3:27: model_repository_agents.agents is not supported: prepare or decrypt "
       "the files before they come into the repository"},
      {"response_cache { enable: true }",
       "m/config.pbtxt:3:18: response_cache.enable is not supported: every request is computed; "
       "cache answers at the caller"},
      {"model_metrics { metric_control { } }",
       "m/config.pbtxt:3:17: model_metrics.metric_control is not supported: the histograms have "
       "buckets of their own; leave it out"},
  };
  for (const auto& [text, refusal] : refusals) EXPECT_EQ(RefusalOf(text), refusal);
}

TEST(ConfigFields, AskForNothingAtTheirDefaults) {
  EXPECT_THAT(WarningsOf(R"(
      runtime: ""  batch_input [ ]  dynamic_batching { preserve_ordering: false }
      model_transaction_policy { decoupled: false }  response_cache { enable: false }
      optimization { priority: PRIORITY_DEFAULT graph { } cuda { graphs: false }
                     execution_accelerators { } input_pinned_memory { enable: false } }
      model_operations { } model_repository_agents { } model_metrics { })"),
              IsEmpty());
}

TEST(ConfigFields, ThatOnlyTuneAGpuWarnAndSayWhatHappens) {
  EXPECT_THAT(
      WarningsOf("cc_model_filenames { key: \"7.5\" value: \"a.pt\" }\n"
                 "optimization {\n"
                 "  graph { level: 1 }\n"
                 "  cuda { graphs: true busy_wait_events: true }\n"
                 "  input_pinned_memory { enable: true }\n"
                 "  output_pinned_memory { enable: true }\n"
                 "  gather_kernel_buffer_threshold: 4\n"
                 "  eager_batching: true }"),
      ElementsAre(
          "m/config.pbtxt:3:1: cc_model_filenames has no effect: there is no GPU, so "
          "default_model_filename is loaded",
          "m/config.pbtxt:5:3: optimization.graph has no effect: every model is frozen at load, "
          "and "
          "nothing else is tuned",
          "m/config.pbtxt:6:3: optimization.cuda has no effect: models run on the CPU",
          "m/config.pbtxt:7:3: optimization.input_pinned_memory has no effect: models run on the "
          "CPU, in ordinary memory",
          "m/config.pbtxt:8:3: optimization.output_pinned_memory has no effect: models run on the "
          "CPU, in ordinary memory",
          "m/config.pbtxt:9:3: optimization.gather_kernel_buffer_threshold has no effect: models "
          "run "
          "on the CPU, where rows are copied once",
          "m/config.pbtxt:10:3: optimization.eager_batching has no effect: rows are gathered when "
          "a "
          "worker is free for them"));
}

TEST(ConfigFields, HoldOnlyValuesOfTheirEnums) {
  EXPECT_EQ(RefusalOf("input { name: \"z\" data_type: 99 dims: 1 }"),
            "m/config.pbtxt:3:19: input[1].data_type is 99, which is no DataType");
  EXPECT_THAT(RefusalOf("instance_group { kind: 7 }"), HasSubstr("kind is 7, which is no Kind"));
}

}  // namespace
}  // namespace tournant
