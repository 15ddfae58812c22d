#include "torchscript/input_search.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "telemetry/log.h"
#include "torchscript/any_sizes.h"
#include "torchscript/archive_signature.h"
#include "torchscript/config_example.h"
#include "torchscript/input_guesses.h"
#include "torchscript/trial_input.h"

namespace tournant {
namespace {

// For each of kAnySizes. A failing forward takes 0.2 ms, so all of them take a second.
constexpr int kMostTrials = 500;
// A model that runs on whatever it gets will not be proven by more of the same.
constexpr int kMostUnproven = 16;
// The pool's default cap (DESIGN.md 14).
constexpr int64_t kBatchSize = 64;

using Outputs = std::vector<ForwardOutput>;

bool HasAnySize(const std::vector<InputGuess>& guesses) {
  return std::any_of(guesses.begin(), guesses.end(), [](const InputGuess& guess) {
    return std::find(guess.dims.begin(), guess.dims.end(), -1) != guess.dims.end();
  });
}

// What is left out, for people.
std::string LeftOut(const ModelConfig& config) {
  std::vector<std::string> parts;
  for (const TensorSpec& input : config.inputs) {
    const bool type = input.type == DataType::kInvalid;
    if (!type && !input.dims.empty()) continue;
    parts.push_back(absl::StrCat(
        type && input.dims.empty() ? "data_type and dims" : (type ? "the data_type" : "the dims"),
        " of input '", Quote(input.name), "'"));
  }
  return absl::StrJoin(parts, ", ");
}

class Search {
 public:
  Search(const ModuleTensors& tensors, const ForwardFunction& forward, ModelConfig& config)
      : tensors_(tensors), forward_(forward), config_(config) {}

  bool Run() {
    if (!config_.max_batch_size_open) {
      const bool batched = config_.max_batch_size > 0;
      return Go(batched ? GuessForm::kRow : GuessForm::kWhole, &Search::Runs);
    }
    return Go(GuessForm::kRow, &Search::RunsInBatches) || TakeUnproven() ||
           Go(GuessForm::kVector, &Search::Runs);
  }

  int trials() const { return trials_; }
  const absl::Status& failure() const { return failure_; }

 private:
  using Guesses = std::vector<InputGuess>;
  using Check = bool (Search::*)(const Guesses& guesses, int64_t any);

  // Goes through the guesses until one passes `check`, and completes the config from it.
  bool Go(GuessForm form, Check check) {
    has_rows_ = form == GuessForm::kRow;
    const GuessChoices choices = ChoicesFor(config_.inputs, tensors_, form);
    for (const int64_t any : kAnySizes) {
      const bool first_round = any == kAnySizes.front();
      const int last_trial = trials_ + kMostTrials;
      const bool found = ForEachGuess(choices, [&](const Guesses& guesses) {
        if (trials_ >= last_trial || unproven_ >= kMostUnproven) return GuessVerdict::kStop;
        if (!first_round && !HasAnySize(guesses)) return GuessVerdict::kNext;
        if (!(this->*check)(guesses, any)) return GuessVerdict::kNext;
        Take(Likeliest(guesses, choices, any, check), any);
        return GuessVerdict::kFound;
      });
      if (found) return true;
    }
    return false;
  }

  // Guesses are found together. Each by itself may be likelier than that: a number where an index
  // does as well, any size where one of a width does.
  Guesses Likeliest(Guesses guesses, const GuessChoices& choices, int64_t any, Check check) {
    const int last_trial = trials_ + kMostTrials;
    for (size_t i = 0; i < guesses.size(); ++i) {
      const InputGuess found = guesses[i];
      for (const InputGuess& likelier : choices[i]) {
        if (likelier == found || trials_ >= last_trial) break;
        guesses[i] = likelier;
        if ((this->*check)(guesses, any)) break;
        guesses[i] = found;
      }
    }
    return guesses;
  }

  // The outputs for rows from `first` on; nothing when the model fails.
  std::optional<Outputs> Try(const Guesses& guesses, int64_t first, int64_t rows, int64_t any) {
    std::vector<Tensor> tensors;
    std::vector<TensorView> views;
    tensors.reserve(guesses.size());
    views.reserve(guesses.size());
    for (const InputGuess& guess : guesses) {
      auto tensor = TrialInput(guess, first, has_rows_ ? rows : -1, any);
      if (!tensor) return std::nullopt;
      tensors.push_back(*std::move(tensor));
    }
    for (const Tensor& tensor : tensors) {
      views.push_back({tensor.type, tensor.shape, tensor.bytes, nullptr});
    }
    ++trials_;
    auto outputs = forward_(views);
    if (outputs.ok()) return *std::move(outputs);
    if (failure_.ok()) failure_ = outputs.status();
    return std::nullopt;
  }

