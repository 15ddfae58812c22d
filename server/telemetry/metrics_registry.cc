#include "telemetry/metrics_registry.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_map.h"

namespace tournant {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::vector<ClientMetric::Label> ToLabels(const MetricLabels& labels) {
  std::vector<ClientMetric::Label> result;
  result.reserve(labels.size());
  for (const auto& [name, value] : labels) result.push_back({name, value});
  return result;
}

// Counters or gauges.
class Values final : public prometheus::Collectable {
 public:
  explicit Values(MetricsRegistry::Read<MetricSamples> read) : read_(std::move(read)) {}

  std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> families;
    for (MetricSamples& samples : read_()) families.push_back(ToFamily(std::move(samples)));
    return families;
  }

 private:
  static MetricFamily ToFamily(MetricSamples samples) {
    const bool counts = samples.kind == MetricKind::kCounter;
    MetricFamily family{std::move(samples.name),
                        std::move(samples.help),
                        counts ? MetricType::Counter : MetricType::Gauge,
                        {}};
    for (const MetricSample& sample : samples.samples) {
      ClientMetric& metric = family.metric.emplace_back();
      metric.label = ToLabels(sample.labels);
      (counts ? metric.counter.value : metric.gauge.value) = sample.value;
    }
    return family;
  }

  const MetricsRegistry::Read<MetricSamples> read_;
};

MetricsRegistry::Read<MetricSamples> OfOneName(MetricKind kind, std::string name, std::string help,
                                               MetricsRegistry::Read<MetricSample> read) {
  return [kind, name = std::move(name), help = std::move(help), read = std::move(read)] {
    return std::vector<MetricSamples>{{kind, name, help, read()}};
  };
}

// The bounds that are shown: of the sixteen buckets to a power of two every eighth, 2^k and
// 1.5 * 2^k, or fewer. For times from 1 us to 137 s, since quicker ones and slower ones do not
// occur; for ages from 1 s to 99 days; for counts from 1 to a million.
struct ShownUnit {
  int first_bit;
  int last_bit;
  double scale;
  int every_bits = 0;  // 2^k for each so-manieth k alone; 0: the halves as well.
};

ShownUnit Shown(HistogramUnit unit) {
  switch (unit) {
    case HistogramUnit::kSeconds:
      return {10, 37, 1e-9};
    case HistogramUnit::kAge:
      return {10, 33, 1e-3};
    case HistogramUnit::kRows:
      return {0, 12, 1, 1};
    case HistogramUnit::kBytes:
      return {4, 30, 1, 2};
    case HistogramUnit::kCount:
      break;
  }
  return {0, 20, 1};
}

std::vector<uint64_t> ShownBounds(const ShownUnit& unit) {
  std::vector<uint64_t> bounds;
  for (int bit = unit.first_bit; bit <= unit.last_bit; bit += std::max(1, unit.every_bits)) {
    bounds.push_back(uint64_t{1} << bit);
    if (unit.every_bits == 0 && bit > 0 && bit < unit.last_bit) {
      bounds.push_back(uint64_t{3} << (bit - 1));
    }
  }
  return bounds;
}

class Histograms final : public prometheus::Collectable {
 public:
  Histograms(std::string name, std::string help, HistogramUnit unit,
             MetricsRegistry::Read<HistogramSample> read)
      : name_(std::move(name)),
        help_(std::move(help)),
        scale_(Shown(unit).scale),
        bounds_(ShownBounds(Shown(unit))),
        read_(std::move(read)) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily family{name_, help_, MetricType::Histogram, {}};
    for (const HistogramSample& sample : read_()) {
      ClientMetric& metric = family.metric.emplace_back();
      metric.label = ToLabels(sample.labels);
      metric.histogram.sample_count = sample.values.count();
      metric.histogram.sample_sum = static_cast<double>(sample.values.sum()) * scale_;
      for (const uint64_t bound : bounds_) {
        metric.histogram.bucket.push_back(
            {sample.values.CountUpTo(bound), static_cast<double>(bound) * scale_});
      }
      metric.histogram.bucket.push_back(
          {sample.values.count(), std::numeric_limits<double>::infinity()});
    }
    return {std::move(family)};
  }

 private:
  const std::string name_;
  const std::string help_;
  const double scale_;
  const std::vector<uint64_t> bounds_;
  const MetricsRegistry::Read<HistogramSample> read_;
};

MetricsRegistry::Read<MetricSample> OneSample(std::function<double()> read) {
  return [read = std::move(read)] { return std::vector<MetricSample>{{{}, read()}}; };
}

std::vector<MetricSample> ReadFamily(const CounterFamily& family) {
  std::vector<MetricSample> samples;
  for (const auto& [values, count] : family.Read()) {
    MetricSample& sample = samples.emplace_back();
    for (size_t i = 0; i < values.size(); ++i) {
      sample.labels.emplace_back(family.label_names()[i], values[i]);
    }
    sample.value = static_cast<double>(count);
  }
  return samples;
}

}  // namespace

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

void MetricsRegistry::Add(std::unique_ptr<prometheus::Collectable> source) {
  MutexLock lock(mutex_);
  sources_.push_back(std::move(source));
}

void MetricsRegistry::AddCounters(std::string name, std::string help, Read<MetricSample> read) {
  AddTogether(OfOneName(MetricKind::kCounter, std::move(name), std::move(help), std::move(read)));
}

void MetricsRegistry::AddGauges(std::string name, std::string help, Read<MetricSample> read) {
  AddTogether(OfOneName(MetricKind::kGauge, std::move(name), std::move(help), std::move(read)));
}

void MetricsRegistry::AddTogether(Read<MetricSamples> read) {
  Add(std::make_unique<Values>(std::move(read)));
}

void MetricsRegistry::AddHistograms(std::string name, std::string help, HistogramUnit unit,
                                    Read<HistogramSample> read) {
  Add(std::make_unique<Histograms>(std::move(name), std::move(help), unit, std::move(read)));
}

void MetricsRegistry::AddCounter(std::string name, std::string help, std::function<double()> read) {
  AddCounters(std::move(name), std::move(help), OneSample(std::move(read)));
}

void MetricsRegistry::AddGauge(std::string name, std::string help, std::function<double()> read) {
  AddGauges(std::move(name), std::move(help), OneSample(std::move(read)));
}

CounterFamily& MetricsRegistry::AddCounterFamily(std::string name, std::string help,
                                                 std::vector<std::string> label_names) {
  auto owned = std::make_unique<CounterFamily>(std::move(label_names));
  CounterFamily& family = *owned;
  {
    MutexLock lock(mutex_);
    families_.push_back(std::move(owned));
  }
  AddCounters(std::move(name), std::move(help), [&family] { return ReadFamily(family); });
  return family;
}

std::string MetricsRegistry::Text() const {
  std::vector<MetricFamily> all;
  {
    MutexLock lock(mutex_);
    // Prometheus refuses a name whose samples come in two places.
    absl::flat_hash_map<std::string, size_t> place;
    for (const auto& source : sources_) {
      for (MetricFamily& family : source->Collect()) {
        const auto [found, is_new] = place.try_emplace(family.name, all.size());
        if (is_new) {
          all.push_back(std::move(family));
        } else {
          std::vector<ClientMetric>& metrics = all[found->second].metric;
          metrics.insert(metrics.end(), std::make_move_iterator(family.metric.begin()),
                         std::make_move_iterator(family.metric.end()));
        }
      }
    }
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace tournant
