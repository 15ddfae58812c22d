#include "check_mode.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/status.h"
#include "feast/registry.h"
#include "features/bindings_step.h"
#include "inference/warm_up_step.h"
#include "inference/worker_pool.h"
#include "models/check_model.h"
#include "models/child_check.h"
#include "pipeline/prediction_log_step.h"
#include "telemetry/log.h"
#include "torchscript/torch_settings.h"
#include "torchscript/torchscript_factory.h"

namespace tournant {
namespace {

constexpr int kBadModel = 2;
// What is said of a model that hangs. Written ahead: a signal handler cannot.
std::array<char, 64> took_too_long;

// In a signal handler: nothing but system calls.
void Say(const char* text) {
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text, std::strlen(text));
}

void OnFatalSignal(int signal) {
  Say("error: the model ended the process that tried it: ");
  Say(signal == SIGALRM ? took_too_long.data() : sigdescr_np(signal));
  Say("\n");
  _exit(kBadModel);
}

void ReportFatalSignals() {
  // For a stack that has overflowed.
  static std::array<char, 64 << 10> stack;
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_handler = OnFatalSignal;
  action.sa_flags = SA_ONSTACK;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM}) {
    sigaction(signal, &action, nullptr);
  }
}

// For loading, trying and warming up. A model that needs longer than the loader would wait for this
// process is one that hangs.
void LimitTime() {
  const auto most = static_cast<unsigned>(ChildCheckOptions().timeout.count());
  std::snprintf(took_too_long.data(), took_too_long.size(), "it took longer than %u s", most);
  alarm(most);
}

// main has blocked them for a server's sake.
void LetSignalsEndIt() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

int CheckOneModel(const Config& config, const Clock& clock) {
  LetSignalsEndIt();
  ReportFatalSignals();
  LimitTime();
  ConfigureTorch();
  std::shared_ptr<const FeatureRegistry> registry;
  if (!config.feature_registry.empty()) {
    auto read = FeatureRegistry::ReadFile(config.feature_registry, "");
    if (!read.ok()) {
      std::printf("error: %s\n", std::string(read.status().message()).c_str());
      return kBadModel;
    }
    registry = *std::move(read);
  }
  WorkerPool pool(clock, {.workers = 1});
  TorchScriptFactory factory(UsableCores(config.cores));
  // Bindings are checked as far as they can be: the store they will meet is not asked.
  BindingsStep bindings(/*has_feature_store=*/true, [&registry] { return registry; }, {});
  PredictionLogStep prediction_log({.has_log = true});
  WarmUpStep warm_up(pool, clock);
  const CheckReport report =
      CheckModel({config.check_model, config.model_name, config.check_config}, LoadLimits(),
                 factory, {&bindings, &prediction_log, &warm_up});
  std::fputs(report.text.c_str(), stdout);
  return report.ok ? 0 : kBadModel;
}

}  // namespace tournant
