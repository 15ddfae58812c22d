#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fakes/temp_dir.h"
#include "models/loader.h"
#include "models/recording_factory.h"
#include "models/zip_bytes.h"

namespace tournant {

// Of every model that LoaderTest writes.
inline constexpr char kConfig[] =
    "input { name: \"x\" data_type: TYPE_FP32 dims: 4 }\n"
    "output { name: \"y\" dims: 4 }\n";

// A step that is a function of the version.
class FunctionStep final : public LoadStep {
 public:
  explicit FunctionStep(std::function<absl::Status(ModelVersion&)> prepare)
      : prepare_(std::move(prepare)) {}
  absl::Status Prepare(ModelVersion& version) override { return prepare_(version); }

 private:
  const std::function<absl::Status(ModelVersion&)> prepare_;
};

// A repository in a directory of its own and a loader of it, once MakeLoader has been called.
class LoaderTest : public ::testing::Test {
 protected:
  // A model with the given content in its file.
  void WriteVersion(const std::string& model, int version, const std::string& content = "fine") {
    WriteConfig(model, "");
    WriteModelFile(model, version, content);
  }
  // The config of every model here, with something more. Writes it only when it is another one.
  void WriteConfig(const std::string& model, const std::string& more) {
    std::string& written = configs_[model];
    if (written == kConfig + more) return;
    written = kConfig + more;
    dir_.Write(model + "/config.pbtxt", written);
  }
  void WriteModelFile(const std::string& model, int version, const std::string& content) {
    dir_.Write(absl::StrCat(model, "/", version, "/model.pt"), TorchScriptLikeBytes(content));
  }

  ModelLoader& MakeLoader(bool exit_on_error = true) {
    options_.repository = repository_;
    options_.exit_on_error = exit_on_error;
    options_.child_check = child_check_;
    loader_.emplace(options_, registry_, factory_, steps_, clock());
    return *loader_;
  }
  virtual const Clock& clock() const { return clock_; }
  void Rescan() {
    loader_->Rescan();
    loader_->WaitForScans();
  }
  std::vector<std::string> States() const {
    std::vector<std::string> states;
    for (const VersionStatus& status : registry_.List()) {
      states.push_back(absl::StrCat(status.model, "/", status.version, " ",
                                    VersionStateName(status.state),
                                    status.reason.empty() ? "" : ": ", status.reason));
    }
    return states;
  }
  std::string Shown(const std::string& relative) const { return (dir_.path() / relative).native(); }

  TempDir dir_;
  std::map<std::string, std::string> configs_;
  std::filesystem::path repository_ = dir_.path();
  SystemClock clock_;
  RecordingFactory factory_;  // Outlives the models, which the registry holds.
  ModelRegistry registry_;
  std::vector<LoadStep*> steps_;
  ModelLoader::Options options_;
  ChildCheckOptions child_check_;
  std::optional<ModelLoader> loader_;
};

}  // namespace tournant
