#include "cpp/load_run.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/thread.h"
#include "cpp/channel.h"
#include "cpp/grpc_call_sender.h"
#include "cpp/live_counts.h"
#include "cpp/load_loop.h"
#include "grpcpp/support/slice.h"

namespace tournant::client {
namespace {

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

constexpr std::chrono::seconds kConnectTimeout{5};
// From starting the threads to the first call.
constexpr std::chrono::milliseconds kLead{10};

absl::StatusOr<Channels> Connect(const LoadSettings& settings, const Clock& clock) {
  ChannelOptions options;
  options.own_connection = true;
  // A load test measures what the server does with each call.
  if (!settings.retries) options.max_attempts = 1;
  Channels channels;
  for (int i = 0; i < settings.channels; ++i) {
    auto channel = OpenChannel(settings.server, options);
    if (!channel.ok()) return Annotate(channel.status(), "--server");
    (*channel)->GetState(/*try_to_connect=*/true);
    channels.push_back(*std::move(channel));
  }
  const WallTime until = clock.WallNow() + kConnectTimeout;
  for (const auto& channel : channels) {
    if (channel->WaitForConnected(until)) continue;
    return absl::UnavailableError(absl::StrCat("no connection to ", settings.server, " within ",
                                               kConnectTimeout.count(), " s"));
  }
  return channels;
}

// The channels of thread `thread`; threads share where there are fewer channels.
Channels Share(const Channels& channels, int thread, int threads) {
  Channels share;
  for (size_t i = static_cast<size_t>(thread) % channels.size(); i < channels.size();
       i += static_cast<size_t>(threads)) {
    share.push_back(channels[i]);
  }
  return share;
}

// `whole` in `parts` parts that differ by at most one.
size_t Part(int whole, int part, int parts) {
  const int one = whole / parts + (part < whole % parts ? 1 : 0);
  return static_cast<size_t>(one);
}

LoadLoop MakeLoop(const LoadSettings& settings, int thread, TimePoint start, const Clock& clock,
                  CallSender& sender, const std::atomic<int>& interrupts, LiveCounts* live) {
  LoadLoop::Options options{.warm_up = settings.warm_up, .duration = settings.duration};
  options.concurrency = Part(settings.concurrency, thread, settings.threads);
  options.max_in_flight = Part(settings.max_in_flight, thread, settings.threads);
  // The seed itself is that of the inputs.
  const uint64_t seed = settings.seed + 1 + 2 * static_cast<uint64_t>(thread);
  std::optional<ArrivalSchedule> schedule;
  if (settings.open_loop()) {
    schedule.emplace(ArrivalSchedule::Options{.arrivals = settings.arrivals,
                                              .calls_per_s = settings.calls_per_s,
                                              .start = start,
                                              .shares = settings.threads,
                                              .share = thread},
                     std::make_unique<SeededRng>(seed));
  }
  return LoadLoop(options, settings.classes, std::move(schedule),
                  std::make_unique<SeededRng>(seed + 1), clock, sender, interrupts, live);
}

// Where the threads put what they counted.
class Results {
 public:
  explicit Results(int threads) : running_(threads) {}

  void Add(const LoadCounts& counts) {
    const MutexLock lock(mutex_);
    counts_.Merge(counts);
    --running_;
    ended_.SignalAll();
  }
  // False when some thread still runs after `patience`.
  bool Wait(std::chrono::nanoseconds patience) {
    const MutexLock lock(mutex_);
    if (running_ > 0) ended_.WaitFor(mutex_, patience);
    return running_ == 0;
  }
  LoadCounts Take() {
    const MutexLock lock(mutex_);
    return std::move(counts_);
  }

 private:
  Mutex mutex_;
  CondVar ended_;
  int running_ ABSL_GUARDED_BY(mutex_);
  LoadCounts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<LoadCounts> RunLoad(const LoadSettings& settings, const std::string& request,
                                   const Clock& clock, const std::atomic<int>& interrupts,
                                   LoadProgress* progress) {
  const absl::StatusOr<Channels> channels = Connect(settings, clock);
  if (!channels.ok()) return channels.status();
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);

  Results results(settings.threads);
  std::deque<LiveCounts> live(static_cast<size_t>(settings.threads));
  const TimePoint start = clock.Now() + kLead;
  std::vector<Thread> threads;
  for (int i = 0; i < settings.threads; ++i) {
    LiveCounts* const shown = progress == nullptr ? nullptr : &live[static_cast<size_t>(i)];
    threads.emplace_back(absl::StrCat("load-", i), [&, i, shown] {
      // Made here, so that its CPU time is this thread's.
      GrpcCallSender sender(Share(*channels, i, settings.threads), bytes, settings.classes,
                            settings.threads, clock);
      LoadLoop loop = MakeLoop(settings, i, start, clock, sender, interrupts, shown);
      results.Add(loop.Run(start));
    });
  }
  if (progress != nullptr) progress->Start(start);
  while (!results.Wait(LoadProgress::kRedraw)) {
    if (progress == nullptr) continue;
    LiveCounts::Window window;
    for (LiveCounts& one : live) window.Merge(one.Take());
    progress->Draw(window);
  }
  threads.clear();
  if (progress != nullptr) progress->Finish();
  return results.Take();
}

}  // namespace tournant::client
