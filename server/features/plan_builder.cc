#include "features/plan_builder.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "features/element.h"
#include "features/feature_caches.h"
#include "features/view_cells.h"

namespace tournant {
namespace {

std::string NamesOf(const std::vector<TensorSpec>& specs) {
  return absl::StrJoin(specs, ", ", [](std::string* out, const TensorSpec& spec) {
    absl::StrAppend(out, "'", spec.name, "'");
  });
}

// The type that an override of a column of `type` is listed with.
DataType OverrideType(DataType type) {
  if (IsFloating(type) || type == DataType::kBytes) return type;
  return DataType::kInt64;
}

// No longer than what can be doubled and counted in nanoseconds; no server runs that long.
Duration CacheAge(int64_t microseconds) {
  constexpr std::chrono::microseconds kLongest = std::chrono::hours(24 * 365 * 10);
  return std::min(kLongest, std::chrono::microseconds(microseconds));
}

}  // namespace

PlanBuilder::PlanBuilder(const Bindings& bindings, const ModelConfig& config,
                         const FeatureRegistry* registry, const std::filesystem::path& folder,
                         const PlanShares& shares)
    : bindings_(bindings),
      config_(config),
      shares_(shares),
      plan_(new FeaturePlan()),
      refs_(bindings, registry, errors_),
      columns_(bindings, folder, plan_->request_tensors_, plan_->fetch_, refs_, errors_) {}

void PlanBuilder::Fail(SourceLocation at, absl::string_view text) {
  errors_.push_back(ErrorAt(bindings_.file, at, text));
}

absl::StatusOr<std::shared_ptr<const FeaturePlan>> PlanBuilder::Build() {
  plan_->bindings_text_ = bindings_.text;
  plan_->batched_ = config_.max_batch_size > 0;
  AddRequests();
  AddFeatures();
  AddViews();
  AddInputs();
  AddOverrides();
  if (!errors_.empty()) return JoinErrors(errors_);
  OpenShares();
  return std::shared_ptr<const FeaturePlan>(std::move(plan_));
}

void PlanBuilder::AddRequests() {
  for (const Bindings::Request& request : bindings_.requests) {
    TensorSpec spec;
    spec.name = request.name.value;
    spec.type = request.data_type.value;
    spec.optional = request.optional;
    for (const Located<int64_t>& dim : request.dims) spec.dims.push_back(dim.value);
    const std::optional<int64_t> count = ElementCount(spec.dims);
    if (!count || *count > kMaxColumnWidth) {
      Fail(request.at,
           absl::StrCat("request '", Quote(spec.name), "' has too many values a row, at most ",
                        kMaxColumnWidth, " are allowed"));
    }
    const FeaturePlan::Role role{FeaturePlan::Role::Kind::kRequest, plan_->request_tensors_.size()};
    if (!plan_->roles_.emplace(spec.name, role).second) {
      Fail(request.name.at, absl::StrCat("request '", Quote(spec.name), "' is already declared"));
    }
    plan_->request_tensors_.push_back(std::move(spec));
  }
}

void PlanBuilder::AddFeatures() { plan_->fetch_ = refs_.Resolve(plan_->request_tensors_); }

void PlanBuilder::AddViews() {
  std::vector<FetchPlan::View>& views = plan_->fetch_.views;
  absl::flat_hash_set<absl::string_view> seen;
  for (const Bindings::View& bound : bindings_.views) {
    const std::string& name = bound.name.value;
    if (!seen.insert(name).second) {
      Fail(bound.name.at, absl::StrCat("view '", Quote(name), "' is already given"));
    }
    const auto view = std::find_if(views.begin(), views.end(),
                                   [&](const FetchPlan::View& v) { return v.name == name; });
    if (view == views.end()) {
      Fail(bound.name.at, absl::StrCat("no column names a feature of view '", Quote(name), "'"));
      continue;
    }
    view->optional = bound.optional;
    if (!bound.cache) continue;
    view->ages.soft = CacheAge(bound.cache->soft_age_us.value);
    view->ages.hard = CacheAge(bound.cache->hard_age_us.value);
    view->ages.negative = CacheAge(bound.cache->negative_age_us.value);
  }
}

void PlanBuilder::OpenShares() {
  FetchPlan& fetch = plan_->fetch_;
  for (FetchPlan::View& view : fetch.views) {
    if (shares_.cells != nullptr) view.cells = shares_.cells->Open(view.name);
  }
  for (const Bindings::View& bound : bindings_.views) {
    if (!bound.cache || shares_.caches == nullptr) continue;
    for (FetchPlan::View& view : fetch.views) {
      if (view.name != bound.name.value) continue;
      view.cache = shares_.caches->Open(fetch, view, bound.cache->max_bytes.value);
    }
  }
}

void PlanBuilder::NoteColumn(const PlannedColumn& column) {
  if (column.kind == ColumnSource::kRequest) return;
  FetchPlan::Feature& feature = plan_->fetch_.features[column.index];
  if (column.max_age_us) {
    feature.max_age_us =
        std::min(feature.max_age_us.value_or(*column.max_age_us), *column.max_age_us);
  }
  for (const Fill fill : {column.on_missing, column.on_null, column.on_stale, column.on_error}) {
    if (fill == Fill::kLastKnown) plan_->fetch_.views[column.view].keeps_last_known = true;
  }
}

void PlanBuilder::AddInputs() {
  absl::flat_hash_map<std::string, const Bindings::Input*> bound;
  for (const Bindings::Input& input : bindings_.inputs) {
    if (!bound.emplace(input.name.value, &input).second) {
      Fail(input.name.at, absl::StrCat("input '", Quote(input.name.value), "' is already bound"));
    }
    if (FindSpec(config_.inputs, input.name.value) == nullptr) {
      Fail(input.name.at, absl::StrCat("the model has no input '", Quote(input.name.value),
                                       "', only ", NamesOf(config_.inputs)));
    }
  }
  for (const TensorSpec& spec : config_.inputs) {
    const auto input = bound.find(spec.name);
    if (input == bound.end()) {
      AddPassedInput(spec);
    } else {
      AddAssembledInput(spec, *input->second);
    }
  }
}

void PlanBuilder::AddPassedInput(const TensorSpec& spec) {
  PlannedInput& input = plan_->inputs_.emplace_back();
  input.spec = spec;
  input.given = plan_->request_tensors_.size();
  const FeaturePlan::Role role{FeaturePlan::Role::Kind::kRequest, plan_->request_tensors_.size()};
  if (!plan_->roles_.emplace(spec.name, role).second) {
    for (const Bindings::Request& request : bindings_.requests) {
      if (request.name.value != spec.name) continue;
      Fail(request.name.at,
           absl::StrCat("request '", spec.name,
                        "' is also an input of the model that no input { } "
                        "here fills: it is taken from the request anyway, with the model's type"));
    }
  }
  plan_->request_tensors_.push_back(spec);
}

void PlanBuilder::AddAssembledInput(const TensorSpec& spec, const Bindings::Input& input) {
  PlannedInput planned;
  planned.spec = spec;
  planned.allow_nan = input.allow_nan;
  if (!CanAssemble(spec.type)) {
    Fail(input.name.at, absl::StrCat("input '", spec.name, "' is ", DataTypeName(spec.type),
                                     ", which cannot be filled column by column"));
  } else if (input.allow_nan && !IsFloating(spec.type)) {
    Fail(input.name.at,
         absl::StrCat("allow_nan on input '", spec.name, "', which is ", DataTypeName(spec.type)));
  }
  for (const Bindings::Column& column : input.columns) {
    planned.columns.push_back(columns_.Build(column, input, spec.type));
    PlannedColumn& added = planned.columns.back();
    planned.width += added.width + (added.indicator ? 1 : 0);
    if (added.kind != ColumnSource::kRequest) {
      added.cell = static_cast<size_t>(plan_->cells_per_row_) + planned.feature_columns++;
    }
    NoteColumn(added);
  }
  CheckWidths(input, planned);
  plan_->cells_per_row_ += static_cast<int64_t>(planned.feature_columns);
  plan_->inputs_.push_back(std::move(planned));
}

void PlanBuilder::CheckWidths(const Bindings::Input& input, PlannedInput& planned) {
  std::vector<int64_t>& dims = planned.spec.dims;
  const int64_t width = static_cast<int64_t>(planned.width);
  int64_t fixed = 1;
  int64_t* open = nullptr;
  bool usable = true;
  for (int64_t& dim : dims) {
    if (dim < 0) {
      usable = usable && open == nullptr;
      open = &dim;
    } else {
      usable = usable && !__builtin_mul_overflow(fixed, dim, &fixed);
    }
  }
  if (usable && open != nullptr && fixed > 0 && width % fixed == 0) {
    *open = width / fixed;
    return;
  }
  if (usable && open == nullptr && fixed == width) return;
  Fail(input.at, absl::StrCat("the columns of input '", planned.spec.name, "' are ", width,
                              " wide, but the model takes ", ShapeText(dims), " a row"));
}

void PlanBuilder::AddOverrides() {
  absl::flat_hash_map<std::string, size_t> listed;
  for (const Bindings::Input& bound : bindings_.inputs) {
    const auto input = std::find_if(
        plan_->inputs_.begin(), plan_->inputs_.end(),
        [&](const PlannedInput& p) { return p.spec.name == bound.name.value && !p.given; });
    if (input == plan_->inputs_.end() || input->columns.size() != bound.columns.size()) continue;
    for (size_t i = 0; i < bound.columns.size(); ++i) {
      const PlannedColumn& column = input->columns[i];
      if (column.kind != ColumnSource::kFeature) continue;
      const int64_t width = static_cast<int64_t>(column.width);
      const auto [entry, added] = listed.emplace(column.source, plan_->overrides_.size());
      if (!added) {
        if (plan_->overrides_[entry->second].dims[0] != width) {
          Fail(bound.columns[i].source.at,
               absl::StrCat("feature '", Quote(column.source), "' has width ", width,
                            " here and another one elsewhere"));
        }
        continue;
      }
      const FeaturePlan::Role role{FeaturePlan::Role::Kind::kFeature, column.index};
      if (!plan_->roles_.emplace(column.source, role).second) {
        Fail(bound.columns[i].source.at,
             absl::StrCat("feature '", Quote(column.source), "' is called like a request tensor"));
      }
      const DataType type =
          column.vocabulary != nullptr ? DataType::kBytes : OverrideType(input->spec.type);
      plan_->overrides_.push_back({column.source, type, {width}, true});
    }
  }
  for (size_t i = 0; i < plan_->inputs_.size(); ++i) {
    const PlannedInput& input = plan_->inputs_[i];
    if (input.given) continue;
    // A request tensor of the same name is what such a tensor means then.
    const FeaturePlan::Role role{FeaturePlan::Role::Kind::kInput, i};
    if (!plan_->roles_.emplace(input.spec.name, role).second) continue;
    plan_->overrides_.push_back({input.spec.name,
                                 OverrideType(input.spec.type),
                                 {static_cast<int64_t>(input.width)},
                                 true});
  }
}

}  // namespace tournant
