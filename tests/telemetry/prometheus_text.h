#pragma once

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace tournant {

// Prometheus' text format, read strictly enough to notice what a scraper would refuse: a sample
// before its TYPE, a name announced twice, a series given twice, a value that is no number.
struct PrometheusText {
  explicit PrometheusText(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) ReadLine(line);
  }

  // The value of a series as it is written, such as `a_total{b="c"}`; -1 without it.
  double Value(const std::string& series) const {
    const auto found = samples.find(series);
    return found == samples.end() ? -1 : found->second;
  }

  std::map<std::string, std::string> types;
  std::map<std::string, double> samples;
  std::set<std::string> errors;

 private:
  void ReadLine(const std::string& line) {
    if (line.empty()) return;
    if (line.rfind("# TYPE ", 0) == 0) {
      const size_t space = line.find(' ', 7);
      if (!types.emplace(line.substr(7, space - 7), line.substr(space + 1)).second) {
        errors.insert("announced twice: " + line);
      }
      return;
    }
    if (line[0] == '#') return;
    const size_t labels_end = line.rfind('}');
    const size_t space = line.find(' ', labels_end == std::string::npos ? 0 : labels_end);
    if (space == std::string::npos) {
      errors.insert("no value: " + line);
      return;
    }
    const std::string series = line.substr(0, space);
    char* end = nullptr;
    const double value = std::strtod(line.c_str() + space + 1, &end);
    if (end == line.c_str() + space + 1) errors.insert("no number: " + line);
    if (!samples.emplace(series, value).second) errors.insert("given twice: " + series);
    if (!IsAnnounced(series.substr(0, series.find('{')))) errors.insert("no type: " + series);
  }

  bool IsAnnounced(const std::string& name) const {
    if (types.count(name) != 0) return true;
    for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
      if (name.size() > suffix.size() &&
          name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0 &&
          types.count(name.substr(0, name.size() - suffix.size())) != 0) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace tournant
