#pragma once

#include <grpcpp/support/async_stream.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "base/event_loop.h"
#include "inference/grpc_service.grpc.pb.h"
#include "rpc/open_streams.h"

namespace tournant {

// What is common to the requests of one ModelStreamInfer call: who reads, who writes, how many are
// in flight, and how the stream ends. Lives in the frame of its call (stream_call.cc), and outlives
// the frames of its requests; the loop's thread only.
//
// A request is in flight from the moment it has been read until its answer is out, so that a caller
// who does not read his answers is not read from either. At most one read and one write are under
// way. Answers go out as they become ready; those to requests without an id, which a caller can
// tell apart by nothing else, in the order of these requests.
class InferStream {
 public:
  using Io = grpc::ServerAsyncReaderWriter<inference::ModelStreamInferResponse,
                                           inference::ModelInferRequest>;
  struct Options {
    int max_requests = 64;         // In flight.
    int64_t max_bytes = 64 << 20;  // Of messages in flight; one of any size may be.
    bool errors_end_it = false;    // An error is the stream's status, not a message.
  };
  // A request's place in flight.
  struct Place {
    uint64_t turn = 0;  // Among the requests without an id, from 1; 0: has one.
    size_t bytes = 0;   // Of its request, and then of its answer.
  };

  // `caller_left`: the caller has cancelled or his deadline has passed.
  InferStream(Io& io, EventLoop& home, OpenStreams& open, std::stop_token caller_left,
              Options options);
  ~InferStream() { open_.Remove(*this); }
  InferStream(const InferStream&) = delete;
  InferStream& operator=(const InferStream&) = delete;

  Io& io() { return io_; }
  bool errors_end_it() const { return options_.errors_end_it; }
  // The stop token of its requests.
  std::stop_token cancelled() const { return stop_.get_token(); }

  // --- reading: one frame at a time ---

  // True when a read may begin, which the caller then begins.
  bool BeginRead();
  // What the read gave. False when there is no request, or it comes too late to be served.
  bool EndRead(bool read, const inference::ModelInferRequest& request, Place& place);

  // --- answering ---

  // The message to be sent has another size than the request.
  void Resize(Place& place, size_t bytes);
  // co_await until nobody else writes and it is this request's turn. Afterwards, with or without
  // having written: EndWrite.
  auto BeginWrite(const Place& place) { return Turn{*this, place.turn}; }
  // False once the stream has failed or the caller has left: an answer would go nowhere.
  bool may_write() const { return !stop_.stop_requested(); }
  void EndWrite(const Place& place);
  // The request is answered. The last thing that its frame does.
  void Leave(const Place& place);

  // --- ending ---

  // Ends the stream with `status` and cancels its other requests. Not before BeginWrite, so that
  // answers that were ready are sent.
  void Fail(const absl::Status& status);
  // Reads no further; those in flight are answered, and then the stream is UNAVAILABLE.
  void Drain();
  // What it ends with.
  const absl::Status& status() const { return status_; }

  // co_await until it may be finished: nothing is in flight and nothing will be.
  auto Settled() { return Wait{*this, &InferStream::IsSettled}; }
  // co_await until no read is under way; after Finish it comes back.
  auto ReadReturned() { return Wait{*this, &InferStream::IsNotReading}; }

 private:
  struct Turn {
    InferStream& stream;
    const uint64_t turn;
    bool await_ready() const { return stream.TryWrite(turn); }
    void await_suspend(std::coroutine_handle<> waiter) const {
      stream.writers_.push_back({turn, waiter});
    }
    void await_resume() const noexcept {}
  };
  struct Wait {
    InferStream& stream;
    bool (InferStream::* const until)() const;
    bool await_ready() const { return (stream.*until)(); }
    void await_suspend(std::coroutine_handle<> waiter) const {
      stream.until_ = until;
      stream.waiter_ = waiter;
    }
    void await_resume() const noexcept {}
  };
  struct Writer {
    uint64_t turn;
    std::coroutine_handle<> frame;
  };
  struct OnCallerLeft {
    InferStream* self;
    void operator()() const { self->stop_.request_stop(); }
  };

  bool TryWrite(uint64_t turn);
  bool IsSettled() const { return in_flight_ == 0 && (read_all_ || !status_.ok()); }
  bool IsNotReading() const { return !reading_; }
  // Resumes the call's frame, by the loop, when what it waits for has come.
  void Changed();

  Io& io_;
  EventLoop& home_;
  OpenStreams& open_;
  const Options options_;
  std::stop_source stop_;
  const std::stop_callback<OnCallerLeft> on_caller_left_;

  bool reading_ = false;
  bool read_all_ = false;  // The caller has half-closed the stream, or left.
  int in_flight_ = 0;
  size_t bytes_ = 0;  // Of what is in flight.

  bool writing_ = false;
  std::vector<Writer> writers_;  // Waiting, first come first.
  uint64_t last_turn_ = 0;
  uint64_t next_turn_ = 1;

  absl::Status status_;

  // The call's frame, while it waits.
  std::coroutine_handle<> waiter_;
  bool (InferStream::*until_)() const = nullptr;
};

}  // namespace tournant
