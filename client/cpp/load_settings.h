#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cpp/arrival_schedule.h"
#include "cpp/call_mix.h"

namespace tournant::client {

// What a load test is to do. A plain value.
struct LoadSettings {
  std::string server;
  std::string model;
  std::string version;  // As asked for.
  std::string inputs;   // For a person: "x FP32 [1,4]".
  bool random_inputs = false;
  uint64_t request_bytes = 0;

  double calls_per_s = 0;  // Open loop; 0: closed loop.
  Arrivals arrivals = Arrivals::kPoisson;
  int concurrency = 0;  // Closed loop.
  Duration duration{};
  Duration warm_up{};
  uint64_t seed = 1;  // Of arrivals, classes and random inputs.

  std::vector<CallClass> classes;
  bool mixed = false;  // The classes were asked for.
  int max_in_flight = 10'000;
  int channels = 1;
  int threads = 1;
  bool retries = false;

  bool open_loop() const { return calls_per_s > 0; }
};

}  // namespace tournant::client