  bool Runs(const Guesses& guesses, int64_t any) {
    const auto one = Try(guesses, 0, 1, any);
    if (!one) return false;
    if (!has_rows_ || config_.max_batch_size < 2) return true;
    const auto two = Try(guesses, 0, 2, any);
    return two && Follows(*one, 1) && Follows(*two, 2);
  }

  // Whether three rows at once give what each of them gives alone.
  bool RunsInBatches(const Guesses& guesses, int64_t any) {
    const auto one = Try(guesses, 0, 1, any);
    if (!one) return false;
    if (IsProven(guesses, any, *one)) return true;
    ++unproven_;
    if (!fallback_) fallback_ = {guesses, any};
    return false;
  }

  bool IsProven(const Guesses& guesses, int64_t any, const Outputs& first) {
    const auto all = Try(guesses, 0, 3, any);
    const auto second = Try(guesses, 1, 1, any);
    const auto third = Try(guesses, 2, 1, any);
    if (!all || !second || !third || !Follows(*all, 3)) return false;
    for (const Outputs* single : {&first, &*second, &*third}) {
      if (single->size() != all->size() || !Follows(*single, 1)) return false;
    }
    for (size_t i = 0; i < all->size(); ++i) {
      const std::string alone =
          absl::StrCat(first[i].view.bytes, (*second)[i].view.bytes, (*third)[i].view.bytes);
      if ((*all)[i].view.type != first[i].view.type) return false;
      if (!NearlySame(first[i].view.type, (*all)[i].view.bytes, alone)) return false;
    }
    return true;
  }

  // Whether the outermost size of all outputs is the number of rows.
  static bool Follows(const Outputs& outputs, int64_t rows) {
    return std::all_of(outputs.begin(), outputs.end(), [rows](const ForwardOutput& output) {
      const Shape& shape = output.view.shape;
      if (output.view.type == DataType::kBytes) return shape[0] % rows == 0;
      return !shape.empty() && shape[0] == rows;
    });
  }

  // Several rows at once are not the same as each alone: they are a dimension of the model's.
  bool TakeUnproven() {
    if (!fallback_) return false;
    auto [guesses, any] = *std::move(fallback_);
    has_rows_ = true;
    const int64_t rows = Try(guesses, 0, 2, any) ? -1 : 1;
    Take(guesses, any);
    config_.max_batch_size = 0;
    for (TensorSpec& input : config_.inputs) input.dims.insert(input.dims.begin(), rows);
    return true;
  }

  void Take(Guesses guesses, int64_t any) {
    const bool changes = !HasAnySize(guesses) || Try(guesses, 0, 1, OtherSize(any));
    for (size_t i = 0; i < guesses.size(); ++i) {
      if (!changes) std::replace(guesses[i].dims.begin(), guesses[i].dims.end(), int64_t{-1}, any);
      TensorSpec& input = config_.inputs[i];
      if (input.type == DataType::kInvalid) input.type_source = SpecSource::kTrial;
      input.type = guesses[i].type;
      // What the config says may be any size is its own affair.
      if (!input.dims.empty()) continue;
      input.dims = std::move(guesses[i].dims);
      input.dims_source = SpecSource::kTrial;
    }
    if (config_.max_batch_size_open) config_.max_batch_size = has_rows_ ? kBatchSize : 0;
    config_.max_batch_size_open = false;
  }

  const ModuleTensors& tensors_;
  const ForwardFunction& forward_;
  ModelConfig& config_;

  bool has_rows_ = false;  // Whether the guesses are of one row.
  int trials_ = 0;
  int unproven_ = 0;
  absl::Status failure_;  // Of the likeliest guess.
  std::optional<std::pair<Guesses, int64_t>> fallback_;
};

}  // namespace

bool NeedsSearch(const ModelConfig& config) {
  return config.max_batch_size_open ||
         std::any_of(config.inputs.begin(), config.inputs.end(), [](const TensorSpec& input) {
           return input.type == DataType::kInvalid || input.dims.empty();
         });
}

absl::Status FindInputs(const ModuleTensors& tensors, const std::vector<ForwardArgument>& arguments,
                        const ForwardFunction& forward, ModelConfig& config) {
  const std::string left_out = LeftOut(config);
  Search search(tensors, forward, config);
  if (!search.Run()) {
    return absl::InvalidArgumentError(
        absl::StrCat("config.pbtxt leaves out ", left_out, "; no signature in the archive's ",
                     kMetadataFile, " tells, and none of ", search.trials(), " guesses at ",
                     ForwardText(arguments), " runs (the first one: ", search.failure().message(),
                     "); write to config.pbtxt what the model takes, such as ",
                     ConfigExample(arguments, config)));
  }
  Log(LogLevel::kInfo, "found out by trial what config.pbtxt leaves out; better write it there",
      {{"model", config.name}, {"config", ConfigExample(arguments, config)}});
  return absl::OkStatus();
}

}  // namespace tournant
