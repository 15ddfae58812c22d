#include "rpc/open_streams.h"

#include "rpc/infer_stream.h"

namespace tournant {

void OpenStreams::Drain() {
  draining_ = true;
  for (InferStream* stream : open_) stream->Drain();  // None of them leaves at once.
}

}  // namespace tournant
