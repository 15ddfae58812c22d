#include "rpc/infer_stream.h"

#include <utility>

#include "rpc/request_size.h"

namespace tournant {

InferStream::InferStream(Io& io, EventLoop& home, OpenStreams& open, std::stop_token caller_left,
                         Options options)
    : io_(io),
      home_(home),
      open_(open),
      options_(options),
      on_caller_left_(std::move(caller_left), OnCallerLeft{this}) {
  open_.Add(*this);
  if (open_.draining()) Drain();
}

bool InferStream::BeginRead() {
  if (reading_ || read_all_ || !status_.ok() || in_flight_ >= options_.max_requests) return false;
  if (in_flight_ > 0 && bytes_ >= static_cast<size_t>(options_.max_bytes)) return false;
  reading_ = true;
  return true;
}

bool InferStream::EndRead(bool read, const inference::ModelInferRequest& request, Place& place) {
  reading_ = false;
  if (!read) read_all_ = true;
  if (!read || !status_.ok()) {
    Changed();
    return false;
  }
  ++in_flight_;
  place.bytes = RequestSize(request);
  bytes_ += place.bytes;
  if (request.id().empty()) place.turn = ++last_turn_;
  return true;
}

void InferStream::Resize(Place& place, size_t bytes) {
  bytes_ = bytes_ - place.bytes + bytes;
  place.bytes = bytes;
}

bool InferStream::TryWrite(uint64_t turn) {
  if (writing_ || (turn != 0 && turn != next_turn_)) return false;
  writing_ = true;
  return true;
}

void InferStream::EndWrite(const Place& place) {
  writing_ = false;
  if (place.turn != 0) ++next_turn_;
  for (auto next = writers_.begin(); next != writers_.end(); ++next) {
    if (!TryWrite(next->turn)) continue;
    home_.Post(next->frame);
    writers_.erase(next);
    return;
  }
}

void InferStream::Leave(const Place& place) {
  --in_flight_;
  bytes_ -= place.bytes;
  Changed();
}

void InferStream::Fail(const absl::Status& status) {
  status_ = status;
  stop_.request_stop();
}

void InferStream::Drain() {
  if (!status_.ok()) return;
  status_ = absl::UnavailableError(
      "GRPC server is shutting down and has stopped accepting new requests.");
  Changed();
}

void InferStream::Changed() {
  if (waiter_ && (this->*until_)()) home_.Post(std::exchange(waiter_, nullptr));
}

}  // namespace tournant
