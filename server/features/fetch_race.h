#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/container/inlined_vector.h"
#include "features/feature_client.h"
#include "features/loop_signal.h"

namespace tournant {

// Several attempts at one fetch, side by side on the call's loop. Each has a cancellation of its
// own besides the caller's, so that the losers can be called off.
//
// Lives in the frame of the fetch, on the call's loop thread only. Before it dies, Drain must have
// been awaited: a cancelled attempt still uses the request until it has come back.
class FetchRace {
 public:
  using Answer = absl::StatusOr<FetchedFeatures>;

  // `call` and `request` outlive it.
  FetchRace(const CallContext& call, const FetchRequest& request)
      : call_(call), request_(request), changed_(call.home) {}
  ~FetchRace();
  FetchRace(const FetchRace&) = delete;
  FetchRace& operator=(const FetchRace&) = delete;

  // Starts one more attempt, the next index; at most kMost.
  static constexpr size_t kMost = 2;
  void Start(FeatureClient& client);

  // Waits until some attempt has ended since the last wait, or until `when`.
  LoopSignal::Wait Change() { return changed_.Next(); }
  LoopSignal::Wait ChangeOr(TimePoint when) { return changed_.NextOr(when); }
  // Cancels what is still running and waits for it.
  Task<void> Drain();

  bool ended(size_t attempt) const { return attempts_[attempt]->answer.has_value(); }
  bool all_ended() const;
  // The first one that ended well.
  std::optional<size_t> winner() const { return winner_; }
  // Of an attempt that has ended; once.
  Answer Take(size_t attempt) { return *std::move(attempts_[attempt]->answer); }

 private:
  struct Attempt {
    explicit Attempt(const CallContext& call)
        : context{call.home,  call.clock, call.deadline, stop.get_token(),
                  call.phase, call.rpc,   call.trace},
          on_cancel(call.cancelled, Cancel{this}) {}

    struct Cancel {
      Attempt* attempt;
      void operator()() const { attempt->stop.request_stop(); }
    };
    std::stop_source stop;
    const CallContext context;
    std::stop_callback<Cancel> on_cancel;
    std::optional<Answer> answer;
  };

  static Detached Run(FetchRace& race, size_t attempt, FeatureClient& client);

  const CallContext& call_;
  const FetchRequest& request_;
  LoopSignal changed_;
  // Not moved: the attempts' frames refer to them.
  absl::InlinedVector<std::unique_ptr<Attempt>, kMost> attempts_;
  std::optional<size_t> winner_;
};

}  // namespace tournant
